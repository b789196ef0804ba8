"""The front-end as a stream and in one piece, bit for bit; its settings and refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.audio import read_audio
from features.errors import FeatureError, NonFiniteAudioError, SettingsError, TooShortError
from features.frontend import KINDS, FrontEndSettings, StreamingFrontEnd, batch_codes, raw_features

CLIP = Path(__file__).parents[2] / "experiments" / "clips" / "demo.flac"


def excerpt(which: str) -> np.ndarray:
    if which == "speech":
        return read_audio(CLIP)[8_000:14_000]
    rng = np.random.default_rng(0)
    return {
        "noise": rng.uniform(-1, 1, 5_000),
        "silence": np.zeros(4_000),
        "clicks": np.where(rng.random(5_000) < 0.001, 1.0, 0.0),
        "tiny": 1e-30 * rng.normal(size=4_000),
    }[which]


@given(
    kind=st.sampled_from(KINDS),
    which=st.sampled_from(["speech", "noise", "silence", "clicks", "tiny"]),
    chunks=st.lists(st.one_of(st.integers(0, 3), st.integers(0, 900)), max_size=30),
)
def test_stream_and_batch_give_the_same_bits(kind: str, which: str, chunks: list[int]) -> None:
    samples, settings = excerpt(which), FrontEndSettings(kind=kind, scale=(2.0,) * 40)
    stream, parts, at = StreamingFrontEnd(settings), [], 0
    for size in [*chunks, len(samples)]:
        parts.append(stream.push(samples[at : at + size]))
        at += size
    np.testing.assert_array_equal(np.concatenate(parts), batch_codes(samples, settings))


def test_raw_features_do_not_depend_on_chunks_either(speech_paths: list[Path]) -> None:
    """The floats before the codes are the same bits too: rounding to codes hides nothing."""
    samples = read_audio(speech_paths[0])
    whole = raw_features(samples, FrontEndSettings(kind="mfcc40"))
    for frame in (0, 5, len(whole) - 1):
        alone = raw_features(samples[160 * frame : 160 * frame + 400], FrontEndSettings(kind="mfcc40"))
        np.testing.assert_array_equal(alone[0], whole[frame])


def test_deltas_are_differences_to_three_frames_before(speech_paths: list[Path]) -> None:
    features = raw_features(read_audio(speech_paths[0]), FrontEndSettings())
    for n in range(min(60, len(features))):
        past = features[n - 3] if n >= 3 else features[0]
        np.testing.assert_array_equal(features[n, 20:], features[n, :20] - past[:20])


def test_codes_of_real_speech_use_their_range(speech_paths: list[Path]) -> None:
    samples = read_audio(speech_paths[0])
    features = raw_features(samples, FrontEndSettings())
    settings = FrontEndSettings(mean=tuple(features.mean(axis=0)), scale=tuple(features.std(axis=0)))
    codes = batch_codes(samples, settings)
    assert codes.dtype == np.int8
    assert 20 < codes.std() < 45  # 32 steps a sigma, less what the running mean follows


def test_refusals() -> None:
    with pytest.raises(TooShortError) as refused:
        batch_codes(np.zeros(399), FrontEndSettings())
    assert str(refused.value) == "sound of 399 samples (24.9 ms), expected at least 400 (25 ms, one window)"
    stream = StreamingFrontEnd(FrontEndSettings())
    assert stream.push(np.zeros(100)).shape == (0, 40)
    with pytest.raises(NonFiniteAudioError):
        stream.push(np.array([0.0, np.nan]))
    # The refused chunk left no trace.
    assert stream.push(np.zeros(300)).shape == (1, 40)
    with pytest.raises(FeatureError, match="expected \\(samples,\\)"):
        stream.push(np.zeros((3, 2)))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "plp"}, "kind is 'plp', expected one of mfcc20_delta, mfcc40, logmel40"),
        ({"delta_lag": 0}, "delta_lag is 0, expected an integer in 1..50"),
        ({"prior_frames": -1}, "prior_frames is -1, expected an integer in 0..100000"),
        ({"mean": (0.0,) * 39}, "mean: expected a tuple of 40 numbers"),
        ({"mean": (float("nan"),) * 40}, "mean: expected finite numbers"),
        ({"scale": (0.0,) * 40}, "scale has 0.0, expected numbers above 0"),
        ({"steps_per_sigma": 0}, "steps_per_sigma is 0, expected a number in 0..1000"),
    ],
)
def test_settings_out_of_range(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        FrontEndSettings(**changes)
    assert str(refused.value) == f"front-end: {message}"


def test_settings_round_trip() -> None:
    settings = FrontEndSettings(kind="logmel40", mean=tuple(range(40)))
    assert FrontEndSettings.from_json(settings.to_json()) == settings
    with pytest.raises(SettingsError, match=r"unknown fields \['window'\], missing \[\]"):
        FrontEndSettings.from_json(settings.to_json() | {"window": 3})
