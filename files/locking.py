"""Locks that go with the process that holds them, however it ends."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Folders that this thread holds already, by device and inode: a lock within a lock does not wait for itself.
_held = threading.local()


@contextmanager
def alone(folder: str | os.PathLike[str], *, shared: bool = False) -> Iterator[None]:
    """Wait until no other process works in a folder, and keep it to this thread until the end.

    Parameters
    ----------
    folder : path-like
        Must exist; need not be writable.
    shared : bool
        Others may hold it shared as well: for reading.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        found = os.fstat(handle)
        key, held = (found.st_dev, found.st_ino), _held.__dict__.setdefault("folders", set())
        if key in held:
            yield
            return
        fcntl.flock(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        held.add(key)
        try:
            yield
        finally:
            held.discard(key)
    finally:
        os.close(handle)


def locked_or_none(path: str | os.PathLike[str]) -> int | None:
    """Return a descriptor that holds a file or folder which nobody else holds, or None; the caller closes it."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def keep(handle: int, path: str | os.PathLike[str]) -> bool:
    """Hold a file or folder that was just made; False if a cleaner took it for a dead process' and removed it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError:
        return True  # a file system without locks: nothing is cleaned there either
    try:
        return os.path.samestat(os.fstat(handle), os.lstat(Path(path)))
    except FileNotFoundError:
        return False
