"""The front-end as a stream and in one piece, bit for bit; its settings and refusals."""

from __future__ import annotations

import json
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.audio import read_audio
from features.errors import FeatureError, NonFiniteAudioError, SampleError, SettingsError, TooShortError
from features.frontend import KINDS, FrontEndSettings, StreamingFrontEnd, _blocks, batch_codes, raw_features

CLIP = Path(__file__).parents[2] / "experiments" / "clips" / "demo.flac"


EXTREMES = ("noise", "silence", "clicks", "tiny", "square", "dc", "loudest", "denormal")


@lru_cache
def excerpt(which: str) -> np.ndarray:
    if which == "speech":
        return read_audio(CLIP)[8_000:14_000]
    rng = np.random.default_rng(0)
    return {
        "noise": rng.uniform(-1, 1, 5_000),
        "silence": np.zeros(4_000),
        "clicks": np.where(rng.random(5_000) < 0.001, 1.0, 0.0),
        "tiny": 1e-30 * rng.normal(size=4_000),
        "square": np.where(np.arange(4_000) % 37 < 18, 1.0, -1.0),
        "dc": np.full(4_000, -1.0),
        "loudest": np.where(rng.random(4_000) < 0.5, 1e10, -1e10),
        "denormal": np.full(4_000, 5e-324),
    }[which]


@given(
    kind=st.sampled_from(KINDS),
    which=st.sampled_from(["speech", *EXTREMES]),
    chunks=st.lists(st.one_of(st.integers(0, 3), st.integers(0, 900)), max_size=30),
)
def test_stream_and_batch_give_the_same_bits(kind: str, which: str, chunks: list[int]) -> None:
    samples, settings = excerpt(which), FrontEndSettings(kind=kind, scale=(2.0,) * 40)
    stream, parts, at = StreamingFrontEnd(settings), [], 0
    for size in [*chunks, len(samples)]:
        parts.append(stream.push(samples[at : at + size]))
        at += size
    np.testing.assert_array_equal(np.concatenate(parts), batch_codes(samples, settings))


@pytest.mark.parametrize("kind", KINDS)
def test_one_sample_at_a_time_on_real_speech(kind: str, speech_paths: list[Path]) -> None:
    settings = FrontEndSettings(kind=kind, scale=(5.0,) * 40, prior_frames=3)
    for path in speech_paths:
        samples = read_audio(path)[6_000:9_000]
        stream = StreamingFrontEnd(settings)
        parts = [stream.push(samples[at : at + 1]) for at in range(len(samples))]
        # A frame comes with its last sample, not later.
        assert [at for at, part in enumerate(parts) if len(part)] == list(range(399, len(samples), 160))
        np.testing.assert_array_equal(np.concatenate(parts), batch_codes(samples, settings))


@given(start=st.integers(0, 20_000), chunks=st.lists(st.integers(0, 5_000), min_size=1, max_size=8), data=st.data())
def test_any_excerpt_of_real_speech_in_any_chunks(
    speech_paths: list[Path], start: int, chunks: list[int], data: st.DataObject
) -> None:
    settings = FrontEndSettings(kind=data.draw(st.sampled_from(KINDS)), scale=(5.0,) * 40)
    samples = speech(data.draw(st.sampled_from(speech_paths)))[start : start + 400 + sum(chunks)]
    samples = np.pad(samples, (0, max(0, 400 - len(samples))))
    stream = StreamingFrontEnd(settings)
    parts = [stream.push(part) for part in np.split(samples, np.cumsum(chunks).clip(0, len(samples)))]
    np.testing.assert_array_equal(np.concatenate(parts), batch_codes(samples, settings))


@lru_cache
def speech(path: Path) -> np.ndarray:
    return read_audio(path)


def test_float32_and_strided_samples_give_the_bits_of_their_values() -> None:
    samples = excerpt("speech").astype(np.float32)
    wanted = batch_codes(samples.astype(np.float64), FrontEndSettings())
    np.testing.assert_array_equal(batch_codes(samples, FrontEndSettings()), wanted)
    np.testing.assert_array_equal(batch_codes(np.repeat(samples, 2)[::2], FrontEndSettings()), wanted)


def test_a_stream_does_not_keep_the_callers_buffer() -> None:
    samples, settings = excerpt("speech"), FrontEndSettings()
    stream, buffer, parts = StreamingFrontEnd(settings), np.empty(250), []
    for at in range(0, len(samples) - 250, 250):
        buffer[:] = samples[at : at + 250]
        parts.append(stream.push(buffer))
        buffer[:] = np.nan
    codes = np.concatenate(parts)
    np.testing.assert_array_equal(codes, batch_codes(samples, settings)[: len(codes)])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("which", EXTREMES)
def test_extreme_sound_and_settings_never_make_a_nan(which: str, kind: str) -> None:
    samples = excerpt(which)
    assert np.isfinite(raw_features(samples, FrontEndSettings(kind=kind))).all()
    for mean in (-1e6, 0.0, 1e6):
        for scale in (1e-6, 1e6):
            for prior in (0, 100_000):
                settings = FrontEndSettings(
                    kind=kind, mean=(mean,) * 40, scale=(scale,) * 40, prior_frames=prior, steps_per_sigma=1000
                )
                # Warnings are errors here: NumPy warns where a NaN becomes an integer.
                with np.errstate(all="raise", under="ignore"):
                    assert batch_codes(samples, settings).dtype == np.int8


def test_codes_stop_at_the_rails() -> None:
    samples = np.concatenate([np.zeros(1_600), excerpt("noise")])
    # Against a long prior of -100 dB the noise is far above, against one of +100 dB all is far below.
    for mean, rail in ((-100.0, 127), (100.0, -128)):
        settings = FrontEndSettings(kind="logmel40", mean=(mean,) * 40, scale=(0.1,) * 40, prior_frames=100_000)
        assert (batch_codes(samples, settings)[12:] == rail).all()


def test_raw_features_do_not_depend_on_chunks_either(speech_paths: list[Path]) -> None:
    """The floats before the codes are the same bits too: rounding to codes hides nothing."""
    samples = read_audio(speech_paths[0])
    whole = raw_features(samples, FrontEndSettings(kind="mfcc40"))
    for frame in (0, 5, len(whole) - 1):
        alone = raw_features(samples[160 * frame : 160 * frame + 400], FrontEndSettings(kind="mfcc40"))
        np.testing.assert_array_equal(alone[0], whole[frame])


@pytest.mark.parametrize("lag", [1, 3, 50])
def test_deltas_are_differences_to_a_frame_before(speech_paths: list[Path], lag: int) -> None:
    assert FrontEndSettings().delta_lag == 3
    features = raw_features(read_audio(speech_paths[0]), FrontEndSettings(delta_lag=lag))
    for n in range(min(60, len(features))):
        past = features[n - lag] if n >= lag else features[0]
        for k in range(20):
            assert features[n, 20 + k] == features[n, k] - past[k]


def test_a_long_sound_is_worked_on_1024_frames_at_a_time() -> None:
    samples = np.zeros(400_000)
    blocks = list(_blocks(samples))
    assert [len(block) for block in blocks] == [163_840, 163_840, 72_320]
    # Doubles are not copied.
    assert all(block.base is samples for block in blocks)


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
    ("bad", "kind", "message"),
    [
        (np.array([0.0, np.nan]), NonFiniteAudioError, "samples: NaN or infinite"),
        (np.array([-np.inf]), NonFiniteAudioError, "samples: NaN or infinite"),
        (np.array([0.0, -2e10]), NonFiniteAudioError, "samples: 2e+10 among them, expected at most 1e+10"),
        (np.zeros((500, 2)), SampleError, "samples: shape (500, 2), expected (samples,)"),
        (np.array(0.5), SampleError, "samples: shape (), expected (samples,)"),
        (
            np.zeros(500, np.int16),
            SampleError,
            "samples: dtype int16, expected floating-point numbers in -1..1",
        ),
    ],
)
def test_refused_samples_leave_no_trace(bad: np.ndarray, kind: type[FeatureError], message: str) -> None:
    samples, settings = excerpt("speech"), FrontEndSettings()
    stream = StreamingFrontEnd(settings)
    parts = [stream.push(samples[:1_234])]
    calls = (stream.push, partial(batch_codes, settings=settings), partial(raw_features, settings=settings))
    for refuse in calls:
        with pytest.raises(kind) as refused:
            refuse(bad)
        assert str(refused.value) == message
    parts.append(stream.push(samples[1_234:]))
    np.testing.assert_array_equal(np.concatenate(parts), batch_codes(samples, settings))


@pytest.mark.parametrize(
    ("samples", "milliseconds"), [(0, "0.0"), (1, "0.1"), (160, "10.0"), (393, "24.6"), (399, "24.9")]
)
def test_too_short_word_for_word(samples: int, milliseconds: str) -> None:
    for call in (batch_codes, raw_features):
        with pytest.raises(TooShortError) as refused:
            call(np.zeros(samples), FrontEndSettings())
        assert str(refused.value) == (
            f"sound of {samples} samples ({milliseconds} ms), expected at least 400 (25 ms, one window)"
        )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "plp"}, "kind is 'plp', expected one of mfcc20_delta, mfcc40, logmel40"),
        ({"delta_lag": 0}, "delta_lag is 0, expected an integer in 1..50"),
        ({"prior_frames": -1}, "prior_frames is -1, expected an integer in 0..100000"),
        ({"mean": (0.0,) * 39}, "mean: expected a tuple of 40 numbers"),
        ({"mean": (float("nan"),) * 40}, "mean: expected finite numbers"),
        ({"delta_lag": 51}, "delta_lag is 51, expected an integer in 1..50"),
        ({"steps_per_sigma": 1000.5}, "steps_per_sigma is 1000.5, expected a number in 0..1000"),
        ({"mean": (0.0,) * 39 + (1e6 + 0.5,)}, "mean has 1000000.5, expected numbers within +-1e6"),
        ({"scale": (1.0,) * 39 + (1e6 + 0.5,)}, "scale has 1000000.5, expected numbers in 1e-6..1e6"),
        ({"scale": (0.0,) * 40}, "scale has 0.0, expected numbers above 0"),
        ({"scale": (1.0,) * 39 + (-2.0,)}, "scale has -2.0, expected numbers above 0"),
        ({"scale": (1.0,) * 39 + (1e-9,)}, "scale has 1e-09, expected numbers in 1e-6..1e6"),
        ({"scale": (1.0,) * 39 + (1e7,)}, "scale has 10000000.0, expected numbers in 1e-6..1e6"),
        ({"scale": (float("inf"),) * 40}, "scale: expected finite numbers"),
        ({"mean": (float("-inf"),) * 40}, "mean: expected finite numbers"),
        ({"scale": [1.0] * 40}, "scale: expected a tuple of 40 numbers"),
        ({"mean": (0.0,) * 39 + (-1e300,)}, "mean has -1e+300, expected numbers within +-1e6"),
        ({"mean": ("0",) * 40}, "mean: expected finite numbers"),
        ({"mean": (True,) * 40}, "mean: expected finite numbers"),
        ({"delta_lag": True}, "delta_lag is True, expected an integer in 1..50"),
        ({"delta_lag": 3.0}, "delta_lag is 3.0, expected an integer in 1..50"),
        ({"prior_frames": 100_001}, "prior_frames is 100001, expected an integer in 0..100000"),
        ({"kind": ["mfcc40"]}, "kind is ['mfcc40'], expected one of mfcc20_delta, mfcc40, logmel40"),
        ({"steps_per_sigma": 0}, "steps_per_sigma is 0, expected a number in 0..1000"),
        ({"steps_per_sigma": float("nan")}, "steps_per_sigma is nan, expected a number in 0..1000"),
        ({"steps_per_sigma": "32"}, "steps_per_sigma is '32', expected a number in 0..1000"),
    ],
)
def test_settings_out_of_range(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        FrontEndSettings(**changes)
    assert str(refused.value) == f"front-end: {message}"


def test_defaults_are_the_documented_ones() -> None:
    defaults = FrontEndSettings().to_json()
    assert (defaults["kind"], defaults["delta_lag"]) == ("mfcc20_delta", 3)
    assert (defaults["prior_frames"], defaults["steps_per_sigma"]) == (100, 32.0)
    assert (defaults["mean"], defaults["scale"]) == ([0.0] * 40, [1.0] * 40)


@pytest.mark.parametrize(
    "changes",
    [
        {"delta_lag": 1},
        {"delta_lag": 50},
        {"prior_frames": 0},
        {"prior_frames": 100_000},
        {"mean": (0.0,) * 39 + (-1e6,)},
        {"mean": (1e6,) * 40},
        {"scale": (1e-6,) * 39 + (1e6,)},
        {"steps_per_sigma": 1000},
        {"steps_per_sigma": 0.5},
    ],
)
def test_settings_at_the_ends_of_their_ranges(changes: dict[str, Any]) -> None:
    settings = FrontEndSettings(**changes)
    assert all(getattr(settings, name) == value for name, value in changes.items())


def test_settings_round_trip() -> None:
    mean, scale = tuple(np.random.default_rng(0).normal(size=40)), tuple(np.linspace(0.1, 1 / 3, 40))
    settings = FrontEndSettings(kind="logmel40", mean=mean, scale=scale, delta_lag=2, prior_frames=7, steps_per_sigma=9)
    # Through the text, so that every field is a JSON type and every float comes back to the bit.
    assert FrontEndSettings.from_json(json.loads(json.dumps(settings.to_json()))) == settings
    assert FrontEndSettings.from_json(FrontEndSettings().to_json()) == FrontEndSettings()
    assert settings.replace(kind="mfcc40") == FrontEndSettings.from_json(settings.to_json() | {"kind": "mfcc40"})
    with pytest.raises(SettingsError):
        settings.replace(delta_lag=0)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (FrontEndSettings().to_json() | {"window": 3}, "unknown fields ['window'], missing []"),
        (
            {"kind": "mfcc40", "mean": [0.0] * 40},
            "unknown fields [], missing ['delta_lag', 'prior_frames', 'scale', 'steps_per_sigma']",
        ),
        ({1: 2} | FrontEndSettings().to_json(), "unknown fields ['1'], missing []"),
        (FrontEndSettings().to_json() | {"mean": 0.0}, "mean: expected a tuple of 40 numbers"),
        (FrontEndSettings().to_json() | {"mean": [[0.0]] * 40}, "mean: expected finite numbers"),
        (FrontEndSettings().to_json() | {"scale": [None] * 40}, "scale: expected finite numbers"),
        ([1, 2], "settings are [1, 2], expected an object with fields"),
        (None, "settings are None, expected an object with fields"),
    ],
)
def test_json_refusals(fields: Any, message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        FrontEndSettings.from_json(fields)
    assert str(refused.value) == f"front-end: {message}"


NUMBERS = (10**400, -(10**400), 10**5000, float("nan"), float("inf"), "1", None, True, [1.0])


@pytest.mark.parametrize("field", ["kind", "delta_lag", "mean", "scale", "prior_frames", "steps_per_sigma"])
def test_settings_of_any_value_are_refused_in_a_short_sentence(field: str) -> None:
    fields = FrontEndSettings().to_json()
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    for value in (*NUMBERS, deep, "x" * 100_000, {"a": deep}):
        for given_value in (value, [value] * 40):
            with pytest.raises(SettingsError) as refused:
                FrontEndSettings.from_json({**fields, field: given_value})
            assert str(refused.value).startswith("front-end: ")
            assert len(str(refused.value)) < 300
    for whole in (deep, 10**5000, {("a",): 1}, {"x" * 100_000: 1}, dict.fromkeys(range(10_000), 1)):
        with pytest.raises(SettingsError) as refused:
            FrontEndSettings.from_json(whole)  # type: ignore[arg-type]
        assert len(str(refused.value)) < 300


def test_integers_are_numbers() -> None:
    assert FrontEndSettings(mean=(1,) * 40, scale=(2,) * 40, steps_per_sigma=32).scale[0] == 2
