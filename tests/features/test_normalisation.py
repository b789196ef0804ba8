"""Running normalisation against the formula frame by frame; corpus statistics against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import FeatureError
from features.normalisation import RunningNormalisation, estimate_normalisation


@given(seed=st.integers(0, 2**31), frames=st.integers(1, 30), prior=st.integers(0, 120))
def test_equals_the_formula(seed: int, frames: int, prior: int) -> None:
    rng = np.random.default_rng(seed)
    features, mean, scale = rng.normal(3, 5, (frames, 4)), rng.normal(0, 5, 4), rng.uniform(0.1, 9, 4)
    codes = RunningNormalisation(mean, scale, prior_frames=prior, steps_per_sigma=32).push(features)
    for n in range(frames):
        running = (prior * mean + sum(features[: n + 1])) / (prior + n + 1)
        exact = 32 * (features[n] - running) / scale
        assert codes.dtype == np.int8
        # Within a half step of the exact value, and at the rails beyond them.
        assert (np.abs(np.clip(exact, -128, 127) - codes[n]) <= 0.5 + 1e-6).all()


def test_rounds_half_to_even_and_clips() -> None:
    normalise = RunningNormalisation(np.zeros(1), np.ones(1), prior_frames=10**9, steps_per_sigma=1)
    values = np.array([[0.5], [1.5], [-0.5], [-2.5], [127.4], [300.0], [-300.0]])
    assert normalise.push(values + 1e-12)[-3:, 0].tolist() == [127, 127, -128]
    exact = RunningNormalisation(np.zeros(1), np.ones(1), prior_frames=0, steps_per_sigma=1)
    # One frame alone: its mean is itself.
    assert exact.push(np.array([[7.0]])).tolist() == [[0]]


def test_estimate_equals_numpy() -> None:
    rng = np.random.default_rng(0)
    utterances = [rng.normal(-400, 30, (length, 3)) for length in (1, 50, 7)]
    mean, scale = estimate_normalisation(iter(utterances))
    pooled = np.concatenate(utterances)
    np.testing.assert_allclose(mean, pooled.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(scale, pooled.std(axis=0), rtol=1e-9)


def test_estimate_refuses_what_has_no_spread() -> None:
    with pytest.raises(FeatureError, match="feature 1 never changes"):
        estimate_normalisation([np.array([[1.0, 5.0], [2.0, 5.0]])])
    with pytest.raises(FeatureError, match="0 frames, expected at least 2"):
        estimate_normalisation([])
