"""Published designs: each with its source, the same task apart, powers that scale by published factors."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from experiments.story.peers import TABLE, compare
from files.errors import FileError

RESULTS = Path(__file__).parents[3] / "results"


def rows() -> list[dict[str, str]]:
    with (RESULTS / "story/peers/peers.csv").open() as file:
        return list(csv.DictReader(file))


def test_the_committed_files_are_what_it_writes(tmp_path: Path) -> None:
    compare(RESULTS, tmp_path)
    assert (tmp_path / "peers.csv").read_bytes() == (RESULTS / "story/peers/peers.csv").read_bytes()


def test_one_of_the_same_task_needs_less_than_the_paper() -> None:
    by_work = {row["work"]: row for row in rows()}
    micro = next(row for work, row in by_work.items() if "microASR" in work)
    paper = next(row for row in rows() if row["kind"] == "stated")
    assert float(micro["power_high_uw"]) == 32
    assert float(paper["power_high_uw"]) == 71.2
    assert micro["task"] == paper["task"]


def test_every_published_design_has_its_source_and_says_whether_it_was_seen() -> None:
    with TABLE.open() as file:
        table = list(csv.DictReader(file))
    assert len(table) >= 30
    assert all(row["url"] and row["verified"] for row in table)


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"breakdown\.csv"):
        compare(tmp_path, tmp_path / "out")
