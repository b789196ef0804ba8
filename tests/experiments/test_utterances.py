"""Co-simulation of several files, a row each."""

from __future__ import annotations

import csv
from pathlib import Path

from experiments.utterances import cosimulate_files


def test_a_row_a_file(tmp_path: Path, speech_paths: list[Path]) -> None:
    text = cosimulate_files(speech_paths[:2], checkpoint_path=None, frames=2, out=tmp_path)
    with (tmp_path / "utterances.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert [row["utterance"] for row in rows] == [path.name for path in speech_paths[:2]]
    for row in rows:
        assert row["frames"] == "2"
        assert row["overruns"] == "0"
        assert row["utterance"] in text
