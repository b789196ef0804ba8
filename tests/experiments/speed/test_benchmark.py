"""The benchmark's own peer is the same network."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from experiments.speed import benchmark
from features.audio import read_audio
from features.frontend import FrontEndSettings, batch_codes
from golden.checkpoint import load_checkpoint
from golden.forward import forward


def test_the_integer_loop_computes_what_it_is_timed_against(shipped_clip: Path) -> None:
    checkpoint = load_checkpoint()
    assert checkpoint.host is not None
    codes = batch_codes(read_audio(shipped_clip), FrontEndSettings.from_json(checkpoint.host.front_end))[:30]
    np.testing.assert_array_equal(benchmark._integer_loop(checkpoint, codes), forward(checkpoint, codes).logits)


def test_a_table_of_ratios(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(benchmark, "REPETITIONS", 1)
    monkeypatch.setattr(benchmark, "BATCH", 2)
    monkeypatch.setattr(benchmark, "COSIMULATED_FRAMES", 1)
    text = benchmark.benchmark(checkpoint_path=None, out=tmp_path)
    assert "MyHDL co-simulation" in text
    lines = (tmp_path / "benchmark.csv").read_text().splitlines()
    assert lines[0] == "stage,unit,speed,peer,peer_speed,ratio"
    assert len(lines) == 5
