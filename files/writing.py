"""Files written whole or not at all: under a name of their own first, flushed to the disk, then moved into place.

What a killed process leaves has the suffix ``.part``, and is removed by the next one that writes into the folder: a
process holds a lock on what it is writing, so that nothing of a living one is taken away.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from files.errors import WriteError
from files.locking import keep, locked_or_none

PART = ".part"
_PART_NAME = re.compile(rf"\..*\.[0-9a-f]{{12}}{re.escape(PART)}", re.DOTALL)
# Folders that this process has cleaned.
_cleaned: set[str] = set()
# What the user's umask leaves of a new file's permissions; asked once, since asking sets it.
_MASK = os.umask(0o022)
os.umask(_MASK)


def _mode(path: Path) -> int:
    """Return what there is, as `os.stat` has it; 0 for nothing, a broken link among it."""
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return 0
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        return 0


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Give a file to write, moved to `path` when the block ends without an exception.

    Parameters
    ----------
    path : path-like
        Its folder is made where it is missing.

    Yields
    ------
    binary file
        Its ``name`` is the temporary one, for libraries that want a path.

    Raises
    ------
    WriteError
        Names `path` and what the system said: no space, no permission, a folder of that name.
    """
    path = Path(path)
    folder = make_folder(path.parent)
    try:
        # Looked at once: another process may remove it meanwhile.
        mode = _mode(path)
        if stat.S_ISDIR(mode):  # else it is found out at the end, after all the work
            raise IsADirectoryError(21, "is a folder, expected a file to write")
        if mode and not stat.S_ISREG(mode):  # a device, a pipe: root would put a file in its place
            raise FileExistsError(17, "is a device or a pipe, expected a file to write")
        file = _begin(folder, path.name)
    except OSError as error:
        raise WriteError(path, error) from error
    try:
        try:
            with file:
                yield file
                file.flush()
                os.fsync(file.fileno())
                os.fchmod(file.fileno(), 0o666 & ~_MASK)
                # A library may have put another file in its place by name; what has the name is what counts.
                os.replace(file.name, path)
        except OSError as error:
            if isinstance(error, WriteError):
                raise
            raise WriteError(path, error) from error
    except BaseException:
        with suppress(OSError):
            os.unlink(file.name)
        raise
    sync_folder(folder)


def write_bytes(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write bytes; see `whole_file`."""
    with whole_file(path) as file:
        file.write(content)
    return Path(path)


def write_text(path: str | os.PathLike[str], text: str) -> Path:
    """Write text as UTF-8; what is none (other bytes in a file's name) is escaped. See `whole_file`."""
    return write_bytes(path, text.encode("utf-8", "backslashreplace"))


def make_folder(folder: str | os.PathLike[str]) -> Path:
    """Make a folder, and those above it, and see that it can be written; remove what killed processes left in it.

    Raises
    ------
    WriteError
        It, or one above it, is a file, or may not be written.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(13, os.strerror(13))
    except FileExistsError as error:
        raise WriteError(folder, FileExistsError(error.errno, "is a file, expected a folder to write")) from error
    except NotADirectoryError as error:
        raise WriteError(
            folder, NotADirectoryError(error.errno, "a folder above it is a file, expected a folder to write")
        ) from error
    except (OSError, ValueError) as error:
        cause = error if isinstance(error, OSError) else OSError(22, str(error))
        raise WriteError(folder, cause) from error
    clean(folder)
    return folder


def clean(folder: Path, *, again: bool = False) -> None:
    """Remove the parts of processes that are gone; once a process and folder, unless `again`."""
    name = os.path.realpath(folder)
    if name in _cleaned and not again:
        return
    _cleaned.add(name)
    with suppress(OSError):
        for entry in os.scandir(folder):
            # By our own form of a name: other programs call what they have begun .part, too.
            if _PART_NAME.fullmatch(entry.name):
                remove_if_left(Path(entry.path))


def remove_if_left(path: Path) -> bool:
    """Remove a part that nobody holds, file or folder; return whether it was one."""
    held = locked_or_none(path)
    if held is None:
        return False
    try:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()
    finally:
        os.close(held)
    return True


def part_name(name: str) -> str:
    """Return a hidden name of its own for what becomes `name`, short enough for any file system."""
    kept = name.encode("utf-8", "surrogateescape")[:60].decode("utf-8", "ignore")
    return f".{kept}.{secrets.token_hex(6)}{PART}"


def sync_folder(folder: Path) -> None:
    """Flush a folder's names to the disk, where its file system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _begin(folder: Path, name: str) -> BinaryIO:
    while True:
        part = folder / part_name(name)
        file = open(part, "x+b")  # noqa: SIM115, the caller closes it
        if keep(file.fileno(), part):
            return file
        file.close()
