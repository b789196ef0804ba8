"""Rows read with and without shared weights."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from experiments.story.rows_read import rows_read
from files.errors import FileError

RESULTS = Path(__file__).parents[3] / "results"
KINDS = {"stated", "secondary", "reconstructed", "ours"}
TABLE = "power/techniques/techniques.csv"


def test_the_committed_files_are_what_it_writes(tmp_path: Path) -> None:
    rows_read(RESULTS, tmp_path)
    committed = RESULTS / "story" / "rows_read"
    for path in [*committed.glob("*.csv")]:
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name
    for path in [*committed.glob("*.png"), *committed.glob("*.svg")]:
        assert (tmp_path / path.name).stat().st_size > 5000


def test_every_row_says_its_kind() -> None:
    with (RESULTS / "story/rows_read/rows_read.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["kind"] for row in rows} <= KINDS
    assert "ours" in {row["kind"] for row in rows}


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"techniques\.csv"):
        rows_read(tmp_path, tmp_path / "out")


def test_what_more_is_read_is_said_in_percent(rows_of):
    rows = {row["step"]: row for row in rows_of("story/rows_read/rows_read.csv")}
    shipped, serial = (float(rows[name]["rows_a_frame"]) for name in ("shipped design", "serial time steps"))
    assert serial > shipped
    assert f"+{100 * serial / shipped - 100:.1f} %" in rows["serial time steps"]["counted"]
    assert {row["kind"] for row in rows.values()} == {"ours"}
