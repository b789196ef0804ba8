"""Compression without retraining, on the clip: the network itself is a row, and rows say their kind."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from experiments.chain.spoken import CLIP
from experiments.story.compression import compress

RESULTS = Path(__file__).parents[3] / "results"


@pytest.mark.slow
def test_the_shipped_network_is_among_the_rows(tmp_path: Path) -> None:
    text = compress([CLIP], data=None, checkpoint_path=None, results=RESULTS, out=tmp_path)
    assert text
    with (tmp_path / "compression.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["kind"] for row in rows} == {"ours"}
    # 20.0 %, as the demo has it, of the network as it is.
    assert any(abs(float(row["test_per"]) - 0.2) < 1e-3 for row in rows)
    assert (tmp_path / "compression.svg").stat().st_size > 5000
