"""The report needs a run of the clip, and takes what else there is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from experiments.page import utterance as room
from experiments.page.report import report
from files.errors import FileError

RESULTS = Path(__file__).parents[3] / "results"


def test_a_run_alone_is_enough(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "SHOWN_SECONDS", 0.2)
    (tmp_path / "results/demo").mkdir(parents=True)
    for name in ("activity.csv", "run.json"):
        shutil.copy(RESULTS / "demo" / name, tmp_path / "results/demo")
    said = report(results=tmp_path / "results", out=tmp_path / "report.html")
    assert said.startswith(f"{tmp_path / 'report.html'}: ")
    text = (tmp_path / "report.html").read_text()
    assert "so left out: power/efficiency.csv, cycles/summary.json, recognition/table.csv." in text
    assert "activity.csv, 56 rows" in text


def test_without_a_run_nothing_is_written(tmp_path):
    with pytest.raises(FileError, match=r"demo/activity\.csv: no such file, expected what 'rsnn run --out"):
        report(results=tmp_path, out=tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []
