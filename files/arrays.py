"""Arrays from ``.npy`` and ``.npz`` files: what they declare is checked against what they hold before it is allocated.

NumPy allocates what a header says, and a zip file says what it likes; nothing is unpickled.
"""

from __future__ import annotations

import io
import math
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO, cast

import numpy as np

from files.errors import FileError
from files.limits import check_size
from files.reading import open_regular

MOST_MEMBERS = 1000
_LONGEST_HEADER = 10_000
# Most that is read of an archive at a time: more than the directory of so many members, and than a block.
_LONGEST_READ = 1 << 21
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# As every library writes it: a Python literal of three keys in this order, spaces behind it; lengths of Python 2 have
# an L.
_HEADER = re.compile(
    r"\{ ?'descr': ?'([<>|=]?(?:[biufcSU][0-9]{1,9}|O))', ?'fortran_order': ?(True|False), ?"
    r"'shape': ?\(((?:[0-9]{1,18}L?, ?)*(?:[0-9]{1,18}L?)?)\),? ?\} *\n?"
)
# What zipfile, zlib and NumPy raise for damage.
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError,
    MemoryError, OverflowError, TypeError, KeyError, IndexError, AttributeError, struct.error,
)  # fmt: skip


class Archive:
    """The arrays of an open ``.npz`` file, each read when it is asked for; `open_npz` opens one.

    Attributes
    ----------
    names : tuple of str
        Of the arrays, without ``.npy``, in the file's order.
    """

    def __init__(self, path: str | os.PathLike[str], what: str, archive: zipfile.ZipFile) -> None:
        self._path, self._what, self._archive = path, what, archive
        self._members: dict[str, zipfile.ZipInfo] = {}
        for member in archive.infolist():
            name = member.filename.removesuffix(".npy")
            if name == member.filename or name in self._members:
                raise FileError(
                    f"{path}: member {member.filename[:60]!r}: expected arrays, each a .npy of its own name"
                )
            if member.compress_type not in _COMPRESSIONS:
                raise FileError(f"{path}: no {what} (.npz): member {member.filename[:60]!r} is not stored or deflated")
            self._members[name] = member
        self.names = tuple(self._members)

    def read(self, name: str, *, most: int | None = None) -> np.ndarray:
        """Return an array.

        Parameters
        ----------
        name : str
            One of `names`.
        most : int, optional
            Bytes that its elements may take.

        Raises
        ------
        FileError
            As `read_npz`.
        """
        member, where = self._members[name], f"{self._path}: array {name[:60]!r}"
        if most is not None:
            check_size(self._path, f"array {name[:60]!r}", member.file_size, most=most + _LONGEST_HEADER)
        try:
            with self._archive.open(member) as stream:
                return _read_array(stream, member.file_size, where)
        except FileError:
            raise
        except _DAMAGED as error:
            raise FileError(f"{self._path}: no {self._what} (.npz): {_reason(error)}") from error


@contextmanager
def open_npz(
    path: str | os.PathLike[str], *, what: str = "file of arrays", most: int | None = None
) -> Iterator[Archive]:
    """Open an ``.npz`` file whose arrays are wanted one at a time.

    Parameters
    ----------
    path : path-like
    what : str
        For messages.
    most : int, optional
        Bytes that all arrays may take, where fewer are allowed than `files.limits.most_bytes`.

    Yields
    ------
    Archive

    Raises
    ------
    FileError
        As `read_npz`.
    """
    with open_regular(path, what=what) as file:
        check_size(path, what, os.fstat(file.fileno()).st_size, most=most)
        try:
            archive = zipfile.ZipFile(cast(IO[bytes], _InPieces(file)))
        except _DAMAGED as error:
            raise FileError(f"{path}: no {what} (.npz): {_reason(error)}") from error
        with archive:
            members = archive.infolist()
            if len(members) > MOST_MEMBERS:
                raise FileError(f"{path}: {len(members):,} members, expected at most {MOST_MEMBERS:,}")
            unpacked = sum(member.file_size for member in members)
            check_size(path, f"a {what} that unpacks to {len(members)} arrays", unpacked, most=most)
            yield Archive(path, what, archive)


class _InPieces(io.RawIOBase):
    """A file of which no more than a piece is read at a time: `zipfile` takes a directory as long as it says it is."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = os.fstat(file.fileno()).st_size

    def read(self, size: int | None = -1) -> bytes:
        wanted = self._size - self._file.tell() if size is None or size < 0 else size
        if wanted > _LONGEST_READ:
            raise zipfile.BadZipFile(f"a directory of {wanted:,} bytes")
        return self._file.read(wanted)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True


def read_npz(
    path: str | os.PathLike[str], *, what: str = "file of arrays", most: int | None = None
) -> dict[str, np.ndarray]:
    """Return all arrays of an ``.npz`` file.

    Memory: the arrays, and a block of the file at a time.

    Parameters
    ----------
    path : path-like
    what : str
        For messages.
    most : int, optional
        Bytes that all arrays may take, where fewer are allowed than `files.limits.most_bytes`.

    Returns
    -------
    dict of str to np.ndarray
        By name without ``.npy``.

    Raises
    ------
    FileError
        Missing, no regular file, no such archive, a member that is no array or is one of objects, sizes that
        contradict each other, or more in all than allowed.
    """
    with open_npz(path, what=what, most=most) as archive:
        return {name: archive.read(name) for name in archive.names}


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
    dtype, fortran, shape = _read_header(stream, where)
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
    array = np.frombuffer(content, dtype=dtype)
    return array.reshape(shape, order="F" if fortran else "C")


def _read_header(stream: IO[bytes], where: str) -> tuple[np.dtype, bool, tuple[int, ...]]:
    """Return element type, order and shape; NumPy's own reader runs Python's parser on what the file says."""
    magic = stream.read(8)
    version = (magic[6], magic[7]) if len(magic) == 8 and magic.startswith(b"\x93NUMPY") else None
    if version not in ((1, 0), (2, 0)):
        raise FileError(f"{where}: no array: not of the .npy format 1.0 or 2.0")
    length = int.from_bytes(stream.read(2 if version == (1, 0) else 4), "little")
    if length > _LONGEST_HEADER:
        raise FileError(f"{where}: a header of {length:,} bytes, expected at most {_LONGEST_HEADER:,}")
    text = stream.read(length).decode("latin-1")
    found = _HEADER.fullmatch(text)
    if found is None:
        raise FileError(
            f"{where}: no array: header {text[:60]!r}, expected descr, fortran_order and shape of plain elements"
        )
    descr, fortran, lengths = found.groups()
    if descr.endswith("O"):
        raise FileError(f"{where}: holds pickled objects, which are refused")
    shape = tuple(int(part) for part in lengths.replace("L", "").split(",") if part.strip())
    dtype = np.dtype(descr)
    if not dtype.itemsize or len(shape) > 32:
        raise FileError(f"{where}: elements of type {descr!r} in {len(shape)} dimensions, expected 1 byte and up to 32")
    return dtype, fortran == "True", shape


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
