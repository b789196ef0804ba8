"""The one limit on what a file may unpack to, which a user can raise."""

from __future__ import annotations

import os
from typing import Any

from files.errors import FileError, TooLargeError

# Names the limit in MiB; a file's message names the variable.
VARIABLE = "RSNN_MAX_MB"
DEFAULT_MB = 2048
_HIGHEST_MB = 1 << 24


def most_bytes() -> int:
    """Return how many bytes one file may unpack to: ``$RSNN_MAX_MB`` MiB, or 2,048 of them.

    Raises
    ------
    FileError
        The variable is no whole number of MiB in 1..16,777,216.
    """
    text = os.environ.get(VARIABLE, "").strip()
    if not text:
        return DEFAULT_MB << 20
    if not (text.isascii() and text.isdigit() and len(text) <= 8 and 1 <= int(text) <= _HIGHEST_MB):
        raise FileError(f"${VARIABLE}: is {text[:40]!r}, expected a whole number of MiB in 1..{_HIGHEST_MB}")
    return int(text) << 20


def check_size(path: Any, what: str, size: int, *, most: int | None = None) -> None:
    """Refuse a size before anything of it is allocated.

    Parameters
    ----------
    path : path-like
        The file that declares it.
    what : str
        What takes so much ("array 'fc'").
    size : int
        Bytes.
    most : int, optional
        A lower limit than `most_bytes`, which no variable raises.

    Raises
    ------
    TooLargeError
        Names the file, both sizes and how to raise the limit.
    """
    if most is not None and size > most:
        raise TooLargeError(f"{path}: {what} of {size:,} bytes, expected at most {most:,}")
    limit = most_bytes()
    if size > limit:
        raise TooLargeError(
            f"{path}: {what} of {size:,} bytes, expected at most {limit:,} (set {VARIABLE}, in MiB, to allow more)"
        )
