"""Cycles a frame: the budget, the spread and where they go."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from experiments.story.frame_cycles import frame_cycles
from files.errors import FileError

RESULTS = Path(__file__).parents[3] / "results"
KINDS = {"stated", "secondary", "reconstructed", "ours"}
FILES = ("cycles/summary.json", "cycles/utterances.csv")


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


def test_phases_make_the_mean_and_utterances_too(rows_of):
    rows = rows_of("story/frame_cycles/frame_cycles.csv")
    budget, mean, _, most, *phases = rows
    assert (budget["kind"], float(budget["cycles"])) == ("reconstructed", 100e3 * 10e-3)
    means = [float(row["cycles"]) for row in phases if row["statistic"] == "mean"]
    assert len(means) == 10
    # Ten roundings to 0.1.
    assert sum(means) == pytest.approx(float(mean["cycles"]), abs=0.5)
    utterances = rows_of(FILES[1])
    frames = [int(row["frames"]) for row in utterances]
    weighted = sum(float(row["cycles_mean"]) * of for row, of in zip(utterances, frames, strict=True)) / sum(frames)
    assert weighted == pytest.approx(float(mean["cycles"]), abs=0.1)
    assert max(int(row["cycles_most"]) for row in utterances) == int(most["cycles"])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ({"phases": {}}, "phases are"),
        ({"phases": {"FC": {"mean": 1}}}, "phases are"),
        ({"cycles_most": "762"}, "cycles_most is '762', expected a number"),
    ],
)
def test_a_damaged_summary_is_refused(copied, tmp_path, damage, message):
    results = copied(*FILES)
    summary = json.loads((results / FILES[0]).read_text())
    (results / FILES[0]).write_text(json.dumps(summary | damage))
    with pytest.raises(FileError, match=message):
        frame_cycles(results, tmp_path / "out")
    assert not (tmp_path / "out").exists()
