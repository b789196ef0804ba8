"""The shipped network for digits: a speaker that it never heard, and its hardware."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from cosim.cosimulate import cosimulate
from features.audio import read_audio
from features.corpora.fsdd import read_fsdd
from features.frontend import FrontEndSettings, batch_codes
from golden.checkpoint import Checkpoint, load_checkpoint
from golden.forward import forward_batch

ROOT = Path(__file__).parents[3]
SPEAKER = "george"


@pytest.fixture(scope="module")
def digits() -> Checkpoint:
    return load_checkpoint(ROOT / "golden/checkpoints/digits.npz")


def codes_of(path: Path, network: Checkpoint) -> np.ndarray:
    assert network.host is not None
    return batch_codes(read_audio(path), FrontEndSettings.from_json(network.host.front_end))


@pytest.mark.slow
def test_it_is_the_first_fold_s_network_of_the_table(digits: Checkpoint, fsdd: Path) -> None:
    """Sums of golden's logits by NumPy, of every recording of the speaker, against the committed count of errors."""
    spoken = [one for one in read_fsdd(fsdd) if one.speaker == SPEAKER]
    ran = forward_batch(digits, [codes_of(one.audio_path, digits) for one in spoken])
    wrong = sum(
        int(one.words) != int(said.logits.sum(axis=0).argmax()) for one, said in zip(spoken, ran, strict=True)
    )
    with (ROOT / "results/digits/folds.csv").open(newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["recipe"] == "digits" and row["fold"] == "0")
    assert row["speaker"] == SPEAKER
    assert (len(spoken), wrong) == (int(row["utterances"]), int(row["wrong"]))


def test_a_digit_in_its_hardware(digits: Checkpoint, fsdd: Path) -> None:
    codes = codes_of(fsdd / "recordings" / f"7_{SPEAKER}_0.wav", digits)
    ran = cosimulate(digits, {"seven": codes}, frames=3)
    assert ran.frames == 3
    assert ran.overruns == 0
