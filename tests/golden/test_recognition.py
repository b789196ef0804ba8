"""Logits recognised for the task of their checkpoint."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from golden.checkpoint import random_checkpoint
from golden.classes import ClassHost
from golden.errors import StimulusError
from golden.forward import forward
from golden.recognition import decode_checkpoint
from golden.specification import Specification


def test_a_network_of_classes_says_one() -> None:
    spec = Specification(inputs=4, layers=(8, 8), outputs=3, lanes=16)
    checkpoint = random_checkpoint(spec, seed=1)
    logits = forward(checkpoint, np.random.default_rng(1).integers(-99, 99, size=(20, 4))).logits
    with pytest.raises(StimulusError, match="no host section"):
        decode_checkpoint(checkpoint, logits)
    host = ClassHost(front_end={}, classes=("a", "b", "c"))
    found = decode_checkpoint(dataclasses.replace(checkpoint, scales={"fc": 0}, host=host), logits)
    totals = [sum(int(frame[column]) for frame in logits) for column in range(3)]
    assert found == [("abc"[totals.index(max(totals))], 0, 20)]
