"""Result files are whole or absent."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from experiments.command.tables import read_rows, write_csv, write_figure, write_json, write_text
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


def test_figures_of_the_same_content_are_the_same_bytes(tmp_path: Path) -> None:
    def figure() -> Figure:
        made = Figure(figsize=(2, 1))
        made.subplots().plot([1, 2], [2, 1])
        return made

    one, other = (write_figure(tmp_path / name, figure()).read_bytes() for name in ("a.png", "b.png"))
    assert one == other
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.png"]


def test_a_drawing_lies_beside_and_is_the_same_in_another_process(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib\nfrom matplotlib.figure import Figure\n"
        "from experiments.command.tables import write_figure\n"
        "made = Figure(figsize=(2, 1)); axes = made.subplots(); axes.plot([1, 2], [2, 1], 'o')\n"
        "axes.set_title('words')\naxes.fill_between([1, 2], [0, 0], [1, 1])\n"
        "write_figure(pathlib.Path(sys.argv[1]), made, svg=True)"
    )
    for name, hashes in (("a", "1"), ("b", "2")):
        given = [sys.executable, "-c", program, str(tmp_path / f"{name}.png")]
        subprocess.run(given, check=True, env=os.environ | {"PYTHONHASHSEED": hashes, "SOURCE_DATE_EPOCH": hashes})
    one, other = ((tmp_path / f"{name}.svg").read_text() for name in "ab")
    assert one == other
    assert "<svg" in one
    assert "date" not in one
    assert "Matplotlib v" not in one
