"""The front-end: sound to signed 8-bit codes, in one piece or as a stream, the same bits either way."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from features.audio import LARGEST_SAMPLE, SAMPLE_RATE_HZ
from features.cepstra import (
    FRAMES_AT_ONCE,
    HOP_SAMPLES,
    MEL_BANDS,
    WINDOW_SAMPLES,
    frame_count,
    log_mel_and_cepstra,
)
from features.errors import NonFiniteAudioError, SampleError, SettingsError, TooShortError, shown_value
from features.normalisation import RunningNormalisation

KINDS = ("mfcc20_delta", "mfcc40", "logmel40")
FEATURES = 40
# Far beyond any corpus, and far from where a sum of frames would overflow.
LARGEST_MEAN, LEAST_SCALE = 1e6, 1e-6
# What is worked on at a time, however many are given.
_BLOCK_SAMPLES = FRAMES_AT_ONCE * HOP_SAMPLES


@dataclass(frozen=True, kw_only=True)
class FrontEndSettings:
    """What the front-end computes.

    Parameters
    ----------
    kind : {"mfcc20_delta", "mfcc40", "logmel40"}
        20 MFCC and their causal deltas, 40 MFCC, or 40 log-mel energies (conventions: ``features.cepstra``).
    delta_lag : int
        A delta is x[n] - x[n - delta_lag]; before that many frames the first frame stands in for the missing ones.
    mean, scale : tuple of float
        Corpus mean and standard deviation of each of the 40 features, in their own units (dB for log-mel); means
        within +-1e6, scales in 1e-6..1e6.
    prior_frames : int
        Weight of `mean` in the running mean.
    steps_per_sigma : float
        Codes a standard deviation.

    Raises
    ------
    SettingsError
        Names the field and its range.
    """

    kind: str = "mfcc20_delta"
    delta_lag: int = 3
    mean: tuple[float, ...] = (0.0,) * FEATURES
    scale: tuple[float, ...] = (1.0,) * FEATURES
    prior_frames: int = 100
    steps_per_sigma: float = 32.0

    def __post_init__(self) -> None:
        if not isinstance(self.kind, str) or self.kind not in KINDS:
            raise SettingsError(f"front-end: kind is {shown_value(self.kind)}, expected one of {', '.join(KINDS)}")
        for name, low, high in (("delta_lag", 1, 50), ("prior_frames", 0, 100_000)):
            value = getattr(self, name)
            if type(value) is not int or not low <= value <= high:
                raise SettingsError(f"front-end: {name} is {shown_value(value)}, expected an integer in {low}..{high}")
        for name in ("mean", "scale"):
            values = getattr(self, name)
            if not isinstance(values, tuple) or len(values) != FEATURES:
                raise SettingsError(f"front-end: {name}: expected a tuple of {FEATURES} numbers")
            if not all(map(_is_finite, values)):
                raise SettingsError(f"front-end: {name}: expected finite numbers")
        largest = max(self.mean, key=abs)
        if abs(largest) > LARGEST_MEAN:
            raise SettingsError(f"front-end: mean has {shown_value(largest)}, expected numbers within +-1e6")
        if min(self.scale) <= 0:
            raise SettingsError(f"front-end: scale has {shown_value(min(self.scale))}, expected numbers above 0")
        for value in self.scale:
            if not LEAST_SCALE <= value <= LARGEST_MEAN:
                raise SettingsError(f"front-end: scale has {shown_value(value)}, expected numbers in 1e-6..1e6")
        steps = self.steps_per_sigma
        if not _is_finite(steps) or not 0 < steps <= 1000:
            raise SettingsError(f"front-end: steps_per_sigma is {shown_value(steps)}, expected a number in 0..1000")

    def replace(self, **changes: Any) -> FrontEndSettings:
        """Return a copy with `changes`, validated anew."""
        return dataclasses.replace(self, **changes)

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON types."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in dataclasses.asdict(self).items()
        }

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> FrontEndSettings:
        """Build from `to_json`'s dictionary.

        Raises
        ------
        SettingsError
            An unknown or missing field, or one out of range.
        """
        if not isinstance(fields, dict):
            raise SettingsError(f"front-end: settings are {shown_value(fields)}, expected an object with fields")
        known = {field.name for field in dataclasses.fields(cls)}
        if set(fields) != known:
            unknown, missing = sorted(map(_name, set(fields) - known)), sorted(known - set(fields))
            raise SettingsError(f"front-end: unknown fields {shown_value(unknown)}, missing {missing}")
        values: dict[str, Any] = {}
        for name, value in fields.items():
            values[name] = tuple(value) if isinstance(value, list) else value
        return cls(**values)


def _is_finite(value: object) -> bool:
    # A comparison, since an integer may be too long for a float; a NaN is in no range.
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -math.inf < value < math.inf


def _name(field: object) -> str:
    return field if isinstance(field, str) else shown_value(field)


class StreamingFrontEnd:
    """Give the codes of each frame as soon as its last sample has come.

    There is nothing to flush: a frame that the sound does not fill is not given, as in `batch_codes`.

    Parameters
    ----------
    settings : FrontEndSettings
    """

    def __init__(self, settings: FrontEndSettings) -> None:
        self.settings = settings
        self._features = _RawFeatures(settings)
        self._normalise = RunningNormalisation(
            np.array(settings.mean),
            np.array(settings.scale),
            prior_frames=settings.prior_frames,
            steps_per_sigma=settings.steps_per_sigma,
        )

    def push(self, chunk: np.ndarray) -> np.ndarray:
        """Take the next samples, any number of them; return the codes of the frames that they complete.

        Parameters
        ----------
        chunk : np.ndarray [shape=(samples,), dtype=floating]
            16 kHz mono in [-1, 1].

        Returns
        -------
        np.ndarray [shape=(frames, 40), dtype=int8]

        Raises
        ------
        SampleError
            Not one-dimensional, or integers (whose scale is unknown).
        NonFiniteAudioError
            NaN or infinite samples, or beyond 1e10 (their power might be). After any error the state is as it was.
        """
        samples = _checked_samples(chunk)
        codes, done = np.empty((self._features.frames_after(len(samples)), FEATURES), np.int8), 0
        for block in _blocks(samples):
            found = self._normalise.push(self._features.push(block))
            codes[done : done + len(found)] = found
            done += len(found)
        return codes


def batch_codes(samples: np.ndarray, settings: FrontEndSettings) -> np.ndarray:
    """Return the codes of a whole utterance.

    Memory beside samples and codes is that of 1,024 frames, some MB, however long the sound is.

    Parameters
    ----------
    samples : np.ndarray [shape=(samples,), dtype=floating]
        16 kHz mono in [-1, 1].
    settings : FrontEndSettings

    Returns
    -------
    np.ndarray [shape=(frames, 40), dtype=int8]
        ``1 + (samples - 400) // 160`` frames.

    Raises
    ------
    TooShortError
        Less than one window.
    SampleError, NonFiniteAudioError
        As `StreamingFrontEnd.push`.
    """
    samples = _checked_samples(samples)
    _check_duration(samples)
    return StreamingFrontEnd(settings).push(samples)


def raw_features(samples: np.ndarray, settings: FrontEndSettings) -> np.ndarray:
    """Return the features of a whole utterance before normalisation, for corpus statistics and plots.

    Returns
    -------
    np.ndarray [shape=(frames, 40), dtype=float64]

    Raises
    ------
    TooShortError, SampleError, NonFiniteAudioError
        As `batch_codes`.
    """
    samples = _checked_samples(samples)
    _check_duration(samples)
    stream = _RawFeatures(settings)
    features, done = np.empty((stream.frames_after(len(samples)), FEATURES)), 0
    for block in _blocks(samples):
        found = stream.push(block)
        features[done : done + len(found)] = found
        done += len(found)
    return features


def _blocks(samples: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the samples of some frames at a time, as float64."""
    for start in range(0, len(samples), _BLOCK_SAMPLES):
        yield samples[start : start + _BLOCK_SAMPLES].astype(np.float64, copy=False)


def _checked_samples(samples: np.ndarray) -> np.ndarray:
    """Return the samples as an array, or raise."""
    samples = np.asarray(samples)
    if samples.ndim != 1:
        raise SampleError(f"samples: shape {samples.shape}, expected (samples,)")
    if samples.dtype.kind != "f":
        raise SampleError(f"samples: dtype {samples.dtype}, expected floating-point numbers in -1..1")
    for block in _blocks(samples):
        largest = float(np.abs(block).max())
        if not math.isfinite(largest):
            raise NonFiniteAudioError("samples: NaN or infinite")
        if largest > LARGEST_SAMPLE:
            raise NonFiniteAudioError(f"samples: {largest:.3g} among them, expected at most {LARGEST_SAMPLE:.0e}")
    return samples


def _check_duration(samples: np.ndarray) -> None:
    if not frame_count(len(samples)):
        milliseconds = 1000 * len(samples) / SAMPLE_RATE_HZ
        raise TooShortError(
            f"sound of {len(samples)} samples ({milliseconds:.1f} ms), expected at least {WINDOW_SAMPLES} "
            f"({1000 * WINDOW_SAMPLES / SAMPLE_RATE_HZ:.0f} ms, one window)"
        )


class _RawFeatures:
    """Features before normalisation, as a stream."""

    def __init__(self, settings: FrontEndSettings) -> None:
        self.settings = settings
        self._rest = np.zeros(0)
        self._past: np.ndarray | None = None

    def frames_after(self, samples: int) -> int:
        """Return how many frames `samples` more samples complete."""
        return frame_count(len(self._rest) + samples)

    def push(self, chunk: np.ndarray) -> np.ndarray:
        """Return the features of the frames that checked samples, float64, complete."""
        samples = np.concatenate([self._rest, chunk])
        frames = frame_count(len(samples))
        self._rest = samples[frames * HOP_SAMPLES :].copy()
        coefficients = {"mfcc20_delta": 20, "mfcc40": MEL_BANDS, "logmel40": 0}[self.settings.kind]
        log_mel, cepstra = log_mel_and_cepstra(samples, coefficients)
        if self.settings.kind == "logmel40":
            return log_mel
        if self.settings.kind == "mfcc40" or not frames:
            return cepstra if frames else np.zeros((0, FEATURES))
        lag = self.settings.delta_lag
        past = np.repeat(cepstra[:1], lag, axis=0) if self._past is None else self._past
        history = np.concatenate([past, cepstra])
        self._past = history[-lag:]
        return np.hstack([cepstra, cepstra - history[:-lag]])
