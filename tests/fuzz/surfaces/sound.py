"""Sound files: WAV, FLAC, SPHERE and their neighbours, to samples and codes; two readers of one header must agree."""

from __future__ import annotations

import contextlib
import io
import math
import random
import struct
from pathlib import Path

import numpy as np
import soundfile

from features.audio import read_audio
from features.corpora.sound import sound_seconds
from features.errors import FeatureError, TooShortError
from features.frontend import FrontEndSettings, batch_codes
from tests.fuzz.case import Case
from tests.fuzz.mutation import bytes_mutated, number, placed
from tests.fuzz.surface import Finding, Surface

SPHERE = {
    "sample_count -i": "3200", "sample_rate -i": "16000", "channel_count -i": "1", "sample_n_bytes -i": "2",
    "sample_byte_format -s2": "01", "sample_sig_bits -i": "16", "sample_coding -s3": "pcm",
}  # fmt: skip
# As they come: container, coding, rate in Hz, channels.
_KINDS = (
    ("WAV", "PCM_16", 16_000, 1), ("WAV", "PCM_U8", 8_000, 2), ("WAV", "PCM_24", 44_100, 1), ("WAV", "FLOAT", 16_000,
    1),
    ("WAV", "DOUBLE", 48_000, 3), ("WAV", "ULAW", 8_000, 1), ("WAV", "IMA_ADPCM", 16_000, 1), ("WAVEX", "PCM_16",
    16_000, 4),
    ("FLAC", "PCM_16", 16_000, 1), ("FLAC", "PCM_24", 96_000, 8), ("FLAC", "PCM_S8", 1_000, 1),
    ("NIST", "PCM_16", 16_000, 1), ("NIST", "ULAW", 8_000, 1), ("AIFF", "PCM_16", 16_000, 1), ("OGG", "VORBIS",
    16_000, 1),
    ("AU", "PCM_16", 16_000, 1), ("RF64", "PCM_16", 16_000, 1), ("W64", "PCM_16", 16_000, 1), ("MP3",
    "MPEG_LAYER_III", 16_000, 1),
)  # fmt: skip


def samples(count: int) -> np.ndarray:
    """Return samples that are neither silent nor the same twice."""
    return 0.3 * np.random.default_rng(count).standard_normal(count)


def sphere(fields: dict[str, str], body: bytes, size: str = "1024") -> bytes:
    """Return a NIST SPHERE file."""
    lines = ["NIST_1A", size.rjust(7), *(f"{name} {value}" for name, value in fields.items()), "end_head", ""]
    return "\n".join(lines).encode("utf-8", "surrogateescape").ljust(1024) + body


def _seeds() -> list[bytes]:
    found = []
    for container, coding, rate, channels in _KINDS:
        file = io.BytesIO()
        count = round(0.2 * rate)
        soundfile.write(
            file, samples(count * channels).reshape(count, channels), rate, format=container, subtype=coding
        )
        found.append(file.getvalue())
    body = np.int16(8000 * samples(3200)).astype("<i2").tobytes()
    return [*found, sphere(SPHERE, body)]


SEEDS = _seeds()
WAVES = [content for content in SEEDS if content[:4] == b"RIFF"]
FLACS = [content for content in SEEDS if content[:4] == b"fLaC"]


def _wave(rng: random.Random) -> bytes:
    """Return a WAV with a field of its header changed, or chunks put in, doubled or left out."""
    data = bytearray(rng.choice(WAVES))
    change = rng.randrange(5)
    if change == 0:
        at, kind = rng.choice([(4, "I"), (16, "I"), (20, "H"), (22, "H"), (24, "I"), (28, "I"), (32, "H"), (34, "H")])
        most = 0xFFFF if kind == "H" else 0xFFFF_FFFF
        value = rng.choice([0, 1, 2, 3, 6, 7, 8, 0xFFFE, most, most >> 1, 1000, 384_000, 768_001, rng.randint(0, most)])
        struct.pack_into("<" + kind, data, at, value & most)
    elif change == 1:
        at = data.find(b"data")
        struct.pack_into("<I", data, at + 4, rng.choice([0, 1, 0x7FFF_0000, 0x7FFF_FFFF, 0xFFFF_FFFF, len(data) * 2]))
    elif change == 2:
        name = rng.choice([b"data", b"fmt ", b"LIST", b"fact", b"bext", b"\x00\x00\x00\x00", b"ds64", b"cue "])
        size = rng.choice([0, 4, 7, 16, 0xFFFF_FFFF])
        chunk = name + struct.pack("<I", size) + rng.randbytes(min(size, 16))
        at = rng.choice([12, 36, data.find(b"data"), len(data)])
        data[at:at] = chunk * rng.choice([1, 2, 3000])
    elif change == 3:
        # Floats in the samples that are no numbers, or of another scale.
        at = data.find(b"data") + 8
        value = rng.choice([math.nan, math.inf, -math.inf, 1e38, 32768.0, -20000.0, 1e-45])
        wide = data[34] == 64
        for place in range(at, min(len(data) - 8, at + rng.choice([8, 80, 100_000])), 8):
            struct.pack_into("<d" if wide else "<f", data, place, value)
    else:
        data[:4] = rng.choice([b"RIFX", b"RF64", b"FORM", b"riff", b"fLaC"])
    return bytes(data)


def _flac(rng: random.Random) -> bytes:
    """Return a FLAC whose STREAMINFO says otherwise, or with other blocks of metadata before the frames."""
    data = bytearray(rng.choice(FLACS))
    change = rng.randrange(3)
    if change == 0:
        # 20 bits of rate, 3 of channels, 5 of bits, 36 of samples.
        word = int.from_bytes(data[18:26], "big")
        low, bits = rng.choice([(44, 20), (41, 3), (36, 5), (0, 36)])
        value = rng.choice([0, 1, (1 << bits) - 1, rng.getrandbits(bits)])
        data[18:26] = (word & ~(((1 << bits) - 1) << low) | value << low).to_bytes(8, "big")
    elif change == 1:
        size = rng.choice([0, 4, 34, 0xFFFFFF])
        block = (
            bytes([rng.choice([0, 1, 2, 3, 4, 6, 127, 0x80])]) + size.to_bytes(3, "big") + rng.randbytes(min(size, 34))
        )
        at = rng.choice([4, 42])
        data[at:at] = block * rng.choice([1, 1000])
    else:
        data[:0] = b"ID3\x04\x00\x00" + rng.choice([b"\x00\x00\x00\x00", b"\x7f\x7f\x7f\x7f", b"\x00\x00\x01\x00"])
    return bytes(data)


def _sphere(rng: random.Random) -> bytes:
    """Return a SPHERE file whose header has other, doubled or look-alike fields."""
    fields = dict(SPHERE)
    for _ in range(rng.randint(1, 3)):
        key = rng.choice(sorted(fields))
        change = rng.randrange(5)
        if change == 0:
            fields[key] = number(rng)
        elif change == 1:
            fields = {f"original_{key}": rng.choice(["8000", "1", "4", number(rng)]), **fields}
        elif change == 2:
            fields.pop(key)
            if not fields:
                break
        elif change == 3:
            fields["sample_coding -s" + rng.choice(["4", "26"])] = rng.choice(
                ["ulaw", "alaw", "pcm,embedded-shorten-v2.00"]
            )
        else:
            fields[
                rng.choice(
                    ["; sample_rate -i", "x sample_rate -i", "sample_rate -s5", "SAMPLE_RATE -i", "\x00", "end_head"]
                )
            ] = rng.choice(["8000", "", "1", number(rng)])
    body = rng.choice([b"", b"\x01\x02" * 3200, b"\xff" * 6400, b"\x01" * 3])
    return sphere(
        fields, body, size=rng.choice(["1024", "1024", "1024", "0", "-1", "2048", "999999", "1e3", "", number(rng)[:7]])
    )


def generate(rng: random.Random) -> Case:
    """Return a sound file with damage or malice."""
    change = rng.randrange(6)
    if change <= 2:
        content = bytes_mutated(rng, rng.choice(SEEDS), SEEDS)
    else:
        content = (_wave, _flac, _sphere)[change - 3](rng)
        if rng.random() < 0.2:
            content = bytes_mutated(rng, content, SEEDS, most=1)
    suffix = rng.choice([".wav", ".flac", ".WAV", ".sph", ".txt", ""])
    entries, argument = placed(rng, "sound" + suffix, content, suffix=suffix)
    return Case(entries, argument)


def run(case: Case, folder: Path) -> None:
    """Read it as `rsnn run` does, and its header as the corpora do."""
    path = case.path(folder)
    by_header: float | None = None
    header_error: FeatureError | None = None
    try:
        by_header = sound_seconds(path)
    except FeatureError as error:
        header_error = error
    found = read_audio(path)
    if header_error is not None:
        # What the header alone shows to be wrong, decoding must not take; the other way round is allowed.
        raise Finding(f"readers disagree: {len(found) / 16_000:.4f} s are read, but by the header: {header_error}")
    if by_header is None or abs(len(found) / 16_000 - by_header) > 2 / 16_000 + 1e-9 * by_header:
        raise Finding(f"readers disagree: {len(found) / 16_000:.4f} s are read, {by_header} s by the header")
    with contextlib.suppress(TooShortError):
        # The front-end has samples, no file: whoever calls it names the file.
        batch_codes(found, FrontEndSettings())


def warm() -> None:
    """Compile the front-end."""
    batch_codes(samples(16_000), FrontEndSettings())


SURFACE = Surface("sound", generate, run, warm, share=20)
