"""What a sound file's header comes to, whatever its format: rate, channels, length and the coding of the samples."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from features.errors import EmptyAudioError, UnreadableAudioError

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 1_000, 768_000
MOST_CHANNELS = 1024

Kind = Literal["signed", "unsigned", "float", "ulaw", "alaw", "flac"]


class Coding(NamedTuple):
    """How a sample is stored.

    Parameters
    ----------
    kind : {"signed", "unsigned", "float", "ulaw", "alaw", "flac"}
    sample_bytes : int
        1 to 4 of an integer, 4 or 8 of a float; 0 in FLAC.
    big_endian : bool
    """

    kind: Kind
    sample_bytes: int
    big_endian: bool = False


@dataclass(frozen=True, kw_only=True)
class SoundHeader:
    """A header that has been checked; nothing else decides how its file is decoded.

    Parameters
    ----------
    form : {"WAV", "FLAC", "NIST SPHERE"}
    rate_hz : int
        1,000 to 768,000.
    channels : int
        1 to 1,024.
    frames : int
        Samples a channel, at least 1.
    coding : Coding
    data_at : int
        The byte of the file at which the samples begin; in FLAC, the first frame.
    """

    form: str
    rate_hz: int
    channels: int
    frames: int
    coding: Coding
    data_at: int

    @property
    def seconds(self) -> float:
        """Duration."""
        return self.frames / self.rate_hz

    @property
    def is_float(self) -> bool:
        """Whether samples may lie beyond full scale."""
        return self.coding.kind == "float"


def checked_header(path: Path, header: SoundHeader) -> SoundHeader:
    """Return a header whose numbers are in range.

    Raises
    ------
    UnreadableAudioError, EmptyAudioError
        Names the file and the number.
    """
    if not LOWEST_RATE_HZ <= header.rate_hz <= HIGHEST_RATE_HZ:
        raise UnreadableAudioError(
            f"{path}: sample rate is {header.rate_hz} Hz, expected {LOWEST_RATE_HZ}..{HIGHEST_RATE_HZ}"
        )
    if not 1 <= header.channels <= MOST_CHANNELS:
        raise UnreadableAudioError(f"{path}: has {header.channels} channels, expected 1..{MOST_CHANNELS}")
    if header.frames < 1:
        raise EmptyAudioError(f"{path}: no samples")
    return header
