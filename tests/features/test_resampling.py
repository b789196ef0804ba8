"""Resampling block by block: the very samples of scipy's on the whole."""

from __future__ import annotations

import wave
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import scipy.signal
from hypothesis import assume, example, given
from hypothesis import strategies as st

from features.audio import read_audio
from features.errors import UnreadableAudioError
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


def places(samples: int, up: int, down: int, block: int) -> list[int]:
    """Return how many new samples are there after each piece but the last, sample by sample.

    Between two samples lie `up` steps, between two new ones `down`, and a new one needs what is 10 of the larger term
    away on either side. A block has as many samples as make `block` before or after, and at least two periods and four
    times what is needed on one side; once there are two, all that can be told is given.
    """
    reach = 10 * max(up, down)
    piece = max(block * down // up if up > down else block, 2 * down, 4 * reach // up)
    found, first, waiting = [0], 0, 0
    for number in range(1, samples + 1):
        waiting += 1
        # They come in pieces of a block, the last as long as what is left.
        if (waiting % piece and number != samples) or number - first < 2 * piece:
            continue
        waiting, new = 0, found[-1]
        while new * down + reach <= (number - 1) * up:
            new += 1
        found.append(new)
        first = max(at for at in range(0, number, down) if at * up <= new * down - reach)
    return found[1:]


@given(
    up=st.integers(1, 60), down=st.integers(1, 60), samples=st.integers(1, 3_000),
    block=st.integers(1, 300),
)  # fmt: skip
# Two periods are more than the filter, and more than a block.
@example(up=40, down=41, samples=1_000, block=50)
def test_each_piece_is_given_when_two_blocks_are_there(up: int, down: int, samples: int, block: int) -> None:
    ratio, noise = Fraction(up, down), np.random.default_rng(samples).uniform(-1, 1, samples)
    assume(up != down)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("features.resampling._BLOCK", block)
        pieces = list(resampled([noise], ratio))
    counts = np.cumsum([len(piece) for piece in pieces])
    assert counts[:-1].tolist() == places(samples, ratio.numerator, ratio.denominator, block)
    np.testing.assert_array_equal(np.concatenate(pieces), scipy.signal.resample_poly(noise, up, down))


@pytest.mark.parametrize(("up", "down"), [(1, 3), (2, 1)])
def test_the_shipped_blocks(up: int, down: int) -> None:
    samples = 300_000
    counts = np.cumsum([len(piece) for piece in resampled([np.zeros(samples)], Fraction(up, down))])
    assert counts[:-1].tolist() == places(samples, up, down, 65_536)


@given(up=st.integers(1, 60), down=st.integers(1, 60), samples=st.integers(0, 300))
def test_how_many_come_is_how_many_fall_within(up: int, down: int, samples: int) -> None:
    within = [new for new in range(61 * samples) if new * down < samples * up]
    assert resampled_count(samples, Fraction(up, down)) == len(within)


def test_one_to_one_is_passed_on() -> None:
    blocks = [np.zeros(3), np.zeros(0), np.ones(5)]
    assert all(given is taken for given, taken in zip(blocks, resampled(blocks, Fraction(1)), strict=True))


def test_a_rate_just_beyond_the_largest_term_is_refused(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((1, 2, 192_001, 0, "NONE", ""))
        file.writeframes(bytes(800))
    with pytest.raises(UnreadableAudioError, match="192001 Hz, in no simple ratio to 16000"):
        read_audio(tmp_path / "a.wav")


def test_nothing_comes_of_nothing() -> None:
    assert not [*resampled([], Fraction(1, 3)), *resampled([np.zeros(0)], Fraction(1, 3))]
