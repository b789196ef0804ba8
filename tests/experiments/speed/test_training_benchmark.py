"""The training benchmark runs every network on the same real frames and writes its table."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import pytest

from experiments.command.cli import main
from experiments.speed import training_benchmark


def test_a_table_of_ratios(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr(training_benchmark, "REPETITIONS", 1)
    monkeypatch.setattr(training_benchmark, "UTTERANCES", 2)
    monkeypatch.setattr(training_benchmark, "_MOST", 120)
    arguments = ["--batches", "1", "--width", "8", "--outputs", "5", "--out", str(tmp_path / "new")]
    assert main(["training-benchmark", *arguments]) == 0
    table = (tmp_path / "new" / "training_speed.csv").read_text()
    rows = list(csv.DictReader(table.splitlines()))
    assert [row["network"].split("-")[0] for row in rows] == ["RSNN"] * 3 + ["snnTorch RLeaky", "LSTM", "GRU"]
    weights = 40 * 8 + 3 * 8 * 8 + 8 * 5
    assert [int(row["weights"]) for row in rows[:4]] == [weights] * 4
    assert float(rows[0]["times_as_long"]) == 1
    for row in rows:
        expected = training_benchmark.EPOCH_FRAMES / float(row["frames_per_s"])
        assert float(row["s_per_epoch"]) == pytest.approx(expected, rel=0.01, abs=0.06)
    assert "snnTorch RLeaky-8" in capsys.readouterr().out


def test_batches_are_real_frames_of_the_lengths_of_real_utterances() -> None:
    batches = training_benchmark.clip_batches(count=12, outputs=7)
    again = training_benchmark.clip_batches(count=12, outputs=7)
    clip = {tuple(frame) for frame in batches[0][0].tolist()}
    lengths = np.concatenate([np.diff(starts) for _, _, starts in batches])
    assert 250 < np.median(lengths) < 450
    for (codes, targets, starts), (same, _, _) in zip(batches, again, strict=True):
        assert codes.dtype == np.int8
        assert np.array_equal(codes, same)
        assert len(codes) == len(targets) == starts[-1]
        assert len(starts) == 17
        assert set(np.unique(targets)) <= set(range(7))
        assert len(clip & {tuple(frame) for frame in codes.tolist()}) > 100


def test_a_missing_package_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "snntorch", None)
    assert main(["training-benchmark", "--batches", "1", "--out", str(tmp_path)]) == 2
    assert "needs snntorch" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["0", "-1", "x"])
def test_a_number_that_is_none_is_refused(text: str, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        main(["training-benchmark", "--batches", text])
    assert "expected a whole number in 1" in capsys.readouterr().err


def test_threads_that_would_take_all_memory_are_refused(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["training-benchmark", "--threads", "100000"])
    assert "argument --threads: '100000': expected a whole number in 1..1,024" in capsys.readouterr().err
