"""Arrays from ``.npy`` and ``.npz`` files: what they declare is checked against what they hold before it is allocated.

NumPy allocates what a header says, and a zip file says what it likes; nothing is unpickled.
"""

from __future__ import annotations

import io
import lzma
import math
import os
import tokenize
import warnings
import zipfile
import zlib
from typing import IO

import numpy as np

from files.errors import FileError
from files.limits import check_size
from files.reading import open_regular

MOST_MEMBERS = 1000
_LONGEST_HEADER = 10_000
# What zipfile, zlib and lzma raise for damage; a header is tokenised and parsed as a Python literal, which may nest.
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError, ValueError, OSError,
    SyntaxError, tokenize.TokenError, RecursionError, MemoryError, OverflowError, TypeError, KeyError, IndexError,
    AttributeError,
)  # fmt: skip


def read_npz(path: str | os.PathLike[str], *, what: str = "file of arrays") -> dict[str, np.ndarray]:
    """Return all arrays of an ``.npz`` file.

    Memory: the arrays, and a block of the file at a time.

    Parameters
    ----------
    path : path-like
    what : str
        For messages.

    Returns
    -------
    dict of str to np.ndarray
        By name without ``.npy``.

    Raises
    ------
    FileError
        Missing, no regular file, no such archive, a member that is no array or is one of objects, sizes that
        contradict each other, or more in all than `files.limits.most_bytes`.
    """
    with open_regular(path, what=what) as file:
        try:
            with zipfile.ZipFile(file) as archive:
                members = archive.infolist()
                if len(members) > MOST_MEMBERS:
                    raise FileError(f"{path}: {len(members):,} members, expected at most {MOST_MEMBERS:,}")
                check_size(path, f"a {what} that unpacks to {len(members)} arrays", sum(m.file_size for m in members))
                arrays: dict[str, np.ndarray] = {}
                for member in members:
                    name = member.filename.removesuffix(".npy")
                    if name == member.filename or name in arrays:
                        raise FileError(
                            f"{path}: member {member.filename[:60]!r}: expected arrays, each a .npy of its own name"
                        )
                    with archive.open(member) as stream:
                        arrays[name] = _read_array(stream, member.file_size, f"{path}: array {name[:60]!r}")
                return arrays
        except FileError:
            raise
        except _DAMAGED as error:
            raise FileError(f"{path}: no {what} (.npz): {_reason(error)}") from error


def read_npy(path: str | os.PathLike[str], *, what: str = "array") -> np.ndarray:
    """Return the array of an ``.npy`` file.

    Raises
    ------
    FileError
        As `read_npz`.
    """
    with open_regular(path, what=what) as file:
        size = os.fstat(file.fileno()).st_size
        check_size(path, what, size)
        try:
            return _read_array(file, size, str(path))
        except FileError:
            raise
        except _DAMAGED as error:
            raise FileError(f"{path}: no {what} (.npy): {_reason(error)}") from error


def array_from_bytes(content: bytes, where: str) -> np.ndarray:
    """Return the array of the bytes of an ``.npy`` file.

    Raises
    ------
    FileError
        They are none; begins with `where`.
    """
    try:
        return _read_array(io.BytesIO(content), len(content), where)
    except FileError:
        raise
    except _DAMAGED as error:
        raise FileError(f"{where}: no array: {_reason(error)}") from error


def _read_array(stream: IO[bytes], size: int, where: str) -> np.ndarray:
    """Read an array that takes `size` bytes with its header."""
    version = np.lib.format.read_magic(stream)
    if version not in ((1, 0), (2, 0)):
        raise FileError(f"{where}: version {version} of the .npy format, expected 1.0 or 2.0")
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    with warnings.catch_warnings():
        # That Python 2 wrote it is no news to whoever reads it.
        warnings.simplefilter("ignore", UserWarning)
        shape, fortran, dtype = read_header(stream, max_header_size=_LONGEST_HEADER)
    if dtype.hasobject:
        raise FileError(f"{where}: holds pickled objects, which are refused")
    if not all(type(length) is int and length >= 0 for length in shape) or len(shape) > 32:
        raise FileError(f"{where}: shape {str(shape)[:60]}, expected lengths from 0")
    wanted = math.prod(shape) * dtype.itemsize
    check_size(where, "an array", wanted)
    if wanted > size:
        raise FileError(f"{where}: declares {wanted:,} bytes, but holds at most {size:,}")
    # As much as was declared and no more; the rest, if there is any, contradicts it.
    content = bytearray()
    while len(content) <= wanted and (block := stream.read(min(1 << 20, wanted + 1 - len(content)))):
        content += block
    if len(content) != wanted:
        raise FileError(f"{where}: declares {wanted:,} bytes, but holds {'more' if len(content) > wanted else 'fewer'}")
    array = np.frombuffer(content, dtype=dtype) if dtype.itemsize else np.zeros(math.prod(shape), dtype)
    return array.reshape(shape, order="F" if fortran else "C")


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
