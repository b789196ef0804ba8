"""A small network whose frames visit every phase, and codes for it."""

from __future__ import annotations

import numpy as np
import pytest

from cosim.bench import forgotten_afterwards
from golden.checkpoint import Checkpoint, random_checkpoint
from golden.specification import Specification

SMALL = Specification(
    inputs=9,
    input_bits=5,
    layers=(20, 12),
    outputs=71,
    lanes=16,
    logits_per_cycle=4,
    membrane_bits=(11, 9),
    thresholds=(60, 40),
)


@pytest.fixture(autouse=True)
def clean_simulator():
    """Let MyHDL forget a test's signals, or every test would be slower than the one before."""
    with forgotten_afterwards():
        yield


@pytest.fixture(scope="session")
def small_network() -> Checkpoint:
    return random_checkpoint(SMALL, seed=3)


@pytest.fixture(scope="session")
def small_codes() -> dict[str, np.ndarray]:
    low, high = SMALL.code_range
    codes = np.random.default_rng(4).integers(low, high, size=(5, SMALL.inputs), endpoint=True)
    return {"first": codes[:3], "second": codes[3:]}
