"""Folders of built simulators and netlists, named by a digest of all that they were built from."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

# Names the folder; the default is that of the user's caches.
VARIABLE = "RSNN_CACHE"


class EngineError(RuntimeError):
    """A tool is not installed, does not build, or fails; the message says how to get it or what it printed."""


def cache_folder() -> Path:
    """Return where builds are kept: ``$RSNN_CACHE``, or ``rsnn`` in the user's cache folder."""
    given = os.environ.get(VARIABLE)
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rsnn"


def digest(*parts: str) -> str:
    """Return a digest of texts, in their order."""
    found = hashlib.sha256()
    for part in parts:
        found.update(f"{len(part)}\0{part}".encode())
    return found.hexdigest()[:24]


def built(kind: str, key: str, build: Callable[[Path], None]) -> Path:
    """Return the folder of a build; make it if it is not there.

    Parameters
    ----------
    kind : str
        What is built ("verilator", "netlist").
    key : str
        Digest of all that it depends on.
    build : callable
        Fills the folder that it is given. A build that fails or is killed leaves nothing behind that is found later.

    Raises
    ------
    EngineError
        The cache folder cannot be written.
    """
    home = cache_folder()
    folder = home / f"{kind}-{key}"
    if folder.is_dir():
        return folder
    try:
        home.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=home, prefix=f"{kind}-"))
    except OSError as error:
        raise EngineError(
            f"{home}: cannot hold built simulators ({error.strerror}); set {VARIABLE} to a folder that can be written"
        ) from error
    try:
        build(part)
        try:
            os.rename(part, folder)
        except OSError:
            # Another process was first: its build is as good.
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return folder
