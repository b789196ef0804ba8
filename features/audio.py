"""Sound files to 16-kHz mono: WAV, FLAC and NIST SPHERE of any rate and channel count."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from features.decoding import decoded_blocks
from features.errors import LevelError, NonFiniteAudioError, TooLongError, UnreadableAudioError
from features.resampling import LARGEST_TERM, resampled, resampled_count
from features.sound_format import SoundHeader
from features.sound_header import open_sound
from files.errors import FileError
from files.limits import check_size

SAMPLE_RATE_HZ = 16_000
# Beyond this the power spectrum could overflow.
LARGEST_SAMPLE = 1e10
# Floats reach full scale, 1, and overshoot it a little when they were mixed, resampled or decoded from MP3. Eight times
# as much (18 dB) is another scale, mostly that of 16-bit integers, and would give other phones.
LARGEST_OVERSHOOT = 8.0


def read_audio(path: str | os.PathLike[str]) -> np.ndarray:
    """Read a sound file as 16-kHz mono.

    Channels are averaged; other rates are resampled with scipy's polyphase filter. A silent or constant (DC-only) file
    is read like any other: the front-end makes finite codes of it. What the file is says its content, not its name.

    The file is decoded, mixed and resampled block by block, so that memory is the result, 8 bytes a sample, and at most
    8 MB beside it, whatever the length and the channels; at rates in no simple ratio to 16,000 the filter comes to
    that (`features.resampling`: at most 190 MB). What the result will take is compared with ``$RSNN_MAX_MB`` before
    anything is decoded.

    Parameters
    ----------
    path : path-like
        WAV (PCM, floats, mu-law or A-law), FLAC or NIST SPHERE (uncompressed, mu-law or A-law), 1 to 768 kHz. A WAV
        header that leaves the length open, as one written to a pipe does, is taken to mean the rest of the file.

    Returns
    -------
    np.ndarray [shape=(samples,), dtype=float64]
        In [-1, 1] for integer files; resampling may overshoot slightly.

    Raises
    ------
    UnreadableAudioError, EmptyAudioError, TruncatedAudioError, NonFiniteAudioError
        Each names the file.
    TooLongError
        The result would be larger than allowed.
    LevelError
        Floats beyond 8, eight times full scale.
    """
    path = Path(path)
    with open_sound(path) as (file, header):
        ratio = Fraction(SAMPLE_RATE_HZ, header.rate_hz)
        if ratio.denominator > LARGEST_TERM:
            raise UnreadableAudioError(
                f"{path}: sample rate is {header.rate_hz} Hz, in no simple ratio to {SAMPLE_RATE_HZ}; resample it first"
            )
        count = resampled_count(header.frames, ratio)
        try:
            check_size(path, f"{header.seconds:,.0f} s of sound, at {SAMPLE_RATE_HZ} Hz an array", 8 * count)
            samples = np.empty(count)
        except FileError as error:
            raise TooLongError(str(error)) from error
        except MemoryError as error:
            raise TooLongError(f"{path}: no memory for an array of {8 * count:,} bytes") from error
        mixed = (block.mean(axis=1) for block in _checked(path, decoded_blocks(path, file, header), header))
        at = 0
        for block in resampled(mixed, ratio):
            samples[at : at + len(block)] = block
            at += len(block)
        return samples


def _checked(path: Path, blocks: Iterator[np.ndarray], header: SoundHeader) -> Iterator[np.ndarray]:
    """Pass blocks on, or raise at the first sample that is no number or of another scale."""
    for block in blocks:
        if header.is_float:
            largest = float(np.abs(block).max())
            if not np.isfinite(largest):
                raise NonFiniteAudioError(f"{path}: has samples that are NaN or infinite")
            if largest > LARGEST_SAMPLE:
                raise NonFiniteAudioError(
                    f"{path}: has a sample of {largest:.3g}, expected at most {LARGEST_SAMPLE:.0e}"
                )
            if largest > LARGEST_OVERSHOOT:
                raise LevelError(
                    f"{path}: has a floating-point sample of {largest:.6g}, expected a full scale of 1 (at most "
                    f"{LARGEST_OVERSHOOT:g}); divide them by that of theirs, 32768 for 16-bit integers"
                )
        yield block
