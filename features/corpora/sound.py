"""What a sound file's header says, compared with the file's size: cheap, since nothing is decoded."""

from __future__ import annotations

import io
import mmap
from pathlib import Path
from typing import cast

import soundfile

from features import audio
from features.errors import EmptyAudioError, UnreadableAudioError


def sound_seconds(path: Path) -> float:
    """Return the duration of a sound file by its header.

    What it refuses, `features.audio.read_audio` refuses as well, and mostly in the same words. Damage that only
    decoding shows (a FLAC file cut short, samples that are NaN) passes here.

    Parameters
    ----------
    path : Path
        WAV, FLAC or NIST SPHERE.

    Returns
    -------
    float
        Seconds.

    Raises
    ------
    UnreadableAudioError, EmptyAudioError, TruncatedAudioError
        Each names the file.
    """
    if not path.is_file():
        raise UnreadableAudioError(f"{path}: no such sound file")
    try:
        if not path.stat().st_size:
            raise EmptyAudioError(f"{path}: the file is empty")
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            # A map is sliced and measured like bytes, but only the header's pages are read.
            return _seconds(path, cast(bytes, mapped))
    except OSError as error:
        raise UnreadableAudioError(f"{path}: cannot be read ({error.strerror})") from error


def _seconds(path: Path, content: bytes) -> float:
    samples: int | None = None
    opened: Path | io.BytesIO = path
    if content[:4] in (b"RIFF", b"RIFX") and content[8:12] == b"WAVE":
        measured = audio._with_known_length(path, content)
        if measured is not content:
            opened = io.BytesIO(measured)
    elif content[:7] == b"NIST_1A":
        samples = audio._sphere_samples(path, content)
    try:
        header = soundfile.info(opened)
    except (soundfile.SoundFileError, RuntimeError) as error:
        reason = audio._reason(error)
        raise UnreadableAudioError(f"{path}: not a readable WAV, FLAC or NIST SPHERE file: {reason}") from error
    if header.format not in audio._FORMATS:
        raise UnreadableAudioError(f"{path}: is {header.format}, expected WAV, FLAC or NIST SPHERE")
    lowest, highest = audio.LOWEST_RATE_HZ, audio.HIGHEST_RATE_HZ
    if not lowest <= header.samplerate <= highest:
        raise UnreadableAudioError(f"{path}: sample rate is {header.samplerate} Hz, expected {lowest}..{highest}")
    if header.frames >= audio._UNKNOWN_COUNT:
        raise UnreadableAudioError(f"{path}: {header.format} header without a number of samples; write it anew")
    if not header.frames:
        raise EmptyAudioError(f"{path}: no samples")
    return (header.frames if samples is None else samples) / header.samplerate
