"""WAV's header: chunks and fields that contradict each other, and codings that are refused before they are decoded."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from features.audio import read_audio
from features.corpora.sound import sound_seconds
from features.errors import TruncatedAudioError, UnreadableAudioError

CODES = np.random.default_rng(0).integers(-9000, 9000, 800)
DATA = CODES.astype("<i2").tobytes()
GUID_TAIL = bytes.fromhex("0000 0000 1000 8000 00aa00389b71")


def chunk(name: bytes, content: bytes, length: int | None = None) -> bytes:
    size = len(content) if length is None else length
    return name + struct.pack("<I", size) + content + b"\0" * (len(content) & 1)


def fmt(
    tag: int = 1, channels: int = 1, rate: int = 16_000, align: int = 2, bits: int = 16, more: bytes = b""
) -> bytes:
    return chunk(b"fmt ", struct.pack("<HHIIHH", tag, channels, rate, rate * align, align, bits) + more)


def extensible(tag: int, bits: int, valid: int, align: int, tail: bytes = GUID_TAIL) -> bytes:
    more = struct.pack("<HHIH", 22, valid, 0, tag) + tail
    return fmt(0xFFFE, 1, 16_000, align, bits, more)


def riff(*chunks: bytes) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def refusal(path: Path, content: bytes, kind: type[Exception] = UnreadableAudioError) -> str:
    path.write_bytes(content)
    said = set()
    for read in (read_audio, sound_seconds):
        with pytest.raises(kind) as refused:
            read(path)
        said.add(str(refused.value).removeprefix(f"{path}: "))
    (one,) = said
    return one


@pytest.mark.parametrize(
    ("chunks", "message"),
    [
        ([fmt(), fmt(rate=8_000), chunk(b"data", DATA)], "two fmt chunks"),
        ([fmt(), chunk(b"data", DATA), chunk(b"data", DATA)], "two data chunks"),
        ([fmt(), chunk(b"data", DATA), fmt(rate=8_000)], "two fmt chunks"),
        ([chunk(b"data", DATA), fmt()], "no fmt chunk before its samples"),
        ([chunk(b"data", DATA)], "no fmt chunk before its samples"),
        ([fmt(align=4), chunk(b"data", DATA)], "1 channels of 2 bytes, but 4 bytes for all of them"),
        ([fmt(channels=2), chunk(b"data", DATA)], "2 channels of 2 bytes, but 2 bytes for all of them"),
        ([fmt(bits=24, align=4), chunk(b"data", DATA)], "1 channels of 3 bytes, but 4 bytes for all of them"),
        ([fmt(bits=0, align=0), chunk(b"data", DATA)], "samples of 0 bits, expected 1 to 32"),
        ([fmt(bits=64, align=8), chunk(b"data", DATA)], "samples of 64 bits, expected 1 to 32"),
        ([fmt(tag=3), chunk(b"data", DATA)], "samples of 16 bits, expected 32 or 64"),
        ([fmt(tag=7), chunk(b"data", DATA)], "samples of 16 bits, expected 8"),
        ([chunk(b"fmt ", bytes(12)), chunk(b"data", DATA)], "fmt chunk of 12 bytes, expected at least 16"),
        ([fmt(tag=0xFFFE), chunk(b"data", DATA)], "extensible fmt chunk of 16 bytes, expected at least 40"),
        ([extensible(1, 16, 24, 2), chunk(b"data", DATA)], "24 valid bits in samples of 16"),
        ([extensible(1, 20, 20, 3), chunk(b"data", DATA)], "20 valid bits in samples of 20"),
        ([fmt(), b"\0\0\0\0" * 2, chunk(b"data", DATA)], "byte 36 begins no chunk"),
        ([fmt(), *[chunk(b"JUNK", b"")] * 10_001, chunk(b"data", DATA)], "more than 10,000 chunks"),
    ],
)
def test_headers_that_contradict_themselves(tmp_path: Path, chunks: list[bytes], message: str) -> None:
    assert refusal(tmp_path / "a.wav", riff(*chunks)) == f"malformed WAV header: {message}"


@pytest.mark.parametrize("subtype", ["IMA_ADPCM", "MS_ADPCM", "GSM610", "G721_32", "NMS_ADPCM_16", "MPEG_LAYER_III"])
def test_other_codings_are_refused_before_they_are_decoded(
    tmp_path: Path, subtype: str, capfd: pytest.CaptureFixture[str]
) -> None:
    buffer = io.BytesIO()
    if subtype == "MPEG_LAYER_III":
        soundfile.write(buffer, np.random.default_rng(0).uniform(-1, 1, 16_000), 16_000, format="MP3")
        description = struct.pack("<HHIHH", 12, 1, 2, 576, 1)
        content = bytearray(riff(fmt(0x55, align=1, bits=0, more=description), chunk(b"data", buffer.getvalue())))
    else:
        soundfile.write(buffer, np.zeros(4000), 16_000, format="WAV", subtype=subtype)
        content = bytearray(buffer.getvalue())
    content[len(content) // 2 : len(content) // 2 + 300] = bytes(300)
    said = refusal(tmp_path / "a.wav", bytes(content))
    assert said.startswith("WAV of coding 0x")
    assert said.endswith(", expected PCM, floats, mu-law or A-law; convert it first")
    # Nor do they print anything, as MP3's decoder does of damaged frames.
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("form", ["MP3", "OGG"])
def test_nothing_is_printed_of_files_that_other_decoders_would_read(
    tmp_path: Path, form: str, capfd: pytest.CaptureFixture[str]
) -> None:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.random.default_rng(0).uniform(-1, 1, 16_000), 16_000, format=form)
    content = bytearray(buffer.getvalue())
    content[len(content) // 3 :: 7] = bytes(len(content[len(content) // 3 :: 7]))
    assert refusal(tmp_path / "a.wav", bytes(content)) == f"is {form}, expected WAV, FLAC or NIST SPHERE"
    tagged = b"ID3\3\0\0\0\0\0\x0a" + bytes(10) + bytes(content)
    expected = "is MP3, expected WAV, FLAC or NIST SPHERE"
    assert refusal(tmp_path / "a.wav", tagged) == expected
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("tag", "bits", "valid", "dtype", "full"),
    [(1, 16, 16, "<i2", 2**15), (1, 16, 12, "<i2", 2**15), (1, 32, 24, "<i4", 2**31), (3, 32, 32, "<f4", 1)],
)
def test_extensible_headers(tmp_path: Path, tag: int, bits: int, valid: int, dtype: str, full: int) -> None:
    path = tmp_path / "a.wav"
    # Valid bits stand at the upper end of a sample.
    stored = (CODES / 9000 * (full - 1 if full > 1 else 1)).astype(dtype)
    path.write_bytes(riff(extensible(tag, bits, valid, bits // 8), chunk(b"data", stored.tobytes())))
    np.testing.assert_array_equal(read_audio(path), stored.astype(float) / full)
    np.testing.assert_array_equal(read_audio(path), soundfile.read(path)[0])
    path.write_bytes(riff(extensible(tag, bits, valid, bits // 8, bytes(14)), chunk(b"data", stored.tobytes())))
    with pytest.raises(UnreadableAudioError, match="WAV of an unknown sub-format"):
        read_audio(path)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"])
@pytest.mark.parametrize("endian", ["LITTLE", "BIG"])
@pytest.mark.parametrize("form", ["WAV", "WAVEX"])
def test_samples_are_those_of_libsndfile(tmp_path: Path, subtype: str, endian: str, form: str) -> None:
    path = tmp_path / "a.wav"
    noise = np.random.default_rng(0).uniform(-1, 1, (70_000, 3))
    if form == "WAVEX" and endian == "BIG":
        endian = "FILE"
    soundfile.write(path, noise, 16_000, subtype=subtype, endian=endian, format=form)
    np.testing.assert_array_equal(read_audio(path), soundfile.read(path, always_2d=True)[0].mean(axis=1))


@pytest.mark.parametrize(
    ("form", "tag_bytes", "footer"),
    [("WAV", 0, 0), ("WAV", 7, 0), ("WAV", 7, 10), ("WAV", 1000, 0), ("FLAC", 7, 0), ("FLAC", 1000, 0)],
)
def test_a_leading_tag_is_passed_over(tmp_path: Path, form: str, tag_bytes: int, footer: int) -> None:
    path = tmp_path / "a"
    soundfile.write(path, CODES / 32768, 16_000, format=form, subtype="PCM_16")
    whole = path.read_bytes()
    length = bytes([0, 0, tag_bytes >> 7, tag_bytes & 0x7F])
    tag = b"ID3\4\0" + bytes([0x10 if footer else 0]) + length + bytes(tag_bytes + footer)
    path.write_bytes(tag + whole)
    np.testing.assert_array_equal(read_audio(path), CODES / 32768)
    path.write_bytes(tag + whole[:44])
    # Behind a tag too, what is missing is noticed.
    with pytest.raises((TruncatedAudioError, UnreadableAudioError), match=f"^{path}: "):
        read_audio(path)
