"""Sound files to 16-kHz mono: WAV, FLAC and NIST SPHERE of any rate and channel count."""

from __future__ import annotations

import os
import struct
from math import gcd
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

from features.errors import (
    EmptyAudioError,
    NonFiniteAudioError,
    TruncatedAudioError,
    UnreadableAudioError,
)

SAMPLE_RATE_HZ = 16_000
# What a writer to a pipe leaves in a RIFF size field, not knowing the length yet.
_UNKNOWN_SIZES = (0, 0xFFFFFFFF, 0x7FFFFFFF)


def read_audio(path: str | os.PathLike[str]) -> np.ndarray:
    """Read a sound file as 16-kHz mono.

    Channels are averaged; other rates are resampled with scipy's polyphase filter. A silent or constant (DC-only) file
    is read like any other: the front-end makes finite codes of it.

    Parameters
    ----------
    path : path-like
        WAV, FLAC or NIST SPHERE (uncompressed or mu-law).

    Returns
    -------
    np.ndarray [shape=(samples,), dtype=float64]
        In [-1, 1] for integer files; resampling may overshoot slightly.

    Raises
    ------
    UnreadableAudioError, EmptyAudioError, TruncatedAudioError, NonFiniteAudioError
        Each names the file.
    """
    path = Path(path)
    if not path.is_file():
        raise UnreadableAudioError(f"{path}: no such sound file")
    if path.stat().st_size == 0:
        raise EmptyAudioError(f"{path}: the file is empty")
    _check_length(path)
    try:
        with soundfile.SoundFile(path) as sound:
            claimed, rate = sound.frames, sound.samplerate
            samples = sound.read(dtype="float64", always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise UnreadableAudioError(f"{path}: not a readable WAV, FLAC or NIST SPHERE file: {error}") from error
    if len(samples) < claimed:
        raise TruncatedAudioError(f"{path}: ends after {len(samples)} of {claimed} samples")
    if not len(samples):
        raise EmptyAudioError(f"{path}: no samples")
    if not np.isfinite(samples).all():
        raise NonFiniteAudioError(f"{path}: has samples that are NaN or infinite")
    mono = samples.mean(axis=1)
    if rate != SAMPLE_RATE_HZ:
        common = gcd(rate, SAMPLE_RATE_HZ)
        mono = resample_poly(mono, SAMPLE_RATE_HZ // common, rate // common)
    return np.ascontiguousarray(mono)


def _check_length(path: Path) -> None:
    """Compare what a RIFF or SPHERE header claims with the file's size; libsndfile reads short files silently."""
    size = path.stat().st_size
    with path.open("rb") as handle:
        head = handle.read(1024)
        if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
            handle.seek(12)
            while len(chunk := handle.read(8)) == 8:
                name, length = struct.unpack("<4sI", chunk)
                if name == b"data":
                    present = size - handle.tell()
                    if length not in _UNKNOWN_SIZES and present < length:
                        raise TruncatedAudioError(f"{path}: ends after {present} of {length} bytes of samples")
                    return
                handle.seek(length + (length & 1), os.SEEK_CUR)
            raise TruncatedAudioError(f"{path}: ends before its samples (no data chunk)")
    if head[:7] == b"NIST_1A":
        _check_sphere(path, head, size)


def _check_sphere(path: Path, head: bytes, size: int) -> None:
    fields: dict[str, str] = {}
    for line in head.decode("latin-1").splitlines()[2:]:
        if line.strip() == "end_head":
            break
        parts = line.split(None, 2)
        if len(parts) == 3:
            fields[parts[0]] = parts[2].strip()
    coding = fields.get("sample_coding", "pcm")
    if "shorten" in coding or "shortpack" in coding or "wavpack" in coding:
        raise UnreadableAudioError(
            f"{path}: SPHERE with {coding!r} coding; uncompress it first (w_decode -o pcm, or sph2pipe)"
        )
    try:
        header_bytes = int(head.splitlines()[1])
        claimed = int(fields["sample_count"])
        frame_bytes = int(fields.get("sample_n_bytes", "2")) * int(fields.get("channel_count", "1"))
    except (KeyError, ValueError, IndexError) as error:
        raise UnreadableAudioError(f"{path}: malformed SPHERE header: {error}") from error
    present = (size - header_bytes) // frame_bytes
    if claimed == 0:
        raise EmptyAudioError(f"{path}: no samples")
    if present < claimed:
        raise TruncatedAudioError(f"{path}: ends after {max(0, present)} of {claimed} samples")
