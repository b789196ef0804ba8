"""Files that users hand in: regular ones alone, in bounds; JSON that is what it says."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from files.errors import FileError, TooLargeError
from files.reading import brief, parse_json, read_bytes, read_json, read_text, whole_number


def test_only_a_regular_file_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        for name, message in (
            (tmp_path, f"{tmp_path}: is a folder, expected a table"),
            (tmp_path / "pipe", f"{tmp_path}/pipe: is a named pipe, expected a table"),
            (tmp_path / "socket", f"{tmp_path}/socket: cannot be read"),
            (tmp_path / "absent", f"{tmp_path}/absent: no such table"),
            ("/dev/zero", "/dev/zero: is a device, expected a table"),
            ("a\0b", "a\0b: cannot be read"),
            ("a" * 300, "a" * 300 + ": cannot be read (File name too long)"),
        ):
            with pytest.raises(FileError) as refused:
                read_bytes(name, what="table")
            assert str(refused.value).startswith(message)


def test_text_is_utf_8_with_or_without_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbfa,\xc3\xa9\r\n")
    assert read_text(path) == "a,é\r\n"
    path.write_bytes(b"caf\xe9")
    with pytest.raises(FileError, match=r"a.csv: no UTF-8 text \(byte 3\)"):
        read_text(path)
    with pytest.raises(TooLargeError, match=r"a.csv: table of 4 bytes, expected at most 3"):
        read_text(path, what="table", most=3)


characters = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**28), 10**28) | characters
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda parts: st.lists(parts) | st.dictionaries(characters, parts),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=100)
@given(json_values, st.booleans())
def test_json_comes_back(value: Any, escaped: bool) -> None:
    assert parse_json(json.dumps(value, ensure_ascii=escaped), "here") == value
    assert parse_json(json.dumps(value, ensure_ascii=escaped).encode(), "here") == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("9" * 400, "a number of 400 digits, expected at most 30"),
        ("9" * 5000, "a number of 5000 digits, expected at most 30"),
        ("1e999", "the number 1e999, expected one that is finite"),
        ("0." + "9" * 5000, "expected one that is finite"),
        ("NaN", "NaN, which JSON does not have"),
        ("-Infinity", "-Infinity, which JSON does not have"),
        ("[" * 100_000, "nested deeper than 64 levels"),
        ('{"a":' * 65 + "1" + "}" * 65, "nested deeper than 64 levels"),
        ('{"a": 1, "a": 1}', "'a' twice in one object"),
        ('["\\ud800"]', "surrogates not allowed"),
        ('{"\\udfff": 1}', "surrogates not allowed"),
        ("{", "not JSON as expected"),
        (b"\xff", "not JSON as expected"),
        ("", "not JSON as expected"),
        ("[1] [2]", "Extra data"),
    ],
)
def test_what_is_no_json_is_refused(text: str | bytes, message: str) -> None:
    with pytest.raises(FileError) as refused:
        parse_json(text, "run.json: frames")
    assert str(refused.value).startswith("run.json: frames: not JSON as expected: ")
    assert message in str(refused.value)


def test_many_keys_of_which_one_is_twice_are_no_more_work_than_many_keys() -> None:
    # Counting each would take hours.
    text = "{" + ", ".join(f'"{number}": 1' for number in [*range(300_000), 299_999]) + "}"
    with pytest.raises(FileError, match="'299999' twice in one object"):
        parse_json(text, "here")


def test_a_pair_of_surrogates_is_a_character() -> None:
    assert parse_json('["\\ud83d\\ude00"]', "here") == ["\N{GRINNING FACE}"]


def test_a_file_of_json(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert read_json(tmp_path / "a.json") == {"a": 1}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0), (" 12 ", 12), ("0" * 5000 + "7", 7), ("1000000000000000000", 10**18),
        ("1000000000000000001", None), ("9" * 5000, None), ("-1", None), ("+1", None), ("1_0", None), ("", None),
        ("\u0663", None), ("1.0", None),
    ],
)  # fmt: skip
def test_whole_numbers(text: str, expected: int | None) -> None:
    assert whole_number(text) == expected


def test_a_value_in_brief_is_a_short_line() -> None:
    nested: Any = []
    for _ in range(3000):
        nested = [nested]
    for value in (10**5000, -(10**5000), "a\n" * 1000, [10**5000] * 100, nested, {"a": nested}, b"\0" * 500, 1.5, True):
        text = brief(value)
        assert len(text) <= 90
        assert text.isprintable()
    assert brief("a\nb") == "'a\\nb'"
