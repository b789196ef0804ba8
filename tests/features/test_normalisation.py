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
    # A value and its negative sum to 0, so every second frame's mean is exactly 0 and its code exactly the value's.
    values = [0.5, 1.5, 2.5, -0.5, -2.5, 127.4, 127.6, 300.0, -127.5, -128.5, -300.0]
    normalise = RunningNormalisation(np.zeros(1), np.ones(1), prior_frames=0, steps_per_sigma=1)
    codes = normalise.push(np.array([[sign * value] for value in values for sign in (-1, 1)]))
    assert codes[1::2, 0].tolist() == [0, 2, 2, 0, -2, 127, 127, 127, -128, -128, -128]
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


@given(
    seed=st.integers(0, 2**31),
    lengths=st.lists(st.integers(0, 40), min_size=2, max_size=6).filter(lambda lengths: sum(lengths) >= 2),
    level=st.sampled_from([0.0, -400.0, 1e7]),
)
def test_estimate_equals_numpy_whatever_the_cut_and_the_level(seed: int, lengths: list[int], level: float) -> None:
    rng = np.random.default_rng(seed)
    utterances = [rng.normal(level, 3, (length, 4)) for length in lengths]
    mean, scale = estimate_normalisation(utterances)
    pooled = np.concatenate(utterances)
    np.testing.assert_allclose(mean, pooled.mean(axis=0), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(scale, pooled.std(axis=0), rtol=1e-7)


@pytest.mark.parametrize("value", [0.0, 0.1, 123.456, -1e5])
def test_a_constant_is_refused_at_any_level(value: float) -> None:
    """A sum of plain squares would leave 123.456 a scale of a millionth, by rounding alone."""
    rng = np.random.default_rng(0)
    utterances = [np.column_stack([rng.normal(size=n), np.full(n, value), rng.normal(size=n)]) for n in (70, 301)]
    with pytest.raises(FeatureError) as refused:
        estimate_normalisation(utterances)
    assert str(refused.value) == "normalisation: feature 1 never changes"


@pytest.mark.parametrize(
    ("mean", "around", "refused"),
    [
        (0.0, 0.9e-9, True),
        (0.0, 1e-9, True),
        (0.0, 1.1e-9, False),
        # Of a mean beyond 1, a billionth of the mean.
        (2.0**20, 2.0**-10, True),
        (-(2.0**20), 2.0**-10, True),
        (2.0**20, 2.0**-9, False),
        (-(2.0**20), 2.0**-9, False),
    ],
)
def test_a_spread_of_a_billionth_is_none(mean: float, around: float, refused: bool) -> None:
    """Two frames as far to either side: the deviation is that distance, to the last bit."""
    frames = np.array([[0.0, mean - around], [1.0, mean + around]])
    if refused:
        with pytest.raises(FeatureError, match="feature 1 never changes"):
            estimate_normalisation([frames])
    else:
        assert estimate_normalisation([frames])[1][1] == around


@pytest.mark.parametrize(
    ("utterances", "message"),
    [
        ([np.zeros((1, 2))], "1 frames, expected at least 2"),
        ([np.eye(3), np.zeros((2, 2))], "utterance 1: shape (2, 2), expected (frames, 3)"),
        ([np.zeros(4)], "utterance 0: shape (4,), expected (frames, features)"),
        ([np.eye(3), np.full((2, 3), np.nan)], "utterance 1: NaN or infinite features"),
    ],
)
def test_estimate_refusals(utterances: list[np.ndarray], message: str) -> None:
    with pytest.raises(FeatureError) as refused:
        estimate_normalisation(utterances)
    assert str(refused.value) == f"normalisation: {message}"


@given(seed=st.integers(0, 2**31), cuts=st.lists(st.integers(0, 50), max_size=6))
def test_frames_in_any_chunks_give_the_same_codes(seed: int, cuts: list[int]) -> None:
    features = np.random.default_rng(seed).normal(0, 100, (50, 3))

    def fresh() -> RunningNormalisation:
        return RunningNormalisation(np.array([0.1, 2, -3]), np.full(3, 7.7), prior_frames=10, steps_per_sigma=32)

    stream = fresh()
    parts = [stream.push(part) for part in np.split(features, sorted(cuts))]
    np.testing.assert_array_equal(np.concatenate(parts), fresh().push(features))


@given(cuts=st.lists(st.integers(0, 50), max_size=6))
def test_the_running_sum_is_rounded_alike_in_any_chunks(cuts: list[int]) -> None:
    """Steps of a unit in the last place, around a mean that differs from every frame by its rounding alone."""
    features = np.full((50, 3), [0.1, 0.7, 123.4])

    def fresh() -> RunningNormalisation:
        return RunningNormalisation(features[0], np.array([1e-17, 1e-16, 1e-14]), prior_frames=3, steps_per_sigma=1)

    stream, whole = fresh(), fresh().push(features)
    assert np.unique(whole).size > 3
    parts = [stream.push(part) for part in np.split(features, sorted(cuts))]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
