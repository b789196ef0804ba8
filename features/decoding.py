"""Samples of a sound file, block by block, as its checked header says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile

from features.errors import TruncatedAudioError, UnreadableAudioError
from features.sound_format import Coding, SoundHeader

# Values (samples of all channels) decoded at a time: half a megabyte of them as doubles.
_BLOCK_VALUES = 1 << 16


def decoded_blocks(path: Path, file: BinaryIO, header: SoundHeader) -> Iterator[np.ndarray]:
    """Yield the samples, some at a time; integers are scaled to -1..1, floats are as they are.

    WAV and SPHERE are decoded here, from the fields of `header` alone; FLAC by libsndfile, whose own reading of the
    header must agree with it.

    Parameters
    ----------
    path : Path
        For messages.
    file : binary file
    header : SoundHeader

    Yields
    ------
    np.ndarray [shape=(samples, channels), dtype=float64]
        At most 65,536 values, or one sample of each channel; `header.frames` samples a channel in all.

    Raises
    ------
    TruncatedAudioError, UnreadableAudioError
        The file ends or is damaged before that. Names it.
    """
    at_once = max(1, _BLOCK_VALUES // header.channels)
    if header.coding.kind == "flac":
        yield from _flac_blocks(path, file, header, at_once)
        return
    frame_bytes = header.channels * header.coding.sample_bytes
    file.seek(header.data_at)
    for count in range(0, header.frames, at_once):
        wanted = min(at_once, header.frames - count)
        stored = file.read(wanted * frame_bytes)
        if len(stored) < wanted * frame_bytes:
            # It was longer when its header was read.
            got = count + len(stored) // frame_bytes
            raise TruncatedAudioError(f"{path}: ends after {got} of {header.frames} samples")
        yield decoded(stored, header.coding).reshape(-1, header.channels)


def decoded(stored: bytes, coding: Coding) -> np.ndarray:
    """Return samples as numbers; full scale is 1.

    Parameters
    ----------
    stored : bytes
        A whole number of samples.
    coding : Coding
        Any but FLAC.

    Returns
    -------
    np.ndarray [shape=(samples,), dtype=float64]
        The doubles that libsndfile gives.
    """
    order, width = ">" if coding.big_endian else "<", coding.sample_bytes
    if coding.kind in ("ulaw", "alaw"):
        return _law_table(coding.kind == "ulaw")[np.frombuffer(stored, np.uint8)]
    if coding.kind == "float":
        # A signalling NaN would warn; it is refused as any other.
        with np.errstate(invalid="ignore"):
            return np.frombuffer(stored, f"{order}f{width}").astype(np.float64)
    if coding.kind == "unsigned":
        return (np.frombuffer(stored, np.uint8) - 128.0) / 128
    if width == 3:
        # The three bytes as the upper ones of four.
        padded = np.zeros((len(stored) // 3, 4), np.uint8)
        target = padded[:, :3] if coding.big_endian else padded[:, 1:]
        target[:] = np.frombuffer(stored, np.uint8).reshape(-1, 3)
        return padded.view(f"{order}i4")[:, 0] / 2.0**31
    return np.frombuffer(stored, f"{order}i{width}") / 2.0 ** (8 * width - 1)


@cache
def _law_table(is_mu_law: bool) -> np.ndarray:
    """Return the 256 values of mu-law or A-law (ITU-T G.711)."""
    # The bits of a code are stored inverted: all of mu-law's, every other one of A-law's.
    code = np.arange(256) ^ (0xFF if is_mu_law else 0x55)
    exponent, mantissa = code >> 4 & 7, code & 15
    if is_mu_law:
        size = ((mantissa << 3) + 0x84 << exponent) - 0x84
        is_negative = code >= 128
    else:
        size = np.where(exponent > 0, ((mantissa << 4) + 0x108) << np.maximum(exponent, 1) - 1, (mantissa << 4) + 8)
        is_negative = code < 128
    return np.where(is_negative, -size, size) / 2.0**15


def _flac_blocks(path: Path, file: BinaryIO, header: SoundHeader, at_once: int) -> Iterator[np.ndarray]:
    os.lseek(file.fileno(), 0, os.SEEK_SET)
    try:
        # By its descriptor: libsndfile would print what a Python object raises.
        sound = soundfile.SoundFile(file.fileno(), closefd=False)
    except (soundfile.SoundFileError, RuntimeError) as error:
        raise UnreadableAudioError(f"{path}: not a readable FLAC file: {_reason(error)}") from error
    with sound:
        read = sound.format, sound.samplerate, sound.channels, sound.frames
        if read != ("FLAC", header.rate_hz, header.channels, header.frames):
            raise UnreadableAudioError(f"{path}: malformed FLAC header: libsndfile reads it as {read}")
        count = 0
        try:
            while count < header.frames:
                block = sound.read(min(at_once, header.frames - count), dtype="float64", always_2d=True)
                if not len(block):
                    break
                count += len(block)
                yield block
        except (soundfile.SoundFileError, RuntimeError) as error:
            raise TruncatedAudioError(
                f"{path}: cut short or damaged, cannot be decoded after {count} of {header.frames} samples: "
                f"{_reason(error)}"
            ) from error
        if count < header.frames:
            raise TruncatedAudioError(f"{path}: ends after {count} of {header.frames} samples")


def _reason(error: Exception) -> str:
    """Return libsndfile's reason without soundfile's prefix, which names a descriptor."""
    return str(getattr(error, "error_string", error)).rstrip(".")
