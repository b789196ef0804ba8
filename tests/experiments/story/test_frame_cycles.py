"""Cycles a frame: the budget, the spread and where they go."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from experiments.story.frame_cycles import frame_cycles
from files.errors import FileError

RESULTS = Path(__file__).parents[3] / "results"
KINDS = {"stated", "secondary", "reconstructed", "ours"}


def test_the_committed_files_are_what_it_writes(tmp_path: Path) -> None:
    frame_cycles(RESULTS, tmp_path)
    committed = RESULTS / "story" / "frame_cycles"
    for path in [*committed.glob("*.csv")]:
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name
    for path in [*committed.glob("*.png"), *committed.glob("*.svg")]:
        assert (tmp_path / path.name).stat().st_size > 5000


def test_every_row_says_its_kind() -> None:
    with (RESULTS / "story/frame_cycles/frame_cycles.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["kind"] for row in rows} <= KINDS
    assert "ours" in {row["kind"] for row in rows}


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"cycles"):
        frame_cycles(tmp_path, tmp_path / "out")

