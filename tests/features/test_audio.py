"""Sound files of every kind that is read, and a typed refusal for each that cannot be."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
import scipy.signal
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from features.audio import SAMPLE_RATE_HZ, read_audio
from features.errors import (
    AudioError,
    EmptyAudioError,
    LevelError,
    NonFiniteAudioError,
    TooLongError,
    TruncatedAudioError,
    UnreadableAudioError,
)
from features.frontend import FrontEndSettings, batch_codes


def tone(rate: int, seconds: float = 0.5, hertz: float = 440.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)


def wav(data: bytes, *, size: int | None = None, riff: int | None = None, rate: int = 16_000, before: bytes = b"",
        after: bytes = b"", order: str = "<") -> bytes:  # fmt: skip
    """Return a 16-bit mono WAV by hand; `size` and `riff` overrule the true sizes of data and file."""
    body = b"WAVE" + struct.pack(f"{order}4sIHHIIHH", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16) + before
    body += struct.pack(f"{order}4sI", b"data", len(data) if size is None else size) + data + after
    magic = b"RIFF" if order == "<" else b"RIFX"
    return magic + struct.pack(f"{order}I", len(body) if riff is None else riff) + body


def pcm(samples: np.ndarray, dtype: str = "<i2") -> bytes:
    return (samples * 32767).astype(dtype).tobytes()


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


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


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000])
def test_resampling_is_scipys_and_keeps_the_tone(tmp_path: Path, rate: int, channels: int) -> None:
    tones = np.stack([tone(rate, hertz=440.0 * (1 + channel)) for channel in range(channels)], axis=1)
    path = tmp_path / "tones.flac"
    soundfile.write(path, tones, rate, subtype="PCM_24")
    samples = read_audio(path)
    stored = soundfile.read(path, always_2d=True)[0].mean(axis=1)
    np.testing.assert_allclose(samples, scipy.signal.resample_poly(stored, 16_000, rate), atol=1e-12)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 16 * SAMPLE_RATE_HZ))
    for channel in range(channels):
        near = slice(round(16 * 440 * (1 + channel)) - 800, round(16 * 440 * (1 + channel)) + 800)
        assert abs((near.start + spectrum[near].argmax()) / 16 - 440 * (1 + channel)) < 0.5  # Hz


# The step of each format, or the relative step of its coarsest segment.
@pytest.mark.parametrize(
    ("subtype", "step"),
    [("PCM_U8", 2**-7), ("PCM_16", 2**-15), ("PCM_24", 2**-23), ("PCM_32", 2**-31), ("FLOAT", 2**-24),
     ("DOUBLE", 2**-52), ("ULAW", 2**-5), ("ALAW", 2**-5)],
)  # fmt: skip
def test_any_sample_format(tmp_path: Path, subtype: str, step: float) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, tone(16_000), 16_000, subtype=subtype)
    assert np.abs(read_audio(path) - tone(16_000)).max() <= step


def test_channels_are_averaged(tmp_path: Path) -> None:
    left, right, rear = tone(16_000), tone(16_000, hertz=900.0), np.zeros(8000)
    soundfile.write(tmp_path / "three.wav", np.stack([left, right, rear], axis=1), 16_000, subtype="FLOAT")
    np.testing.assert_allclose(read_audio(tmp_path / "three.wav"), (left + right) / 3, atol=1e-7)


@pytest.mark.parametrize("order", ["01", "10"])
def test_sphere_in_both_byte_orders(tmp_path: Path, order: str) -> None:
    path = sphere(tmp_path / "tone.sph", tone(16_000), order=order)
    wanted = np.frombuffer(pcm(tone(16_000)), "<i2") / 32768
    np.testing.assert_array_equal(read_audio(path), wanted)
    # The header says how many samples; what follows them is not sound.
    trailing = sphere(tmp_path / "trailing.sph", tone(16_000), order=order, count=5_000)
    np.testing.assert_array_equal(read_audio(trailing), wanted[:5_000])
    # TIMIT's files are called .WAV.
    np.testing.assert_array_equal(read_audio(path.rename(tmp_path / "SA1.WAV")), wanted)


def test_sphere_with_a_longer_header_and_two_channels(tmp_path: Path) -> None:
    header = (
        "NIST_1A\n   2048\n; a comment\nsample_count -i 4000\nsample_rate -i 8000\nchannel_count -i 2\n"
        "sample_n_bytes -i 2\nsample_byte_format -s2 01\nsample_coding -s3 pcm\nend_head\n"
    )
    pair = np.stack([tone(8_000), 0.3 * tone(8_000, hertz=700.0)], axis=1)
    path = written(tmp_path / "two.sph", header.encode().ljust(2048) + pcm(pair))
    wanted = scipy.signal.resample_poly((np.frombuffer(pcm(pair), "<i2") / 32768).reshape(-1, 2).mean(axis=1), 2, 1)
    np.testing.assert_allclose(read_audio(path), wanted, atol=1e-12)


@pytest.mark.parametrize("subtype", ["ULAW", "ALAW", "PCM_S8", "PCM_24"])
def test_sphere_of_other_codings(tmp_path: Path, subtype: str) -> None:
    path = tmp_path / "tone.sph"
    soundfile.write(path, tone(8_000), 8_000, format="NIST", subtype=subtype)
    stored = soundfile.read(path)[0]
    assert np.abs(stored - tone(8_000)).max() < 2**-5
    np.testing.assert_allclose(read_audio(path), scipy.signal.resample_poly(stored, 2, 1), atol=1e-12)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("sample_count -i 8000", "sample_count -i -5", "sample_count is '-5', expected a number over 0"),
        ("sample_count -i 8000", "", "sample_count is '', expected a number over 0"),
        ("sample_n_bytes -i 2", "sample_n_bytes -i 0", "sample_n_bytes is '0', expected a number over 0"),
        ("channel_count -i 1", "channel_count -i 0", "channel_count is '0', expected a number over 0"),
        ("   1024", "  -1024", "expected its size in line 2, got '-1024'"),
        ("   1024", "   none", "expected its size in line 2, got 'none'"),
    ],
)
def test_malformed_sphere_headers(tmp_path: Path, field: str, value: str, message: str) -> None:
    content = sphere(tmp_path / "a.sph", tone(16_000)).read_bytes()
    head = content[:1024].decode().replace(field, value).ljust(1024)[:1024]
    path = written(tmp_path / "a.sph", head.encode() + content[1024:])
    with pytest.raises(UnreadableAudioError) as refused:
        read_audio(path)
    assert str(refused.value) == f"{path}: malformed SPHERE header: {message}"


SIZES_LEFT_OPEN = [
    (0, 0), (0, 36), (0, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0), (0x7FFFFFFF, 0),
    (0x7FFFF000, 0x7FFFF024),
]  # fmt: skip


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("size", "riff"), SIZES_LEFT_OPEN)
def test_a_size_left_open_means_the_rest_of_the_file(tmp_path: Path, size: int, riff: int, order: str) -> None:
    path = written(tmp_path / "pipe.wav", wav(pcm(tone(16_000), f"{order}i2"), size=size, riff=riff, order=order))
    np.testing.assert_array_equal(read_audio(path), np.frombuffer(pcm(tone(16_000)), "<i2") / 32768)


@pytest.mark.parametrize(
    "content",
    [
        wav(b""), wav(b"", after=b"LIST\4\0\0\0abcd"), wav(b"", size=0xFFFFFFFF), wav(b"", size=0, riff=0),
        wav(b"\0", size=1),
    ],
)  # fmt: skip
def test_a_wav_without_samples(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path / "none.wav", content)
    with pytest.raises(EmptyAudioError) as refused:
        read_audio(path)
    assert str(refused.value) == f"{path}: no samples"


def test_chunks_around_the_samples(tmp_path: Path) -> None:
    data, wanted = pcm(tone(16_000)), np.frombuffer(pcm(tone(16_000)), "<i2") / 32768
    odd, even = b"LIST\3\0\0\0abc\0", b"LIST\4\0\0\0abcd"
    for content in (wav(data, before=odd), wav(data, before=even + odd + odd), wav(data, after=odd), wav(data + b"\1")):
        np.testing.assert_array_equal(read_audio(written(tmp_path / "a.wav", content)), wanted)


@pytest.mark.parametrize("keep", [1, 3, 11])
def test_less_than_a_riff_header_is_no_sound(tmp_path: Path, keep: int) -> None:
    with pytest.raises(UnreadableAudioError, match=r"a\.wav: not a readable"):
        read_audio(written(tmp_path / "a.wav", wav(pcm(tone(16_000)))[:keep]))


@pytest.mark.parametrize(
    ("keep", "message"),
    [
        (12, "ends before its samples (no data chunk)"),
        (30, "ends before its samples (no data chunk)"),
        (40, "ends before its samples (no data chunk)"),
        (44, "ends after 0 of 16000 bytes of samples"),
        (45, "ends after 1 of 16000 bytes of samples"),
        (16_043, "ends after 15999 of 16000 bytes of samples"),
    ],
)
def test_a_wav_cut_anywhere(tmp_path: Path, keep: int, message: str) -> None:
    path = written(tmp_path / "a.wav", wav(pcm(tone(16_000)))[:keep])
    with pytest.raises(TruncatedAudioError) as refused:
        read_audio(path)
    assert str(refused.value) == f"{path}: {message}"


def test_flac_cut_claiming_too_much_or_nothing(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.random.default_rng(0).uniform(-0.5, 0.5, 100_000), 16_000, format="FLAC")
    content = buffer.getvalue()
    assert len(read_audio(written(tmp_path / "whole.flac", content))) == 100_000
    path = written(tmp_path / "cut.flac", content[: len(content) * 9 // 10])
    with pytest.raises(TruncatedAudioError) as refused:
        read_audio(path)
    reason = "cut short or damaged, cannot be decoded after 65536 of 100000 samples"
    assert str(refused.value).startswith(f"{path}: {reason}")
    # STREAMINFO holds the number of samples in 36 bits, of which 0 leaves it open.
    for count, kind, message in (
        (120_000, TruncatedAudioError, "of 120000 samples"),
        (2**36 - 1, TooLongError, f"4,294,967 s of sound, at 16000 Hz an array of {8 * (2**36 - 1):,} bytes"),
        (0, UnreadableAudioError, "FLAC header without a number of samples"),
    ):
        head = bytes([content[21] & 0xF0 | count >> 32]) + (count & 0xFFFFFFFF).to_bytes(4, "big")
        with pytest.raises(kind) as refused:
            read_audio(written(tmp_path / "claim.flac", content[:21] + head + content[26:]))
        assert message in str(refused.value)


@pytest.mark.parametrize("kind", ["AIFF", "AU", "W64", "RF64", "OGG", "CAF"])
def test_other_formats_are_refused(tmp_path: Path, kind: str) -> None:
    """Libsndfile reads them, but their shortness would pass unnoticed."""
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(16_000), 16_000, format=kind)
    with pytest.raises(UnreadableAudioError) as refused:
        read_audio(path)
    assert str(refused.value) == f"{path}: is {kind}, expected WAV, FLAC or NIST SPHERE"


@pytest.mark.parametrize("rate", [1, 999, 768_001, 0x7FFFFFFF])
def test_rates_of_no_sound(tmp_path: Path, rate: int) -> None:
    with pytest.raises(UnreadableAudioError, match=rf"sample rate is {rate} Hz, expected 1000\.\.768000"):
        read_audio(written(tmp_path / "a.wav", wav(pcm(tone(16_000)), rate=rate & 0x7FFFFFFF)))


@pytest.mark.parametrize("name", ["tone", "tone.raw", "tone.mp3", "tone.flac"])
def test_the_content_says_what_it_is(tmp_path: Path, name: str) -> None:
    assert len(read_audio(str(written(tmp_path / name, wav(pcm(tone(16_000))))))) == 8_000


def test_floats_too_large_for_a_power(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.full((800, 2), 1.7e308), 16_000, subtype="DOUBLE")
    with pytest.raises(NonFiniteAudioError) as refused:
        read_audio(path)
    assert str(refused.value) == f"{path}: has a sample of 1.7e+308, expected at most 1e+10"
    for level in (1.01e10, -1.01e10):
        soundfile.write(path, np.full(800, level), 16_000, subtype="DOUBLE")
        with pytest.raises(NonFiniteAudioError):
            read_audio(path)


@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_floats_of_another_scale_than_1_are_refused(tmp_path: Path, subtype: str) -> None:
    path = tmp_path / "a.wav"
    for scale in (32767, 8.001, 1e10):
        soundfile.write(path, scale * np.sign(tone(16_000)), 16_000, subtype=subtype)
        with pytest.raises(LevelError) as refused:
            read_audio(path)
        assert str(refused.value) == (
            f"{path}: has a floating-point sample of {scale:.6g}, expected a full scale of 1 (at most 8); "
            "divide them by that of theirs, 32768 for 16-bit integers"
        )
    soundfile.write(path, 8 * np.sign(tone(16_000)), 16_000, subtype=subtype)
    assert np.abs(read_audio(path)).max() == 8


def test_a_folder_is_no_sound_file(tmp_path: Path) -> None:
    with pytest.raises(UnreadableAudioError) as refused:
        read_audio(tmp_path)
    assert str(refused.value) == f"{tmp_path}: is a folder, expected a sound file"


@given(data=st.data(), kind=st.sampled_from(["WAV", "FLAC", "NIST"]), damage=st.sampled_from(["cut", "flip", "both"]))
def test_damaged_bytes_give_sound_or_a_typed_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, kind: str, damage: str
) -> None:
    buffer = io.BytesIO()
    soundfile.write(buffer, tone(16_000, seconds=0.1), 16_000, format=kind)
    content = bytearray(buffer.getvalue())
    if damage != "cut":
        # Mostly in the header, where a byte has consequences.
        places = st.one_of(st.integers(0, 200), st.integers(0, len(content) - 1))
        for at, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=4)):
            content[at] = value
    if damage != "flip":
        del content[data.draw(st.integers(0, len(content))) :]
    path = written(tmp_path_factory.getbasetemp() / "damaged", bytes(content))
    try:
        samples, refusal = read_audio(path), f"{path}: none"
    except AudioError as error:
        samples, refusal = np.zeros(1), str(error)
    assert refusal.startswith(f"{path}: ")
    assert samples.ndim == 1
    assert len(samples)
    assert np.isfinite(samples).all()


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
        (sphere(tmp_path / "e.sph", tone(16_000), count=8001), TruncatedAudioError, "ends after 8000 of 8001 samples"),
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
