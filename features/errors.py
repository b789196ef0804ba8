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
    """A sound file that ends before its header says."""


class NonFiniteAudioError(AudioError):
    """Samples that are NaN or infinite."""


class TooShortError(AudioError):
    """Less sound than one analysis window."""


class SettingsError(FeatureError):
    """Front-end settings out of range."""


class CorpusError(FeatureError):
    """A corpus, or a file of it, that is missing or malformed."""
