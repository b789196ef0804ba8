"""Speed perturbation: durations, pitch, and that nothing is delayed."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import SettingsError
from features.speed import change_speed, speed_ratio


@given(count=st.integers(1, 2_000), speed=st.floats(0.5, 2.0))
def test_the_length_is_divided_by_the_speed(count: int, speed: float) -> None:
    ratio = speed_ratio(speed)
    assert abs(float(ratio) - speed) < 0.01
    assert len(change_speed(np.ones(count), speed)) == math.ceil(count / ratio)


def test_speed_1_gives_the_samples_themselves() -> None:
    samples = np.random.default_rng(0).normal(size=99)
    assert change_speed(samples, 1.0) is samples


@pytest.mark.parametrize("speed", [0.9, 1.1])
def test_a_tone_is_transposed_and_not_delayed(speed: float) -> None:
    time_s = np.arange(8_000) / 16_000
    changed = change_speed(np.cos(2 * np.pi * 500 * (time_s - 0.25)), speed)
    expected = np.cos(2 * np.pi * 500 * (np.arange(len(changed)) / 16_000 * speed - 0.25))
    # Not at the ends, where the filter sees the silence beyond.
    np.testing.assert_allclose(changed[500:-500], expected[500:-500], atol=5e-3)


@pytest.mark.parametrize("speed", [0.49, 2.1, 0.0, -1.0, math.nan, math.inf])
def test_speeds_out_of_range(speed: float) -> None:
    with pytest.raises(SettingsError, match=r"^speed is .*, expected a number in 0\.5\.\.2\.0$"):
        change_speed(np.ones(9), speed)


@pytest.mark.parametrize("speed", [10**400, 10**5000, "1.0", None, True, [1.0]], ids=lambda speed: type(speed).__name__)
def test_speeds_that_are_no_numbers_of_a_float_s_size(speed: object) -> None:
    with pytest.raises(SettingsError, match=r"^speed is .{1,80}, expected a number in 0\.5\.\.2\.0$"):
        speed_ratio(speed)  # type: ignore[arg-type]


def test_a_speed_is_the_nearest_ratio_of_small_numbers() -> None:
    """Every denominator to 100 tried."""
    for speed in (0.9, 1.05, 2 / 3, 0.5, 2.0, 1.234567, 0.98765, 101 / 100, 1 + 1 / 101):
        ratios = (Fraction(round(speed * below), below) for below in range(1, 101))
        assert speed_ratio(speed) == min(ratios, key=lambda ratio: abs(ratio - Fraction(speed)))
