"""Sound files to 16-kHz mono: WAV, FLAC and NIST SPHERE of any rate and channel count."""

from __future__ import annotations

import io
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
LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 1_000, 768_000
# Float files may be scaled to 16- or 32-bit integers instead of 1; beyond this the power spectrum could overflow.
LARGEST_SAMPLE = 1e10

_FORMATS = ("WAV", "WAVEX", "FLAC", "NIST")
# Writers to a pipe do not know the length yet: FFmpeg leaves 0xFFFFFFFF, SoX 0x7FFFF000, others 0x7FFFFFFF.
_LEAST_PLACEHOLDER = 0x7FFF0000
# A FLAC written to a pipe leaves the number of samples open; libsndfile gives 2^63 - 1 for it.
_UNKNOWN_COUNT = 1 << 40
_BLOCK = 1 << 16


def read_audio(path: str | os.PathLike[str]) -> np.ndarray:
    """Read a sound file as 16-kHz mono.

    Channels are averaged; other rates are resampled with scipy's polyphase filter. A silent or constant (DC-only) file
    is read like any other: the front-end makes finite codes of it. What the file is says its content, not its name.

    Parameters
    ----------
    path : path-like
        WAV, FLAC or NIST SPHERE (uncompressed, mu-law or A-law), 1 to 768 kHz. A WAV header that leaves the length
        open, as one written to a pipe does, is taken to mean the rest of the file.

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
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableAudioError(f"{path}: cannot be read ({error.strerror})") from error
    if not content:
        raise EmptyAudioError(f"{path}: the file is empty")
    most: int | None = None
    if content[:4] in (b"RIFF", b"RIFX") and content[8:12] == b"WAVE":
        content = _with_known_length(path, content)
    elif content[:7] == b"NIST_1A":
        most = _sphere_samples(path, content)
    samples, rate = _decode(path, content)
    # libsndfile reads SPHERE to the end of the file, whatever follows the samples.
    samples = samples[:most]
    if not len(samples):
        raise EmptyAudioError(f"{path}: no samples")
    if not np.isfinite(samples).all():
        raise NonFiniteAudioError(f"{path}: has samples that are NaN or infinite")
    if np.abs(samples).max() > LARGEST_SAMPLE:
        raise NonFiniteAudioError(
            f"{path}: has a sample of {np.abs(samples).max():.3g}, expected at most {LARGEST_SAMPLE:.0e}"
        )
    mono = samples.mean(axis=1)
    if rate != SAMPLE_RATE_HZ:
        common = gcd(rate, SAMPLE_RATE_HZ)
        mono = resample_poly(mono, SAMPLE_RATE_HZ // common, rate // common)
    return np.ascontiguousarray(mono)


def _decode(path: Path, content: bytes) -> tuple[np.ndarray, int]:
    """Return samples [samples, channels] and rate in Hz."""
    try:
        sound = soundfile.SoundFile(io.BytesIO(content))
    except (soundfile.SoundFileError, RuntimeError) as error:
        raise UnreadableAudioError(f"{path}: not a readable WAV, FLAC or NIST SPHERE file: {_reason(error)}") from error
    with sound:
        if sound.format not in _FORMATS:
            raise UnreadableAudioError(f"{path}: is {sound.format}, expected WAV, FLAC or NIST SPHERE")
        if not LOWEST_RATE_HZ <= sound.samplerate <= HIGHEST_RATE_HZ:
            raise UnreadableAudioError(
                f"{path}: sample rate is {sound.samplerate} Hz, expected {LOWEST_RATE_HZ}..{HIGHEST_RATE_HZ}"
            )
        claimed = sound.frames
        if claimed >= _UNKNOWN_COUNT:
            raise UnreadableAudioError(f"{path}: {sound.format} header without a number of samples; write it anew")
        # Block by block: a damaged header may claim more samples than fit into memory.
        blocks, count = [np.zeros((0, sound.channels))], 0
        try:
            while len(block := sound.read(_BLOCK, dtype="float64", always_2d=True)):
                blocks.append(block)
                count += len(block)
        except (soundfile.SoundFileError, RuntimeError) as error:
            raise TruncatedAudioError(
                f"{path}: cut short or damaged, cannot be decoded after {count} of {claimed} samples: {_reason(error)}"
            ) from error
        if count < claimed:
            raise TruncatedAudioError(f"{path}: ends after {count} of {claimed} samples")
        return np.concatenate(blocks), sound.samplerate


def _reason(error: Exception) -> str:
    """Return libsndfile's reason without soundfile's prefix, which names a buffer in memory."""
    return str(getattr(error, "error_string", error)).rstrip(".")


def _with_known_length(path: Path, content: bytes) -> bytes:
    """Compare what a RIFF header claims with the file's size (libsndfile reads short files silently).

    Returns the content, its data size filled in where the writer left it open.
    """
    order = "<" if content[:4] == b"RIFF" else ">"
    at = 12
    while at + 8 <= len(content):
        name, length = struct.unpack_from(f"{order}4sI", content, at)
        at += 8
        if name == b"data":
            present = len(content) - at
            # A file without samples has 0 here too, but then its RIFF size is that of the file.
            finished = struct.unpack_from(f"{order}I", content, 4)[0] in (len(content) - 8, len(content) - 9)
            if length == 0 and not finished:
                return content[: at - 4] + struct.pack(f"{order}I", present) + content[at:]
            if present < length < _LEAST_PLACEHOLDER:
                raise TruncatedAudioError(f"{path}: ends after {present} of {length} bytes of samples")
            return content
        at += length + (length & 1)
    raise TruncatedAudioError(f"{path}: ends before its samples (no data chunk)")


def _sphere_samples(path: Path, content: bytes) -> int:
    """Return the samples a channel that a SPHERE header claims, having compared them with the file's size."""
    fields: dict[str, str] = {}
    size = content[8:16].decode("latin-1").strip()
    if not size.isdecimal():
        raise UnreadableAudioError(f"{path}: malformed SPHERE header: expected its size in line 2, got {size!r}")
    header_bytes = int(size)
    for line in content[:header_bytes].decode("latin-1").splitlines()[2:]:
        if line.strip() == "end_head":
            break
        parts = line.split(None, 2)
        if len(parts) == 3:
            fields[parts[0]] = parts[2].strip()
    coding = fields.get("sample_coding", "pcm")
    if any(packed in coding for packed in ("shorten", "shortpack", "wavpack")):
        raise UnreadableAudioError(
            f"{path}: SPHERE with {coding!r} coding; uncompress it first (w_decode -o pcm, or sph2pipe)"
        )
    numbers = {"sample_count": "", "channel_count": "1", "sample_n_bytes": "2"}
    for name, default in numbers.items():
        text = fields.get(name, default)
        # 18 digits are past any file, and Python refuses to convert some thousands of them.
        if not text.isdecimal() or len(text) > 18 or (int(text) == 0 and name != "sample_count"):
            raise UnreadableAudioError(f"{path}: malformed SPHERE header: {name} is {text!r}, expected a number over 0")
        numbers[name] = text
    claimed = int(numbers["sample_count"])
    if claimed == 0:
        raise EmptyAudioError(f"{path}: no samples")
    present = (len(content) - header_bytes) // (int(numbers["channel_count"]) * int(numbers["sample_n_bytes"]))
    if present < claimed:
        raise TruncatedAudioError(f"{path}: ends after {max(0, present)} of {claimed} samples")
    return claimed
