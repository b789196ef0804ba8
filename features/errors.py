"""Errors that the front-end and the corpus readers raise; each message names the file and what was expected."""


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


class SampleError(FeatureError):
    """Samples of another shape or type than the front-end takes."""


class SettingsError(FeatureError):
    """Front-end settings out of range."""


class CorpusError(FeatureError):
    """A corpus, or a file of it, that is missing or malformed."""
