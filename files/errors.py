"""Errors about files as such; each message begins with the file's name and says what was expected."""

from __future__ import annotations

import os


class FileError(ValueError):
    """A file that cannot be read as what it should be; rooms with errors of their own raise those instead."""


class TooLargeError(FileError):
    """A file that declares, or unpacks to, more than may be allocated for it."""


class WriteError(OSError):
    """A file or folder that cannot be written.

    Parameters
    ----------
    path : path-like
    cause : OSError
        What the system said; its number stays.
    """

    def __init__(self, path: str | os.PathLike[str], cause: OSError) -> None:
        super().__init__(cause.errno, cause.strerror or str(cause), os.fspath(path))

    def __str__(self) -> str:
        return f"{self.filename}: cannot be written ({self.strerror})"
