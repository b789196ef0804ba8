"""The reconstruction arrives at what the paper states, by sums written out by hand."""

from __future__ import annotations

import pytest

from experiments.story.arithmetic import STEPS

BY_NAME = {step.name: step for step in STEPS}


@pytest.mark.parametrize(
    ("name", "weights", "megabytes", "mmac_per_second"),
    [
        ("baseline", 40 * 256 + 3 * 65536 + 491520, 2.793472, (8 * 10240 + 2 * (3 * 65536 + 491520)) / 1e4),
        ("structured pruning", 5120 + 3 * 16384 + 245760, 1.200128, (8 * 5120 + 2 * (3 * 16384 + 245760)) / 1e4),
        ("FC pruning", 5120 + 3 * 16384 + 147456, 0.806912, (8 * 5120 + 2 * (3 * 16384 + 147456)) / 1e4),
        ("4-bit weights", 201728, 0.100864, 43.4176),
        ("merged spike", 201728, 0.100864, (8 * 5120 + 2 * 3 * 16384 + 147456) / 1e4),
    ],
)
def test_each_step(name: str, weights: int, megabytes: float, mmac_per_second: float) -> None:
    step = BY_NAME[name]
    assert step.weights == weights
    assert step.megabytes == pytest.approx(megabytes)
    assert step.mmac_per_second == pytest.approx(mmac_per_second)


def test_the_ends_are_those_that_are_stated() -> None:
    assert round(BY_NAME["baseline"].megabytes, 2) == 2.79
    assert round(BY_NAME["4-bit weights"].megabytes, 1) == 0.1
    assert round(BY_NAME["baseline"].mmac_per_second, 2) == 145.82
    assert round(BY_NAME["baseline"].mmac_per_second * (1 - 0.9049), 2) == 13.87
