"""Arrays come back as they were saved; whatever else a file says is refused before it is allocated."""

from __future__ import annotations

import io
import struct
import tracemalloc
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from files.arrays import array_from_bytes, open_npz, read_npy, read_npz
from files.errors import FileError, TooLargeError

ARRAYS = {
    "a": np.arange(12, dtype=np.int8).reshape(3, 4),
    "b": np.asfortranarray(np.arange(6, dtype=">f8").reshape(2, 3)),
    "words": np.array(["one", "two"]),
    "empty": np.zeros((0, 5), np.uint16),
    "scalar": np.array(3.5),
}


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def declared(descr: str, shape: str, content: bytes = b"", *, version: bytes = b"\x01\x00") -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}\n".encode()
    return b"\x93NUMPY" + version + struct.pack("<H", len(text)) + text + content


def packed(path: Path, members: list[tuple[str, bytes]], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", compression) as archive:
        warnings.simplefilter("ignore")  # of a name that is there twice
        for name, content in members:
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_saves_comes_back(tmp_path: Path, save: Any) -> None:
    save(tmp_path / "a.npz", **ARRAYS)
    found = read_npz(tmp_path / "a.npz")
    assert list(found) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        np.testing.assert_array_equal(found[name], array)
        np.save(tmp_path / "one.npy", array)
        np.testing.assert_array_equal(read_npy(tmp_path / "one.npy"), array)
        np.testing.assert_array_equal(array_from_bytes(npy(array), "here"), array)


def test_arrays_are_read_one_at_a_time_and_bounded(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", small=np.zeros(4, np.int8), large=np.zeros(100_000, np.int8))
    with open_npz(tmp_path / "a.npz", what="checkpoint") as archive:
        assert archive.names == ("small", "large")
        assert archive.read("small", most=4).tolist() == [0] * 4
        with pytest.raises(TooLargeError, match=r"a.npz: array 'large' of 100,128 bytes, expected at most 10,004"):
            archive.read("large", most=4)
    with pytest.raises(TooLargeError, match=r"a.npz: checkpoint of [\d,]+ bytes, expected at most 50,000"):
        read_npz(tmp_path / "a.npz", what="checkpoint", most=50_000)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (declared("'<f8'", "(1000000000000,)"), "an array of 8,000,000,000,000 bytes, expected at most"),
        (declared("'<f8'", "(100,)", b"short"), "declares 800 bytes, but holds at most"),
        (declared("'|i1'", "(2,)", b"three"), "declares 2 bytes, but holds more"),
        (declared("'|O'", "(2,)", b"three"), "pickled objects, which are refused"),
        (declared("'|S0'", "(10000000000,)"), "elements of type '|S0'"),
        (declared("('<i2', (3,))", "(1,)", b"sixsix"), "of plain elements"),
        (declared("[('a', '<i2')]", "(1,)", b"si"), "of plain elements"),
        (declared("'|i1'", "(-1,)"), "of plain elements"),
        (declared("'|i1'", "(True,)", b"a"), "of plain elements"),
        (declared("'|i1'", "(" + "1" * 5000 + "x)"), "of plain elements"),
        (declared("'<f3'", "(1,)", b"abc"), "here: no array: "),
        (declared("'|i1'", "(" + "0, " * 33 + ")"), "in 33 dimensions"),
        (declared("'|i1'", "(" + "9" * 4000 + ", " + "9" * 4000 + ")"), "here: "),
        (declared("(" * 5000, "(1,)"), "of plain elements"),
        (declared("'|i1'", "(1, " + " " * 60_000 + ")"), "a header of 60,"),
        (declared("'|i1'", "(1,)", b"a", version=b"\x07\x00"), "no array: not of the .npy format 1.0 or 2.0"),
        (declared("'|i1'", "(1,)", b"a")[:20], "of plain elements"),
        (b"", "no array: not of the .npy format"),
        (b"PK\x03\x04", "no array: not of the .npy format"),
    ],
)
def test_a_header_is_held_to_what_there_is(content: bytes, message: str) -> None:
    tracemalloc.start()
    with pytest.raises(FileError) as refused:
        array_from_bytes(content, "here")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert str(refused.value).startswith("here: ")
    assert message in str(refused.value)
    assert most < 8 << 20


def test_a_header_that_cannot_be_tokenised_is_refused() -> None:
    header = b"(" * 40 + b"\n"
    content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    with pytest.raises(FileError, match="given: no array"):
        array_from_bytes(content, "given")


def test_an_array_of_python_2_is_read_without_a_warning() -> None:
    assert array_from_bytes(declared("'<i4'", "(2L,)", bytes(8)), "given").tolist() == [0, 0]


@pytest.mark.parametrize(
    ("members", "compression", "message"),
    [
        (["header"], zipfile.ZIP_STORED, "member 'header': expected arrays, each a .npy of its own name"),
        (["a.npy", "a.npy"], zipfile.ZIP_STORED, "member 'a.npy': expected arrays, each a .npy of its own name"),
        (["a.npy/"], zipfile.ZIP_STORED, "member 'a.npy/': expected arrays"),
        (["a.npy"], zipfile.ZIP_LZMA, "no file of arrays (.npz): member 'a.npy' is not stored or"),
        (["a.npy"], zipfile.ZIP_BZIP2, "no file of arrays (.npz): member 'a.npy' is not stored or"),
        ([f"{number}.npy" for number in range(1001)], zipfile.ZIP_STORED, "1,001 members, expected at most 1,000"),
    ],
)
def test_members_are_arrays_of_names_of_their_own(
    tmp_path: Path, members: list[str], compression: int, message: str
) -> None:
    path = packed(tmp_path / "a.npz", [(name, npy(np.zeros(1))) for name in members], compression)
    with pytest.raises(FileError) as refused:
        read_npz(path)
    assert str(refused.value).startswith(f"{path}: {message}")


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.npz", [("a.npy", npy(np.zeros(1)))])
    content = bytearray(path.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(FileError, match=r"a.npz: no file of arrays \(.npz\): .*encrypted"):
        read_npz(path)


def test_a_directory_as_long_as_it_says_is_not_read(tmp_path: Path) -> None:
    # 100,000 members take 5 MB of file, and hundreds as Python's objects.
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0) + b"a.npy"
    directory = entry * 100_000
    (tmp_path / "a.npz").write_bytes(
        directory + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFE, 0xFFFE, len(directory), 0, 0)
    )
    tracemalloc.start()
    with pytest.raises(FileError, match=r"a.npz: no file of arrays \(.npz\): a directory of 5,100,000 bytes"):
        read_npz(tmp_path / "a.npz")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 4 << 20


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_archive_is_refused_or_whole(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "a.npz"
    if not path.exists():
        np.savez_compressed(path, **ARRAYS)
    damaged = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / "b.npz").write_bytes(damaged)
    said = ""
    try:
        read_npz(tmp_path / "b.npz")
    except FileError as error:
        said = str(error)
    assert said.startswith(str(tmp_path / "b.npz")) or not said
