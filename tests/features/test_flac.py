"""FLAC's header, what its frames repeat of it, and what libsndfile makes of it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from features.audio import read_audio
from features.corpora.sound import sound_seconds
from features.errors import AudioError, TruncatedAudioError, UnreadableAudioError


def flac(rate: int = 16_000, channels: int = 1, samples: int = 9_000) -> bytes:
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (samples, channels))
    soundfile.write(buffer, noise, rate, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()


@pytest.mark.parametrize("rate", [8_000, 11_025, 12_345, 22_050, 44_100, 48_000, 88_200, 96_000, 192_000, 352_800])
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_frames_of_every_rate_agree_with_the_header(tmp_path: Path, rate: int, channels: int) -> None:
    path = tmp_path / "a.flac"
    path.write_bytes(flac(rate, channels))
    assert sound_seconds(path) == 9_000 / rate
    assert len(read_audio(path)) == -(-9_000 * 16_000 // rate)


def with_information(content: bytes, *, rate: int, channels: int, samples: int) -> bytes:
    """Return FLAC with these in its STREAMINFO; 16 bits."""
    packed = rate << 44 | (channels - 1) << 41 | 15 << 36 | samples
    return content[:18] + packed.to_bytes(8, "big") + content[26:]


@pytest.mark.parametrize(
    ("rate", "channels", "message"),
    [
        (32_000, 1, "sample rate is 32000, in the first frame 16000"),
        (8_000, 1, "sample rate is 8000, in the first frame 16000"),
        (16_000, 2, "number of channels is 2, in the first frame 1"),
    ],
)
def test_a_header_that_its_frames_contradict(tmp_path: Path, rate: int, channels: int, message: str) -> None:
    path = tmp_path / "a.flac"
    path.write_bytes(with_information(flac(), rate=rate, channels=channels, samples=9_000))
    for read in (read_audio, sound_seconds):
        with pytest.raises(UnreadableAudioError) as refused:
            read(path)
        assert str(refused.value) == f"{path}: malformed FLAC header: {message}"


def test_blocks_of_metadata(tmp_path: Path) -> None:
    path, content = tmp_path / "a.flac", flac()
    information, rest = content[8:42], content[42:]
    start = b"fLaC" + bytes([0, 0, 0, 34])
    padding = bytes([1, 0, 0, 4]) + bytes(4)
    path.write_bytes(start + information + 5 * padding + rest)
    assert len(read_audio(path)) == 9_000
    for blocks, kind, message in (
        (start + information + bytes([0, 0, 0, 34]) + information, UnreadableAudioError, "expected one STREAMINFO"),
        (b"fLaC" + padding + start[4:] + information, UnreadableAudioError, "expected one STREAMINFO"),
        (b"fLaC" + bytes([0, 0, 0, 33]) + information, UnreadableAudioError, "expected one STREAMINFO"),
        (start + information + 1001 * padding, UnreadableAudioError, "more than 1,000 blocks"),
        (start + information + bytes([1, 255, 255, 255]), TruncatedAudioError, "ends before its samples"),
    ):
        path.write_bytes(blocks + rest)
        with pytest.raises(kind, match=f"^{path}: .*{message}"):
            read_audio(path)
    for keep in range(4, 90):
        path.write_bytes(content[:keep])
        with pytest.raises(AudioError, match=f"^{path}: "):
            read_audio(path)


def test_gigabytes_behind_a_second_of_sound_are_not_looked_through(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    path.write_bytes(flac())
    with path.open("r+b") as file:
        file.truncate(1 << 32)
    with pytest.raises(UnreadableAudioError, match=r"a\.flac: malformed FLAC header: 9,000 samples, but 4,294,9"):
        read_audio(path)
