"""Memory and lengths of decoding: a block at a time, and no more than was there when the header was read."""

from __future__ import annotations

import io
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from features import audio
from features.audio import read_audio
from features.decoding import decoded, decoded_blocks
from features.errors import TooLongError, TruncatedAudioError, UnreadableAudioError
from features.frontend import FrontEndSettings, batch_codes
from features.sound_format import Coding
from features.sound_header import open_sound


@pytest.mark.parametrize("law", ["ulaw", "alaw"])
def test_laws_are_those_of_libsndfile(law: str) -> None:
    stored = bytes(range(256))
    theirs = soundfile.read(io.BytesIO(stored), format="RAW", subtype=law.upper(), channels=1, samplerate=8000)[0]
    kind = "ulaw" if law == "ulaw" else "alaw"
    np.testing.assert_array_equal(decoded(stored, Coding(kind, 1)), theirs)


def silence(path: Path, rate: int, channels: int, seconds: int, subtype: str = "PCM_16") -> Path:
    form = path.suffix[1:].upper()
    with soundfile.SoundFile(path, "w", rate, channels, format=form, subtype=subtype) as file:
        for _ in range(seconds):
            file.write(np.zeros((rate, channels)))
    return path


@pytest.mark.parametrize(
    ("name", "rate", "channels", "seconds", "subtype"),
    [
        ("a.flac", 96_000, 8, 40, "PCM_16"),
        ("a.flac", 16_000, 1, 240, "PCM_16"),
        ("a.flac", 44_100, 2, 120, "PCM_24"),
        ("a.wav", 1_000, 1, 120, "PCM_U8"),
        ("a.wav", 8_000, 1, 240, "ULAW"),
        ("a.wav", 48_000, 2, 60, "PCM_24"),
        ("a.wav", 8_000, 1_000, 10, "PCM_16"),
    ],
)
def test_memory_is_the_result_and_eight_megabytes(
    tmp_path: Path, name: str, rate: int, channels: int, seconds: int, subtype: str
) -> None:
    path = silence(tmp_path / name, rate, channels, seconds, subtype)
    read_audio(silence(tmp_path / "first.wav", 8_000, 1, 1))
    tracemalloc.start()
    try:
        samples = read_audio(path)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(samples) == 16_000 * seconds
    assert most <= samples.nbytes + 8e6


def test_memory_of_the_codes_is_theirs_and_that_of_some_frames() -> None:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, 16_000 * 400)
    batch_codes(samples[:1_600], FrontEndSettings())
    tracemalloc.start()
    try:
        codes = batch_codes(samples, FrontEndSettings())
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(codes) == 39_998
    assert most <= codes.nbytes + 20e6 < samples.nbytes


# What the address space of a process that has the room loaded may grow by.
CHILD = """
import resource, sys
from features.audio import read_audio
from features.frontend import FrontEndSettings, batch_codes
batch_codes(read_audio(sys.argv[1]), FrontEndSettings())
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + int(sys.argv[3]),) * 2)
print(len(batch_codes(read_audio(sys.argv[2]), FrontEndSettings())))
"""


@pytest.mark.slow
def test_ten_minutes_of_eight_channels_in_little_address_space(tmp_path: Path) -> None:
    first = silence(tmp_path / "first.flac", 96_000, 8, 1)
    path = silence(tmp_path / "a.flac", 96_000, 8, 600)
    assert path.stat().st_size < 1e6
    # The samples are 77 MB; decoded whole, they would be 3.7 GB.
    command = [sys.executable, "-c", CHILD, str(first), str(path), str(250_000_000)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(audio.__file__).parents[1], check=False)
    assert (done.stdout, done.stderr) == ("59998\n", "")


def test_what_would_be_too_large_is_refused_before_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = silence(tmp_path / "a.flac", 8_000, 2, 70)
    monkeypatch.setenv("RSNN_MAX_MB", "8")

    def no_decoder(*arguments: object) -> None:
        raise AssertionError("was decoded")

    with monkeypatch.context() as undecoded:
        undecoded.setattr(audio, "decoded_blocks", no_decoder)
        with pytest.raises(TooLongError) as refused:
            read_audio(path)
    assert str(refused.value) == (
        f"{path}: 70 s of sound, at 16000 Hz an array of 8,960,000 bytes, expected at most 8,388,608 "
        "(set RSNN_MAX_MB, in MiB, to allow more)"
    )
    monkeypatch.setenv("RSNN_MAX_MB", "9")
    assert len(read_audio(path)) == 70 * 16_000
    monkeypatch.setenv("RSNN_MAX_MB", "much")
    with pytest.raises(TooLongError, match=r"^\$RSNN_MAX_MB: is 'much', expected"):
        read_audio(path)


def test_no_memory_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = silence(tmp_path / "a.wav", 16_000, 1, 1)

    def none_left(*arguments: object) -> None:
        raise MemoryError

    monkeypatch.setattr(audio.np, "empty", none_left)
    with pytest.raises(TooLongError, match=f"^{path}: no memory for an array of 128,000 bytes$"):
        read_audio(path)


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
def test_a_file_that_is_cut_while_it_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    soundfile.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, 400_000), 16_000)
    with open_sound(path) as (file, header):
        blocks = decoded_blocks(path, file, header)
        next(blocks)
        with path.open("r+b") as other:
            other.truncate(150_000)
        with pytest.raises(TruncatedAudioError, match=f"^{path}: .* of 400000 samples"):
            list(blocks)


def test_a_rate_in_no_simple_ratio(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(5_000), 191_999)
    assert len(read_audio(path)) == 417
    soundfile.write(path, np.zeros(5_000), 767_999)
    with pytest.raises(UnreadableAudioError, match=r"767999 Hz, in no simple ratio to 16000; resample it first$"):
        read_audio(path)
