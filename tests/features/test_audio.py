"""Sound files of every kind that is read, and a typed refusal for each that cannot be."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from features.audio import SAMPLE_RATE_HZ, read_audio
from features.errors import (
    AudioError,
    EmptyAudioError,
    NonFiniteAudioError,
    TruncatedAudioError,
    UnreadableAudioError,
)
from features.frontend import FrontEndSettings, batch_codes


def tone(rate: int, seconds: float = 0.5, hertz: float = 440.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)


def sphere(path: Path, samples: np.ndarray, *, count: int | None = None, extra: str = "", order: str = "01") -> Path:
    """Write NIST SPHERE by hand: a 1,024-byte text header, then 16-bit samples."""
    header = (
        f"NIST_1A\n   1024\nsample_count -i {len(samples) if count is None else count}\nsample_rate -i 16000\n"
        f"channel_count -i 1\nsample_n_bytes -i 2\nsample_byte_format -s2 {order}\nsample_sig_bits -i 16\n{extra}"
        "end_head\n"
    )
    codes = (samples * 32767).astype("<i2" if order == "01" else ">i2")
    path.write_bytes(header.encode().ljust(1024) + codes.tobytes())
    return path


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_any_rate_becomes_16_khz(tmp_path: Path, rate: int, suffix: str) -> None:
    path = tmp_path / f"tone{suffix}"
    soundfile.write(path, tone(rate), rate)
    samples = read_audio(path)
    assert samples.dtype == np.float64
    assert abs(len(samples) - SAMPLE_RATE_HZ // 2) <= 1
    # Away from the ends, where the filter rings, the tone is the tone.
    wanted = tone(SAMPLE_RATE_HZ)[: len(samples)]
    inside = slice(400, -400)
    assert np.abs(samples[inside] - wanted[: len(samples)][inside]).max() < 5e-3


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "FLOAT", "ULAW"])
def test_any_sample_format(tmp_path: Path, subtype: str) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, tone(16_000), 16_000, subtype=subtype)
    assert np.abs(read_audio(path) - tone(16_000)).max() < 0.03


def test_channels_are_averaged(tmp_path: Path) -> None:
    left, right, rear = tone(16_000), tone(16_000, hertz=900.0), np.zeros(8000)
    soundfile.write(tmp_path / "three.wav", np.stack([left, right, rear], axis=1), 16_000, subtype="FLOAT")
    np.testing.assert_allclose(read_audio(tmp_path / "three.wav"), (left + right) / 3, atol=1e-7)


@pytest.mark.parametrize("order", ["01", "10"])
def test_sphere_in_both_byte_orders(tmp_path: Path, order: str) -> None:
    path = sphere(tmp_path / "tone.sph", tone(16_000), order=order)
    assert np.abs(read_audio(path) - tone(16_000)).max() < 1e-3


def test_riff_chunks_before_the_samples_and_sizes_left_open_by_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, tone(16_000), 16_000)
    raw = path.read_bytes()
    at = raw.index(b"data")
    odd = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    (tmp_path / "list.wav").write_bytes(raw[:4] + struct.pack("<I", len(raw)) + raw[8:at] + odd + raw[at:])
    (tmp_path / "pipe.wav").write_bytes(raw[: at + 4] + b"\xff\xff\xff\xff" + raw[at + 8 :])
    for name in ("list.wav", "pipe.wav"):
        np.testing.assert_array_equal(read_audio(tmp_path / name), read_audio(path))


def cut(path: Path, keep: float) -> Path:
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * keep)])
    return path


def test_refusals_name_the_file(tmp_path: Path) -> None:
    wav, flac = tmp_path / "a.wav", tmp_path / "a.flac"
    soundfile.write(wav, tone(16_000), 16_000)
    soundfile.write(flac, tone(16_000), 16_000)
    empty, nothing, text = tmp_path / "empty.wav", tmp_path / "nothing.wav", tmp_path / "text.wav"
    empty.touch()
    soundfile.write(nothing, np.zeros(0), 16_000)
    text.write_text("this is no sound")
    nan = tmp_path / "nan.wav"
    soundfile.write(nan, np.array([0.0, np.nan, 0.1]), 16_000, subtype="FLOAT")
    infinite = tmp_path / "inf.wav"
    soundfile.write(infinite, np.array([0.0, np.inf, 0.1]), 16_000, subtype="FLOAT")
    cases = [
        (tmp_path / "absent.wav", UnreadableAudioError, "no such sound file"),
        (empty, EmptyAudioError, "the file is empty"),
        (nothing, EmptyAudioError, "no samples"),
        (text, UnreadableAudioError, "not a readable WAV, FLAC or NIST SPHERE file"),
        (nan, NonFiniteAudioError, "has samples that are NaN or infinite"),
        (infinite, NonFiniteAudioError, "has samples that are NaN or infinite"),
        (cut(wav, 0.5), TruncatedAudioError, "ends after 7978 of 16000 bytes of samples"),
        (sphere(tmp_path / "b.sph", tone(16_000), count=9000), TruncatedAudioError, "ends after 8000 of 9000 samples"),
        (sphere(tmp_path / "c.sph", tone(16_000), count=0), EmptyAudioError, "no samples"),
        (
            sphere(tmp_path / "d.sph", tone(16_000), extra="sample_coding -s26 pcm,embedded-shorten-v2.00\n"),
            UnreadableAudioError,
            "uncompress it first",
        ),
    ]
    for path, kind, message in cases:
        with pytest.raises(kind) as refused:
            read_audio(path)
        assert str(path) in str(refused.value)
        assert message in str(refused.value)
    with pytest.raises(AudioError, match=r"a\.flac"):
        read_audio(cut(flac, 0.6))


@pytest.mark.parametrize("level", [0.0, 0.7, -1.0])
def test_silence_and_constant_sound_give_finite_codes(tmp_path: Path, level: float) -> None:
    path = tmp_path / "flat.wav"
    soundfile.write(path, np.full(16_000, level), 16_000, subtype="FLOAT")
    for kind in ("mfcc20_delta", "mfcc40", "logmel40"):
        codes = batch_codes(read_audio(path), FrontEndSettings(kind=kind))
        assert codes.shape == (98, 40)
        # Every frame is the same, so a delta is 0 and so is its code, whatever the normalisation.
        if kind == "mfcc20_delta":
            assert not codes[:, 20:].any()


def test_fifty_milliseconds_are_three_frames(tmp_path: Path) -> None:
    path = tmp_path / "short.wav"
    soundfile.write(path, tone(16_000, seconds=0.05), 16_000)
    assert batch_codes(read_audio(path), FrontEndSettings()).shape == (3, 40)
