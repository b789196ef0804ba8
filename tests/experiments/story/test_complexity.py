"""Work by step: the committed table, and what the paper states."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from experiments.story.complexity import complexity_by_step
from files.errors import FileError

RESULTS = Path(__file__).parents[3] / "results"
KINDS = {"stated", "secondary", "reconstructed", "ours"}
FILES = ("recognition/table.csv", "power/techniques/techniques_cumulative.csv", "cycles/summary.json")


def test_the_committed_files_are_what_it_writes(tmp_path: Path) -> None:
    complexity_by_step(RESULTS, tmp_path)
    committed = RESULTS / "story" / "complexity"
    for path in [*committed.glob("*.csv")]:
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name
    for path in [*committed.glob("*.png"), *committed.glob("*.svg")]:
        assert (tmp_path / path.name).stat().st_size > 5000


def test_every_row_says_its_kind() -> None:
    with (RESULTS / "story/complexity/complexity.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["kind"] for row in rows} <= KINDS
    assert "ours" in {row["kind"] for row in rows}


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"\.(csv|json)"):
        complexity_by_step(tmp_path, tmp_path / "out")


def test_stated_reconstructed_and_counted(rows_of):
    rows = rows_of("story/complexity/complexity.csv")
    work = {(row["step"], row["kind"]): float(row["mmac_per_second"]) for row in rows if row["kind"] != "ours"}
    assert [key for key in work if key[1] == "stated"] == [("zero-skipping", "stated")]
    assert work["zero-skipping", "stated"] == 13.86
    found = [value for key, value in work.items() if key[1] == "reconstructed"]
    assert found == pytest.approx([145.8176, 63.0784, 43.4176, 43.4176, 28.672, 0.0951 * 145.8176], abs=1e-4)
    # Nothing pruned: our dense counts are the arithmetic's.
    for step, dense in (("baseline", 145.8176), ("structured pruning", 63.0784)):
        ours = [float(row["mmac_per_second"]) for row in rows if (row["step"], row["kind"]) == (step, "ours")]
        assert ours[:2] == pytest.approx([dense, dense], abs=0.005)


@pytest.mark.parametrize("damage", [{"mmac_per_s": "8"}, {"mmac_per_s": -1.0}, {"frames": None}])
def test_a_damaged_summary_is_refused(copied, tmp_path, damage):
    results = copied(*FILES)
    summary = json.loads((results / FILES[2]).read_text())
    (results / FILES[2]).write_text(json.dumps(summary | damage))
    with pytest.raises(FileError, match="mmac_per_s and frames are"):
        complexity_by_step(results, tmp_path / "out")
    assert not (tmp_path / "out").exists()
