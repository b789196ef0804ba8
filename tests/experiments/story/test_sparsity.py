"""Zeros by layer, time step and bit plane, against a loop over the clip."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from experiments.chain.spoken import CLIP, front_end_of
from experiments.story.sparsity import measure_sparsity
from features.audio import read_audio
from features.errors import AudioError
from features.frontend import batch_codes
from golden.checkpoint import load_checkpoint
from golden.forward import forward


def test_each_share_against_a_count(tmp_path: Path) -> None:
    text = measure_sparsity([CLIP], data=None, split="test", checkpoint_path=None, out=tmp_path)
    assert "the shipped clip" in text
    checkpoint = load_checkpoint()
    codes = batch_codes(read_audio(CLIP), front_end_of(checkpoint))
    with (tmp_path / "sparsity.csv").open() as file:
        shares = [float(row["zeros"]) for row in csv.DictReader(file)]
    expected = [1 - ((codes.astype(np.uint8) >> bit) & 1).mean() for bit in range(8)]
    expected += [1 - fired[:, step].mean() for fired in forward(checkpoint, codes).spikes for step in range(2)]
    for share in expected:
        assert min(abs(share - each) for each in shares) < 1e-3


def test_sound_that_is_none_is_refused(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"no sound")
    with pytest.raises(AudioError):
        measure_sparsity([tmp_path / "a.wav"], data=None, split="test", checkpoint_path=None, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_committed_spike_rates_are_those_of_rsnn_cycles(rows_of):
    import json

    from tests.experiments.story.conftest import RESULTS

    rates = json.loads((RESULTS / "cycles/summary.json").read_text())["spike_rates"]
    zeros = {row["where"]: float(row["zeros"]) for row in rows_of("story/sparsity/sparsity.csv")}
    for layer, steps in enumerate(rates):
        for step, rate in enumerate(steps):
            assert 1 - zeros[f"layer {layer} spikes, step {step}"] == pytest.approx(rate, abs=2e-4)
