"""Size by step: the committed table, and the ends that the paper states."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from experiments.story.size import size_by_step
from files.errors import FileError

RESULTS = Path(__file__).parents[3] / "results"
KINDS = {"stated", "secondary", "reconstructed", "ours"}
TABLE = "recognition/table.csv"


def test_the_committed_files_are_what_it_writes(tmp_path: Path) -> None:
    size_by_step(RESULTS, tmp_path)
    committed = RESULTS / "story" / "size"
    for path in [*committed.glob("*.csv")]:
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name
    for path in [*committed.glob("*.png"), *committed.glob("*.svg")]:
        assert (tmp_path / path.name).stat().st_size > 5000


def test_every_row_says_its_kind() -> None:
    with (RESULTS / "story/size/size.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["kind"] for row in rows} <= KINDS
    assert "ours" in {row["kind"] for row in rows}


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"recognition/table\.csv"):
        size_by_step(tmp_path, tmp_path / "out")


def test_a_number_that_is_none_is_named(tmp_path: Path) -> None:
    shutil.copytree(RESULTS / "recognition", tmp_path / "recognition")
    path = tmp_path / "recognition" / "table.csv"
    path.write_text(path.read_text().replace("0.100864", "many"))
    with pytest.raises(FileError, match="many"):
        size_by_step(tmp_path, tmp_path / "out")


def test_each_kind_has_its_own_numbers(rows_of):
    rows = rows_of("story/size/size.csv")
    by = {(row["step"], row["kind"], row["counted"]): float(row["megabytes"]) for row in rows}
    assert {key[0]: size for key, size in by.items() if key[1] == "stated"} == {"baseline": 2.79, "4-bit weights": 0.1}
    assert by["baseline", "reconstructed", ""] == 698_368 * 4 / 1e6
    assert by["4-bit weights", "reconstructed", ""] == 201_728 / 2 / 1e6
    ours = {key[2]: size for key, size in by.items() if key[:2] == ("4-bit weights", "ours")}
    # 201,728 weights of half a byte; a bit for each of 128 x 1,920 places; 300,032 of half a byte.
    assert sorted(ours.values()) == [0.100864, 0.100864 + 128 * 1920 / 8e6, 0.150016]
