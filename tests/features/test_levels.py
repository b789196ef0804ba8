"""Levels that the front-end's codes, or the samples, do not hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from features.audio import read_audio
from features.errors import AudioError, LevelError
from features.frontend import FrontEndSettings, batch_codes
from features.levels import check_levels, clipping, rail_shares
from golden.checkpoint import Checkpoint


def codes_with(railed: int, frames: int = 100) -> np.ndarray:
    codes = np.zeros((frames, 40), np.int8)
    codes[:railed, 3] = np.where(np.arange(railed) % 2, -128, 127)
    return codes


@pytest.mark.parametrize(("railed", "frames"), [(0, 100), (1, 3), (45, 100), (100, 100)])
def test_shares(railed: int, frames: int) -> None:
    codes = codes_with(railed, frames)
    codes[:, 7] = np.resize([126, -127], frames)
    assert rail_shares(codes) == (railed / frames, railed / frames / 40)
    assert rail_shares(codes[:0]) == (0, 0)


def test_what_is_said_and_what_is_refused() -> None:
    assert check_levels(codes_with(30), "a.wav") is None
    assert check_levels(codes_with(31), "a.wav") == (
        "a.wav: 31 % of frames have a code at the limit of 8 bits (0.8 % of codes), speech has at most 30 %: "
        "its level or front-end may not suit it"
    )
    assert str(check_levels(codes_with(60), "a.wav")).startswith("a.wav: 60 %")
    with pytest.raises(LevelError) as refused:
        check_levels(codes_with(61), "a.wav")
    assert str(refused.value) == (
        "a.wav: 61 % of frames have a code at the limit of 8 bits (1.5 % of codes), expected at most 60 %: "
        "no speech, or at a level or with a front-end that does not suit it"
    )
    assert isinstance(refused.value, AudioError)


def test_of_real_speech_nothing_is_said(speech_paths: list[Path], network: Checkpoint) -> None:
    assert network.host is not None
    front_end = FrontEndSettings.from_json(network.host.front_end)
    for path in speech_paths:
        samples = read_audio(path)
        for gain in (0.1, 1, 10):
            assert check_levels(batch_codes(gain * samples, front_end), path.name) is None
        assert clipping(samples, path.name) is None
        clipped = np.clip(samples * 0.999 / np.abs(samples).max() * 8, -1, 1)
        assert str(clipping(clipped, path.name)).endswith("are at full scale: recorded too loud, and clipped")


def test_speech_at_the_scale_of_integers_is_said(speech_paths: list[Path], network: Checkpoint) -> None:
    """What `read_audio` refuses of a file is noticed of an array as well."""
    assert network.host is not None
    front_end = FrontEndSettings.from_json(network.host.front_end)
    shares = [rail_shares(batch_codes(32768.0 * read_audio(path), front_end))[0] for path in speech_paths]
    usual = [rail_shares(batch_codes(read_audio(path), front_end))[0] for path in speech_paths]
    assert min(more - less for more, less in zip(shares, usual, strict=True)) > 0.05


@pytest.mark.parametrize("sign", [1, -1])
def test_clipping_is_of_samples_at_full_scale_of_16_bits(sign: int) -> None:
    samples = np.zeros(4_000)
    # One in a thousand is not said, one more is.
    samples[[5, 17, 99, 3_999]] = sign * 32767 / 32768
    assert clipping(samples, "a.wav") is None
    samples[0] = sign
    assert clipping(samples, "a.wav") == (
        "a.wav: 0.1 % of samples are at full scale: recorded too loud, and clipped"
    )
    samples[:2_000] = sign
    assert str(clipping(samples, "a.wav")).startswith("a.wav: 50.0 % ")
    assert clipping(np.full(9, sign * 32766 / 32768), "a.wav") is None
    assert clipping(np.full(1, float(sign)), "a.wav") == (
        "a.wav: 100.0 % of samples are at full scale: recorded too loud, and clipped"
    )
    assert clipping(samples[:0], "a.wav") is None


def test_codes_below_a_share_are_fine_and_no_more_than_it() -> None:
    for railed, said in ((30, False), (31, True), (60, True)):
        assert (check_levels(codes_with(railed), "a.wav") is not None) is said


def test_the_share_of_codes_is_of_all_codes() -> None:
    codes = codes_with(0)
    codes[:31] = 127
    assert "31 % of frames have a code at the limit of 8 bits (31.0 % of codes)" in str(check_levels(codes, "a.wav"))
    # Between the two largest steps of 16 bits.
    assert clipping(np.full(9, 0.99995), "a.wav") is None
