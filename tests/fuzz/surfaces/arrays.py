"""Arrays, JSON and text as such: what `files` reads for all rooms."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from files.arrays import array_from_bytes, read_npy, read_npz
from files.reading import parse_json, read_bytes, read_json, read_text, whole_number
from tests.fuzz.case import Case
from tests.fuzz.mutation import bytes_mutated, json_mutated, name, number, placed, text_mutated
from tests.fuzz.surface import Finding, Surface

SHAPES = (
    "(10,)", "(3, 4)", "()", "(0,)", "(1000000000000,)", "(1000000, 1000000)", "(-1,)", "(2, -3)",
    "(9" + "9" * 400 + ",)",
    "(True,)", "(1.5,)", "('a',)", "(" * 100 + ")" * 100, "(1," * 40 + ")" * 40, "[3]", "None", "(2**70,)",
    "(3, )" + " " * 9000,
)  # fmt: skip
DTYPES = (
    "'<f4'", "'|u1'", "'<i8'", "'|O'", "'<U4'", "'<M8[s]'", "'|V8'", "'|V0'", "'<f16'", "'|S0'",
    "[('a', '<i4'), ('b', '|O')]",
    "[('a', '<i4')]", "'>c16'", "'x'", "'" + "f" * 5000 + "'", "None", "('<f4', (1000000, 1000000))",
    "__import__('os')",
    "'<U1000000000'", "'|V99999999999'", "{'names': [], 'formats': []}",
)  # fmt: skip
JSON: dict[str, Any] = {
    "format_version": 1,
    "files": {"a.csv": {"by": "run", "bytes": 3, "sha256": "00"}},
    "x": [1, 2.5, None],
}


def npy(array: np.ndarray) -> bytes:
    """Return the bytes of an ``.npy`` file."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def npy_forged(rng: random.Random, body: bytes) -> bytes:
    """Return an ``.npy`` file with a header that says what it likes."""
    header = (
        f"{{'descr': {rng.choice(DTYPES)}, 'fortran_order': {rng.choice(['False', 'True', '0', 'None'])}, "
        f"'shape': {rng.choice(SHAPES)}, }}"
    )
    if rng.random() < 0.1:
        header = rng.choice(
            ["", "{", "{}", "[" * 3000, "{'shape': (1,)}", "\x00" * 50, "'a'*10**9", "{**{}}", "1" * 5000]
        )
    version = rng.choice([(1, 0), (1, 0), (1, 0), (2, 0), (3, 0), (9, 9)])
    text = header.encode("utf-8", "surrogateescape") + b"\n"
    length = len(text).to_bytes(2 if version == (1, 0) else 4, "little")
    return b"\x93NUMPY" + bytes(version) + length + text + body


def zipped(members: dict[str, bytes], rng: random.Random | None = None) -> bytes:
    """Return a zip archive; with a source of randomness, by a method and with flaws that it chooses."""
    file = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if rng is None else rng.choice([0, 0, 8, 8, 12, 14])
    with zipfile.ZipFile(file, "w", method) as archive:
        for member, content in members.items():
            archive.writestr(zipfile.ZipInfo(member.encode("utf-8", "replace").decode()), content, method)
    return file.getvalue()


def archive(rng: random.Random, arrays: dict[str, np.ndarray]) -> bytes:
    """Return an ``.npz`` of arrays with a member forged, renamed, doubled, left out or far too large."""
    members = {f"{key}.npy": npy(array) for key, array in arrays.items()}
    key = rng.choice(sorted(members))
    change = rng.randrange(9)
    if change == 0:
        members[key] = npy_forged(rng, members[key][-40:])
    elif change == 1:
        members[rng.choice([name(rng) + ".npy", key.removesuffix(".npy"), "../" + key, "/" + key, "x/" + key])] = (
            members.pop(key)
        )
    elif change == 2:
        members.pop(key)
    elif change == 3:
        # Zeros pack a thousand to one; the limit is 64 MiB here.
        members[key] = npy(np.zeros(rng.choice([1 << 20, 70 << 20]), dtype=np.uint8))
    elif change == 4:
        members |= {f"more{index}.npy": b"" for index in range(rng.choice([3, 1100]))}
    elif change == 5:
        members[key] = npy(other_array(rng, arrays[key.removesuffix(".npy")]))
    elif change == 6:
        content = bytearray(zipped(members))
        # A size in the directory, a method, a flag of encryption.
        at = content.find(b"PK\x01\x02") + rng.choice([8, 10, 20, 24, 28, 42])
        content[at : at + 4] = rng.choice(
            [b"\xff\xff\xff\xff", b"\x01\x00\x00\x00", b"\xff\xff\xff\x7f", b"\x63\x00\x00\x00"]
        )
        return bytes(content)
    elif change == 7:
        members[key] = bytes_mutated(rng, members[key], most=2)
    else:
        return bytes_mutated(rng, zipped(members, rng), most=3)
    return zipped(members, rng)


def other_array(rng: random.Random, array: np.ndarray) -> np.ndarray:
    """Return an array of another shape, type or content."""
    change = rng.randrange(6)
    if change == 0:
        # Names do not become numbers.
        kinds = ["S8", "U3"] if array.dtype.kind == "U" else ["<f8", ">i4", "<c8", "U8", "?", "<u2", "<M8[s]"]
        return array.astype(rng.choice(kinds))
    if change == 1:
        return array.reshape(-1)[: rng.randrange(array.size + 1)]
    if change == 2:
        return array.reshape(rng.choice([(1, *array.shape), (*array.shape, 1)]))
    if change == 3:
        return np.asfortranarray(array[::-1] if array.ndim else array)
    copy = array.copy().reshape(-1)
    if copy.size and copy.dtype.kind in "iuf":
        extremes = [0, 1] if copy.dtype.kind == "u" else [0, 1, -1]
        if copy.dtype.kind == "f":
            extremes += [float("nan"), float("inf"), -float("inf"), 1e38, -1e-45]
        else:
            extremes += [np.iinfo(copy.dtype).max, np.iinfo(copy.dtype).min]
        copy[rng.randrange(copy.size) if change == 4 else slice(None)] = rng.choice(extremes)
    return copy.reshape(array.shape)


ARRAYS = {
    "header": np.arange(30, dtype=np.uint8),
    "weights": np.arange(12, dtype=np.int8).reshape(3, 4),
    "scale": np.float32([1]),
}


def generate(rng: random.Random) -> Case:
    """Return a file of arrays, an array, JSON or text."""
    kind = rng.choice(["npz", "npz", "npy", "array", "json", "json", "text", "number"])
    if kind == "npz":
        content = archive(rng, ARRAYS)
    elif kind in ("npy", "array"):
        content = (
            npy_forged(rng, rng.randbytes(rng.choice([0, 40, 48])))
            if rng.random() < 0.7
            else bytes_mutated(rng, npy(ARRAYS["weights"]))
        )
    elif kind == "json":
        content = json_mutated(rng, JSON)
    elif kind == "text":
        content = text_mutated(rng, "some text\nof 2 lines\n")
    else:
        return Case({}, "text", {"kind": kind, "text": number(rng), "names_no_file": True})
    entries, argument = placed(rng, f"file.{kind}", content)
    return Case(entries, argument, {"kind": kind})


def run(case: Case, folder: Path) -> None:
    """Read it as what it is."""
    path, kind = case.path(folder), case.words["kind"]
    if kind == "npz":
        for key, array in read_npz(path).items():
            _plain(key, array)
    elif kind == "npy":
        _plain("", read_npy(path))
    elif kind == "array":
        _plain("", array_from_bytes(read_bytes(path, most=1 << 20), str(path)))
    elif kind == "json":
        found = read_json(path)
        if parse_json(read_bytes(path), str(path)) != found:
            raise Finding("readers disagree: read_json and parse_json")
    elif kind == "text":
        read_text(path)
    else:
        value = whole_number(case.words["text"])
        if value is not None and not 0 <= value <= 10**18:
            raise Finding(f"out of range: {value}")


def _plain(key: str, array: np.ndarray) -> None:
    if array.dtype.hasobject:
        raise Finding(f"objects are read: {key}")


SURFACE = Surface("arrays", generate, run, share=10)
