"""Errors that the front-end and the corpus readers raise; each message names the file and what was expected."""

from __future__ import annotations

import reprlib
from pathlib import Path
from typing import NamedTuple


class FeatureError(ValueError):
    """Base of every error raised by ``features``."""


class AudioError(FeatureError):
    """A sound file that cannot be turned into samples."""


class UnreadableAudioError(AudioError):
    """Missing, or in no format that is read (WAV, FLAC, NIST SPHERE)."""


class EmptyAudioError(AudioError):
    """A sound file without a sample."""


class TruncatedAudioError(AudioError):
    """A sound file that ends, or can no longer be decoded, before its header says."""


class NonFiniteAudioError(AudioError):
    """Samples that are NaN, infinite, or so large that their power might be."""


class TooShortError(AudioError):
    """Less sound than one analysis window."""


class TooLongError(AudioError):
    """More sound than may be held in memory (``$RSNN_MAX_MB``)."""


class LevelError(AudioError):
    """Samples of another scale than full scale, or so much at the codes' limits that phones mean nothing."""


class SampleError(FeatureError):
    """Samples of another shape or type than the front-end takes."""


class SettingsError(FeatureError):
    """Front-end settings out of range."""


class CorpusError(FeatureError):
    """A corpus, or a file of it, that is missing or malformed."""


class CacheError(FeatureError):
    """A folder that cannot hold the feature cache, or an entry that can be neither read nor written."""


def shown_value(value: object) -> str:
    """Return a value as a message shows it: shortened, however long or deep it is."""
    try:
        return reprlib.repr(value)[:80]
    except ValueError:
        # A number of more digits than Python writes.
        return f"a {type(value).__name__} of thousands of digits"


class Damage(NamedTuple):
    """What was left out because it is missing or damaged.

    Parameters
    ----------
    path : Path
        The sound file (or the speaker's folder, where it holds none).
    reason : str
    """

    path: Path
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


def leave_out(damage: list[Damage] | None, path: Path, error: FeatureError) -> None:
    """Note that `path` is left out because of `error`, or raise where nothing may be left out.

    Parameters
    ----------
    damage : list of Damage or None
        None: raise `error`.
    path : Path
    error : FeatureError
    """
    if damage is None:
        raise error
    damage.append(Damage(path, str(error).removeprefix(f"{path}: ")))
