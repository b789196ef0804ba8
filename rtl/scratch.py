"""Folders that a tool works in: gone when the block ends; what a killed process left goes with the next one's first."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from files.errors import WriteError
from files.locking import keep
from files.writing import PART, remove_if_left

_PREFIX = "rsnn-"
_cleaned: set[str] = set()


class Scratch:
    """A folder that nobody else has, and that others leave alone as long as this process lives.

    Parameters
    ----------
    purpose : str
        Part of its name.

    Raises
    ------
    WriteError
        There is no temporary folder that can be written.
    """

    def __init__(self, purpose: str) -> None:
        try:
            home = Path(tempfile.gettempdir())
        except FileNotFoundError as error:
            raise WriteError(os.environ.get("TMPDIR") or "/tmp", error) from error
        _clean(home)
        while True:
            self.path = home / f"{_PREFIX}{purpose}-{secrets.token_hex(6)}{PART}"
            try:
                self.path.mkdir(mode=0o700)
                self._handle = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                # A process that cleans up took it for a dead one's; or the folder above is gone.
                if home.is_dir():
                    continue
                raise WriteError(self.path, FileNotFoundError(2, os.strerror(2))) from None
            except OSError as error:
                raise WriteError(self.path, error) from error
            if keep(self._handle, self.path):
                return
            os.close(self._handle)

    def close(self) -> None:
        """Remove the folder with all that is in it."""
        if self._handle >= 0:
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._handle)
            self._handle = -1


@contextmanager
def scratch_folder(purpose: str) -> Iterator[Path]:
    """Give a `Scratch` folder for a block."""
    scratch = Scratch(purpose)
    try:
        yield scratch.path
    finally:
        scratch.close()


def _clean(home: Path) -> None:
    """Remove this user's folders of processes that are gone; once a process."""
    if str(home) in _cleaned:
        return
    _cleaned.add(str(home))
    with suppress(OSError):
        for entry in os.scandir(home):
            if entry.name.startswith(_PREFIX) and entry.name.endswith(PART):
                with suppress(OSError):
                    found = entry.stat(follow_symlinks=False)
                    if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid():
                        remove_if_left(Path(entry.path))
