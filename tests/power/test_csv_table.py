"""Rows of a table with their lines; what is none is refused with the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from power.csv_table import MOST_ROWS, parse_table
from power.errors import ConstantsError
from power.sources import load_sources


def rows(text: str) -> list[tuple[int, dict[str, str]]]:
    return list(parse_table(text, "a.csv", ("x", "y")))


def test_rows_come_with_their_lines_whatever_ends_them() -> None:
    expected = [(2, {"x": "1", "y": "a,b"}), (4, {"x": "2", "y": ""})]
    text = 'x,y\n1,"a,b"\n\n2,\n'
    for ends in ("\n", "\r\n", "\r"):
        assert rows(text.replace("\n", ends)) == expected
        assert rows("\ufeff" + text.replace("\n", ends)) == expected
    assert rows("y,x\nb,1") == [(2, {"x": "1", "y": "b"})]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a.csv: no rows, expected the columns ['x', 'y'] and a row at least"),
        ("x,y\n", "a.csv: no rows, expected the columns ['x', 'y'] and a row at least"),
        ("x,z\n1,2", "a.csv, line 1: columns ['x', 'z'], expected ['x', 'y']"),
        ("x,y,x\n1,2,3", "a.csv, line 1: columns ['x', 'y', 'x'], expected ['x', 'y']"),
        ("x,y\n1", "a.csv, line 2: 1 cells, expected 2"),
        ("x,y\n1,2\n1,2,3", "a.csv, line 3: 3 cells, expected 2"),
        ("x,y\n1,\x1b[2J", "a.csv, line 2: '\\x1b[2J', expected cells without control characters"),
        ('x,y\n1,"a\nb"', "a.csv, line 3: 'a\\nb', expected cells without control characters"),
        ('x,y\n1,"a', "a.csv, line 2: no table (CSV): unexpected end of data"),
        ('x,y\n1,"a"b', "a.csv, line 2: no table (CSV): ',' expected after '\"'"),
        ("x,y\n1," + "a" * 2001, "a.csv, line 2: a cell of 2,001 characters, expected at most 2,000"),
        ("x,y\n1," + "a" * 200_000, "a.csv, line 2: no table (CSV): field larger than field limit (131072)"),
    ],
)
def test_what_is_no_table_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r"^a\.csv") as refused:
        rows(text)
    assert str(refused.value) == message


def test_the_longest_cell() -> None:
    assert rows("x,y\n1," + "a" * 2000) == [(2, {"x": "1", "y": "a" * 2000})]


def test_more_rows_than_any_table_has_are_refused() -> None:
    with pytest.raises(ValueError, match=r"a.csv, line 100002: more than 100,000 rows"):
        rows("x,y\n" + "1,2\n" * (MOST_ROWS + 1))


def test_a_file_larger_than_any_table_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "a.csv").open("wb") as file:
        file.truncate((1 << 24) + 1)
    with pytest.raises(ConstantsError, match=r"of 16,777,217 bytes, expected at most 16,777,216$"):
        load_sources(tmp_path / "a.csv")
