"""Builds, proofs and results that take long, kept in folders named by a digest of all that they depend on.

An entry is never trusted because it is there: each of its files is held against a list with their digests, which names
the entry's kind and key, whenever it is used (`rtl.build_entry`); what is wrong is built anew. That is for damage, for
files that got mixed up, and for what another user put there: the folder must be this user's alone. Who may write the
user's own files can of course forge an entry with its list, and could as well change this program.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from files.errors import FileError, WriteError
from files.locking import alone, keep
from files.names import shown
from files.reading import parse_json, read_bytes
from files.writing import make_folder, part_name, sync_folder
from rtl.build_entry import fault_of, is_ours, seal
from rtl.scratch import Scratch

# Names the folder; the default is that of the user's caches.
VARIABLE = "RSNN_CACHE"
_RESULT = "result.json"
# Stands for the user's cache where that cannot be written, as long as this process lives.
_instead: list[Scratch] = []


class EngineError(RuntimeError):
    """A tool is not installed, does not build, or fails; the message says how to get it or what it printed."""


def cache_folder() -> Path:
    """Return where builds are kept: ``$RSNN_CACHE``, or ``rsnn`` in the user's cache folder.

    Where a user has no home, it is a temporary folder of this process.
    """
    given = os.environ.get(VARIABLE)
    if given:
        return Path(given).absolute()
    caches = os.environ.get("XDG_CACHE_HOME", "")
    # A relative one is to be ignored, by the standard that names the variable.
    if os.path.isabs(caches):
        return Path(caches) / "rsnn"
    try:
        return Path.home() / ".cache" / "rsnn"
    except RuntimeError:
        return _in_its_place("this user has no home")


def digest(*parts: str) -> str:
    """Return a digest of texts, in their order."""
    found = hashlib.sha256()
    for part in parts:
        found.update(f"{len(part)}\0{part}".encode("utf-8", "surrogateescape"))
    return found.hexdigest()[:24]


def built(
    kind: str, key: str, build: Callable[[Path], None], *, check: Callable[[Path], str | None] = lambda folder: None
) -> Path:
    """Return the folder of a build whose files are what was built; make it if it is not there, or not as it was.

    Parameters
    ----------
    kind : str
        What is built ("verilator", "netlist").
    key : str
        Digest of all that it depends on.
    build : callable
        Fills the folder that it is given with files. A build that fails or is killed leaves nothing behind that is
        found later; two at once do no harm, the first one's is kept.
    check : callable, optional
        Says what is wrong with the content of a folder whose files are as they were, if anything is.

    Raises
    ------
    EngineError
        The cache folder cannot be written, is not this user's alone, or the disk is full.
    """
    return _found(kind, key, check) or _made(kind, key, build, check)


def kept(kind: str, key: str, compute: Callable[[], Any]) -> Any:
    """Return a result of JSON types, computed if the cache has none under this kind and key.

    Raises
    ------
    EngineError
        As `built`, before anything is computed if that can be; or what `compute` raises, and then nothing is kept.
    """
    folder = _found(kind, key)
    if folder is None:
        _home_to_write()
        text = json.dumps(compute(), sort_keys=True, allow_nan=False) + "\n"
        folder = _made(kind, key, lambda folder: put(folder, {_RESULT: text}))
    try:
        return parse_json(read_bytes(folder / _RESULT), str(folder / _RESULT))
    except FileError as error:
        raise EngineError(str(error)) from error


def is_kept(kind: str, key: str) -> bool:
    """Return whether a result need not be computed."""
    return _found(kind, key) is not None


def forget(kind: str, key: str) -> None:
    """Remove an entry, if there is one."""
    for home in _homes():
        with suppress(OSError):
            if _exists(home / f"{kind}-{key}"):
                with alone(home):
                    _put_aside(home / f"{kind}-{key}")


def put(folder: Path, texts: dict[str, str]) -> None:
    """Write files into a folder that only a tool's run, or a build, has.

    Raises
    ------
    WriteError
        Names the file.
    """
    for name, text in texts.items():
        try:
            (folder / name).write_bytes(text.encode("utf-8", "surrogateescape"))
        except OSError as error:
            raise WriteError(folder / name, error) from error


# ---- entries -----------------------------------------------------------------------------------------------

Check = Callable[[Path], str | None]


def _found(kind: str, key: str, check: Check = lambda folder: None) -> Path | None:
    """Return the folder of an entry that is as it should be, or None; what is wrong with it is said."""
    for home in _homes():
        folder = home / f"{kind}-{key}"
        if not _exists(folder):
            continue
        _require_ours(home)
        if _wrong(folder, kind, key, check) is None:
            return folder
        # Another process may have been putting a right one in its place.
        with alone(home):
            reason = _wrong(folder, kind, key, check) if _exists(folder) else ""
        if reason is None:
            return folder
        if reason:
            print(f"rsnn: {shown(folder)}: {reason}; it is made anew", file=sys.stderr)
    return None


def _made(kind: str, key: str, build: Callable[[Path], None], check: Check = lambda folder: None) -> Path:
    home = _home_to_write()
    folder = home / f"{kind}-{key}"
    with _failures_named(home), _staging(home, folder.name) as staging:
        build(staging)
        seal(staging, kind, key)
        with alone(home):
            if _exists(folder):
                if _wrong(folder, kind, key, check) is None:
                    # Another process was first: its build is as good.
                    return folder
                _put_aside(folder)
            os.rename(staging, folder)
            sync_folder(home)
    return folder


def _wrong(folder: Path, kind: str, key: str, check: Check) -> str | None:
    return fault_of(folder, kind, key) or check(folder)


# ---- the folder --------------------------------------------------------------------------------------------


def _homes() -> list[Path]:
    """Return the folders that entries may be in; new ones go into the last."""
    return list(dict.fromkeys((cache_folder(), *(scratch.path / "rsnn" for scratch in _instead))))


def _exists(path: Path) -> bool:
    """Return whether there is anything of that name, a link to nothing included."""
    return os.path.lexists(path)


def _require_ours(home: Path) -> None:
    place = Path(os.path.realpath(home))
    if place.is_dir() and not is_ours(place):
        raise EngineError(
            f"{shown(home)}: can be written by others than this user, and what it holds would be run: 'chmod go-w' it "
            f"and remove what is in it, or set {VARIABLE} to another folder"
        )


def _home_to_write() -> Path:
    """Return the cache folder, made and seen to be writable; a temporary one where the default is not."""
    home = _homes()[-1]
    try:
        with suppress(FileExistsError):
            home.parent.mkdir(parents=True, exist_ok=True)
            home.mkdir(mode=0o700)
        _require_ours(home)
        return make_folder(home)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        if os.environ.get(VARIABLE):
            raise EngineError(
                f"{shown(home)}: cannot hold what is built ({reason}); set {VARIABLE} to a folder that can be written"
            ) from error
        if _instead:
            raise EngineError(f"{shown(home)}: cannot hold what is built ({reason}); set {VARIABLE}") from error
        _in_its_place(f"{shown(home)} cannot be written ({reason})")
        return _home_to_write()


def _in_its_place(reason: str) -> Path:
    if not _instead:
        _instead.append(Scratch("cache"))
        atexit.register(_instead[0].close)
        print(
            f"rsnn: {reason}: what is built is kept for this run alone; set {VARIABLE} to a folder that can be written",
            file=sys.stderr,
        )
    # In the scratch folder, not itself: that is held as long as the process lives.
    return _instead[0].path / "rsnn"


@contextmanager
def _staging(home: Path, name: str) -> Iterator[Path]:
    """Give a folder in the cache to build in, which is removed unless it was moved."""
    while True:
        staging = home / part_name(name)
        staging.mkdir(mode=0o700)
        try:
            handle = os.open(staging, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            # A process that cleans up took it for a dead one's.
            continue
        if keep(handle, staging):
            break
        os.close(handle)
    try:
        yield staging
    finally:
        os.close(handle)
        shutil.rmtree(staging, ignore_errors=True)


def _put_aside(folder: Path) -> None:
    """Take an entry away as one, whatever it is, and remove it; who has a file of it open keeps that."""
    aside = folder.with_name(part_name(folder.name))
    os.rename(folder, aside)
    if aside.is_dir() and not aside.is_symlink():
        shutil.rmtree(aside, ignore_errors=True)
    else:
        with suppress(FileNotFoundError):
            aside.unlink()


@contextmanager
def _failures_named(home: Path) -> Iterator[None]:
    """Raise what the system refuses as an error that names a file."""
    try:
        yield
    except TimeoutError:
        # That of a tool, which is no file's.
        raise
    except OSError as error:
        where = shown(error.filename if error.filename is not None else home)
        raise EngineError(f"{where}: cannot be written ({error.strerror}); {VARIABLE} names the folder") from error
