"""The fault table: a row a fault, and a miss is counted."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from cosim.faults import FAULTS, Fault
from experiments import faults as table


def test_rows_and_misses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    harmless = Fault("zero_skip", "# Two's complement", "# Twos complement", "a comment")
    monkeypatch.setattr(table, "FAULTS", (FAULTS[0], harmless))
    text, missed = table.inject_all(tmp_path)
    assert missed == 1
    assert "MISSED" in text
    with (tmp_path / "faults.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert [row["caught"] for row in rows] == ["True", "False"]
    assert "input_buffer.codes" in rows[0]["first_difference"]
