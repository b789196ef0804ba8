"""Result files are whole or absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from experiments.command.tables import read_rows, write_csv, write_json, write_text
from files.errors import FileError


def test_csv_json_and_text(tmp_path: Path) -> None:
    assert write_csv(tmp_path / "a.csv", [{"x": 1, "y": None}]).read_text() == "x,y\n1,\n"
    assert write_json(tmp_path / "a.json", {"b": 1, "a": [2]}).read_text().startswith('{\n  "a"')
    assert write_text(tmp_path / "a.txt", "text").read_text() == "text"
    assert len(list(tmp_path.iterdir())) == 3


def test_a_failed_write_keeps_the_old_file(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [{"x": 1}])
    with pytest.raises(ValueError, match="dict contains fields not in fieldnames"):
        write_csv(path, [{"x": 2}, {"x": 3, "z": 4}])
    assert path.read_text() == "x\n1\n"
    with pytest.raises(ValueError, match="no rows to write"):
        write_csv(path, [])


def test_rows_come_one_at_a_time_and_names_of_any_bytes_are_escaped(tmp_path: Path) -> None:
    rows = ({"name": name} for name in ("a,b\nc", os.fsdecode(b"caf\xe9")))
    path = write_csv(tmp_path / "a.csv", rows)
    assert [row["name"] for row in read_rows(path)] == ["a,b\nc", "caf\\udce9"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x,y\n1\n", "a.csv, line 2: expected 2 cells"),
        ("x,y\n1,2\n1,2,3\n", "a.csv, line 3: expected 2 cells"),
        ("y\n1\n", "a.csv: no column x"),
        ("", "a.csv: no column x"),
        ('x\n"' + "9" * 200_000 + '"\n', "a.csv: no table"),
        ('x\n"half', "a.csv: no table"),
    ],
)
def test_rows_that_are_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(FileError, match=message):
        read_rows(tmp_path / "a.csv", needed=["x"])
