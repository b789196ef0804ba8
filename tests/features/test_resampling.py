"""Resampling block by block: the very samples of scipy's on the whole."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st

from features.resampling import resampled, resampled_count


def in_pieces(samples: np.ndarray, cuts: list[int]) -> list[np.ndarray]:
    return np.split(samples, sorted(cut % (len(samples) + 1) for cut in cuts))


@pytest.mark.parametrize(
    "rate", [1_000, 8_000, 11_025, 22_050, 32_000, 44_056, 44_100, 48_000, 96_000, 131_071, 176_400, 192_000, 768_000]
)
@pytest.mark.parametrize("samples", [1, 399, 70_001, 600_000])
def test_every_double_is_that_of_the_whole(rate: int, samples: int) -> None:
    if rate == 1_000 and samples > 70_001:
        samples = 20_000
    noise = np.random.default_rng(rate).uniform(-1, 1, samples)
    ratio = Fraction(16_000, rate)
    pieces = list(resampled(in_pieces(noise, [5, 5, 1_000, 66_000, 200_000]), ratio))
    got = np.concatenate(pieces)
    assert len(got) == resampled_count(samples, ratio)
    np.testing.assert_array_equal(got, scipy.signal.resample_poly(noise, 16_000, rate))
    # Never a piece that grows with the whole.
    assert max(map(len, pieces)) <= max(3 * 65_536, 4 * ratio.numerator)


@given(
    up=st.integers(1, 60), down=st.integers(1, 60), samples=st.integers(1, 4_000),
    cuts=st.lists(st.integers(0, 4_000), max_size=20),
)  # fmt: skip
def test_any_ratio_and_cuts(up: int, down: int, samples: int, cuts: list[int]) -> None:
    noise = np.random.default_rng(samples).uniform(-1, 1, samples)
    got = np.concatenate(list(resampled(in_pieces(noise, cuts), Fraction(up, down))))
    np.testing.assert_array_equal(got, scipy.signal.resample_poly(noise, up, down))


def test_nothing_comes_of_nothing() -> None:
    assert not [*resampled([], Fraction(1, 3)), *resampled([np.zeros(0)], Fraction(1, 3))]
