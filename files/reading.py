"""Files that users hand in, read without waiting, without growing, and without surprises in what they hold."""

from __future__ import annotations

import json
import math
import os
import stat
from collections import Counter
from typing import Any, BinaryIO

from files.errors import FileError
from files.limits import check_size

# Digits of a number, and levels of nesting, that no file of ours comes near.
MOST_DIGITS, MOST_LEVELS = 30, 64
_KINDS = (
    (stat.S_ISDIR, "folder"), (stat.S_ISFIFO, "named pipe"), (stat.S_ISSOCK, "socket"),
    (stat.S_ISCHR, "device"), (stat.S_ISBLK, "device"),
)  # fmt: skip


def open_regular(path: str | os.PathLike[str], *, what: str = "file") -> BinaryIO:
    """Open a file to read, and nothing else: a pipe would wait for ever, a device never end.

    Parameters
    ----------
    path : path-like
    what : str
        What it should be, for the message ("sound file").

    Raises
    ------
    FileError
        It is missing, may not be read, or is a folder, a pipe, a socket or a device.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise FileError(f"{path}: no such {what}") from None
    except (OSError, ValueError) as error:
        # ValueError: a zero byte in the name.
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise FileError(f"{path}: cannot be read ({reason})") from error
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        os.close(handle)
        kind = next((name for is_kind, name in _KINDS if is_kind(mode)), "special file")
        raise FileError(f"{path}: is a {kind}, expected a {what}")
    os.set_blocking(handle, True)
    return os.fdopen(handle, "rb")


def read_bytes(path: str | os.PathLike[str], *, what: str = "file", most: int | None = None) -> bytes:
    """Return a regular file's content.

    Parameters
    ----------
    path : path-like
    what : str
    most : int, optional
        Bytes, where fewer are allowed than `files.limits.most_bytes`.

    Raises
    ------
    FileError
        As `open_regular`, or it is larger than allowed.
    """
    with open_regular(path, what=what) as file:
        size = os.fstat(file.fileno()).st_size
        check_size(path, what, size, most=most)
        try:
            # One byte more than it had: a file that grows meanwhile is not followed.
            content = file.read(size + 1)
        except OSError as error:
            raise FileError(f"{path}: cannot be read ({error.strerror})") from error
    if len(content) > size:
        raise FileError(f"{path}: grew while it was read")
    return content


def read_text(path: str | os.PathLike[str], *, what: str = "file", most: int | None = None) -> str:
    """Return a UTF-8 text file's content, without the byte-order mark that some editors leave.

    Raises
    ------
    FileError
        As `read_bytes`, or it is no UTF-8; names the first wrong byte.
    """
    content = read_bytes(path, what=what, most=most)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(f"{path}: no UTF-8 text (byte {error.start})") from error


def parse_json(text: str | bytes, where: str) -> Any:
    """Return JSON as Python's types.

    Parameters
    ----------
    text : str or bytes
    where : str
        Begins the message: the file, and the field if it stands in one.

    Raises
    ------
    FileError
        No JSON; nested deeper than 64 levels; a number of more than 30 digits, or none (``NaN``); a key given twice;
        half a surrogate pair, which no file can hold.
    """

    def whole(digits: str) -> int:
        if len(digits) > MOST_DIGITS:
            raise ValueError(f"a number of {len(digits)} digits, expected at most {MOST_DIGITS}")
        return int(digits)

    def real(digits: str) -> float:
        value = float(digits) if len(digits) <= 1000 else math.inf
        if not math.isfinite(value):
            raise ValueError(f"the number {digits[:20]}, expected one that is finite")
        return value

    def refuse(name: str) -> float:
        raise ValueError(f"{name}, which JSON does not have")

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(found)
        if len(result) < len(found):
            often = Counter(name for name, _ in found).most_common(1)
            raise ValueError(f"{often[0][0][:40]!r} twice in one object")
        return result

    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8-sig")
        if _levels(text) > MOST_LEVELS:
            raise ValueError(f"nested deeper than {MOST_LEVELS} levels")
        value = json.loads(text, parse_int=whole, parse_float=real, parse_constant=refuse, object_pairs_hook=pairs)
        if "\\u" in text or not text.isascii():
            json.dumps(value, ensure_ascii=False).encode()
        return value
    except (ValueError, RecursionError) as error:
        raise FileError(f"{where}: not JSON as expected: {error}") from error


def _levels(text: str) -> int:
    """Return the deepest nesting of brackets outside strings."""
    deepest = level = 0
    inside = escaped = False
    for character in text:
        if inside:
            inside = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            inside = True
        elif character in "[{":
            level += 1
            deepest = max(deepest, level)
        elif character in "]}":
            level -= 1
    return deepest


def read_json(path: str | os.PathLike[str], *, what: str = "JSON file") -> Any:
    """Return a JSON file's content; see `parse_json`."""
    return parse_json(read_text(path, what=what), str(path))


def whole_number(text: str, *, least: int = 0, most: int = 10**18) -> int | None:
    """Return decimal digits as a number, or None if they are anything else or out of range.

    Neither thousands of digits, which Python refuses to convert, nor digits of other scripts pass.
    """
    text = text.strip()
    if not (text.isascii() and text.isdigit()) or len(text.lstrip("0")) > len(str(most)):
        return None
    value = int(text.lstrip("0") or "0")
    return value if least <= value <= most else None


def brief(value: Any, *, most: int = 80) -> str:
    """Return a value that was handed in as text for a message: in a line, and short, whatever it is.

    Examples
    --------
    >>> brief("fast"), brief(10**400), brief([1] * 1000, most=12)
    ("'fast'", 'an integer of 1,329 bits', '[1, 1, 1, 1,...')
    """
    if isinstance(value, int) and value.bit_length() > 128:
        return f"an integer of {value.bit_length():,} bits"
    try:
        text = repr(value[:most]) if isinstance(value, (str, bytes, list, tuple)) else repr(value)
    except (ValueError, RecursionError):
        return f"a value of type {type(value).__name__}"
    return text if len(text) <= most else text[:most] + "..."
