"""Error rates by step: three seeds and their mean."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from experiments.story.error_rates import error_rates
from files.errors import FileError

RESULTS = Path(__file__).parents[3] / "results"
KINDS = {"stated", "secondary", "reconstructed", "ours"}


def test_the_committed_files_are_what_it_writes(tmp_path: Path) -> None:
    error_rates(RESULTS, tmp_path)
    committed = RESULTS / "story" / "error_rates"
    for path in [*committed.glob("*.csv")]:
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name
    for path in [*committed.glob("*.png"), *committed.glob("*.svg")]:
        assert (tmp_path / path.name).stat().st_size > 5000


def test_every_row_says_its_kind() -> None:
    with (RESULTS / "story/error_rates/error_rates.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["kind"] for row in rows} <= KINDS
    assert "ours" in {row["kind"] for row in rows}


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"recognition/table\.csv"):
        error_rates(tmp_path, tmp_path / "out")


def test_a_number_that_is_none_is_named(tmp_path: Path) -> None:
    shutil.copytree(RESULTS / "recognition", tmp_path / "recognition")
    path = tmp_path / "recognition" / "table.csv"
    path.write_text(path.read_text().replace("0.5483760683760684", "many"))
    with pytest.raises(FileError, match="many"):
        error_rates(tmp_path, tmp_path / "out")
