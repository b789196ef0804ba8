"""The fault table: a row a fault, and a miss is counted."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from cosim.faults import FAULTS, Fault, Verdict
from experiments.hardware import faults as table
from files.errors import WriteError


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


def test_a_run_that_was_ended_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RSNN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(table, "FAULTS", FAULTS[:3])
    injected = []

    def inject(fault: Fault | None) -> Verdict:
        injected.append(fault)
        if len(injected) == 3:
            raise KeyboardInterrupt
        return Verdict(fault, fault is not None, "comparison" if fault else "", "said")

    monkeypatch.setattr(table, "inject", inject)
    with pytest.raises(KeyboardInterrupt):
        table.inject_all(tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert table.inject_all(tmp_path / "out")[1] == 0
    assert injected == [None, FAULTS[0], FAULTS[1], FAULTS[1], FAULTS[2]]
    before = (tmp_path / "out" / "faults.csv").read_bytes()
    table.inject_all(tmp_path / "out")
    assert len(injected) == 5
    assert (tmp_path / "out" / "faults.csv").read_bytes() == before


@pytest.mark.parametrize("at", ["file", "file/under"])
def test_a_folder_that_cannot_be_written_is_refused_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(table, "inject", lambda fault: pytest.fail("injected"))
    with pytest.raises(WriteError, match="cannot be written"):
        table.inject_all(tmp_path / at)
