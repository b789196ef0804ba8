"""Power and area by block: the committed tables, and sums."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from experiments.story.blocks import power_and_area
from files.errors import FileError

RESULTS = Path(__file__).parents[3] / "results"


def test_the_committed_files_are_what_it_writes(tmp_path: Path) -> None:
    power_and_area(RESULTS, tmp_path)
    for name in ("power.csv", "area.csv"):
        assert (tmp_path / name).read_bytes() == (RESULTS / "story/blocks" / name).read_bytes(), name


def test_every_row_says_its_kind() -> None:
    for name in ("power.csv", "area.csv"):
        with (RESULTS / "story/blocks" / name).open() as file:
            assert {row["kind"] for row in csv.DictReader(file)} <= {"stated", "reconstructed", "ours"}


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"\.csv"):
        power_and_area(tmp_path, tmp_path / "out")
