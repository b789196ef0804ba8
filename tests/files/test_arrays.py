"""Arrays whose bytes make what is beneath NumPy raise what is no ValueError."""

from __future__ import annotations

import lzma
import zipfile

import pytest

from files.arrays import array_from_bytes, read_npz
from files.errors import FileError


def test_a_header_that_cannot_be_tokenised_is_refused():
    header = b"(" * 40 + b"\n"
    content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    with pytest.raises(FileError, match="given: no array"):
        array_from_bytes(content, "given")


def test_a_damaged_lzma_stream_is_refused(tmp_path):
    path = tmp_path / "arrays.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.npy", bytes(range(256)) * 4)
    content = bytearray(path.read_bytes())
    # Past the member's header, its name and the four bytes before LZMA's properties.
    content[30 + len("a.npy") + 4] = 0xFF
    path.write_bytes(content)
    with zipfile.ZipFile(path) as archive, pytest.raises(lzma.LZMAError):
        archive.read("a.npy")
    with pytest.raises(FileError, match=r"arrays\.npz: no file of arrays"):
        read_npz(path)


def test_an_array_of_python_2_is_read_without_a_warning():
    header = b"{'descr': '<i4', 'fortran_order': False, 'shape': (2L,), }\n"
    content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(8)
    assert array_from_bytes(content, "given").tolist() == [0, 0]
