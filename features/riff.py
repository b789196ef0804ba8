"""The header of a WAV file (RIFF, or RIFX, whose numbers are big-endian): its chunks, compared with the file's size."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO, Literal

from features.errors import TruncatedAudioError, UnreadableAudioError
from features.sound_format import Coding, SoundHeader

# Writers to a pipe do not know the length yet: FFmpeg leaves 0xFFFFFFFF, SoX 0x7FFFF000, others 0x7FFFFFFF.
_LEAST_PLACEHOLDER = 0x7FFF0000
# Files have some tens; each costs a read.
_MOST_CHUNKS = 10_000
_PCM, _FLOAT, _ALAW, _ULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
# What follows the coding's number in the sub-format of an extensible header.
_SUB_FORMAT_TAIL = bytes.fromhex("800000aa00389b71")
_CODINGS = {
    0x0002: "Microsoft ADPCM", 0x0011: "IMA ADPCM", 0x0031: "GSM 6.10", 0x0040: "G.721 ADPCM", 0x0050: "MPEG",
    0x0055: "MP3", 0x0064: "G.726 ADPCM", 0x00FF: "AAC", 0x0161: "WMA", 0x2000: "AC-3", 0xF1AC: "FLAC",
}  # fmt: skip


def read_riff_header(path: Path, file: BinaryIO, start: int, size: int) -> SoundHeader:
    """Return what the header of a WAV file says; every field is read once, here.

    A length that is left open, as one written to a pipe is, means the rest of the file. Not read, since nothing
    depends on them: the size of the whole, the bytes a second, the samples of a ``fact`` chunk.

    Parameters
    ----------
    path : Path
        For messages.
    file : binary file
    start : int
        Byte at which ``RIFF`` stands.
    size : int
        Of the file.

    Raises
    ------
    UnreadableAudioError
        Malformed, fields that contradict each other, two ``fmt`` or ``data`` chunks, or another coding than PCM of up
        to 32 bits, floats of 32 or 64, mu-law and A-law.
    TruncatedAudioError
        The file ends before its samples do.
    """
    file.seek(start)
    beginning = file.read(12)
    order: Literal["<", ">"] = ">" if beginning[:4] == b"RIFX" else "<"
    whole = int.from_bytes(beginning[4:8], "big" if order == ">" else "little")
    description: bytes | None = None
    data: tuple[int, int] | None = None
    at = start + 12
    for _ in range(_MOST_CHUNKS):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            break
        name, length = struct.unpack(f"{order}4sI", head)
        at += 8
        if data is None and not (name.isascii() and name.decode("ascii").isprintable()):
            raise UnreadableAudioError(f"{path}: malformed WAV header: byte {at - 8} begins no chunk")
        if name in (b"fmt ", b"data") and (description if name == b"fmt " else data) is not None:
            raise UnreadableAudioError(f"{path}: malformed WAV header: two {name.decode().strip()} chunks")
        if name == b"fmt ":
            if data is not None:
                break
            description = file.read(min(length, 40))
        elif name == b"data":
            present = size - at
            # A file without samples has 0 here too, but then its RIFF size is that of the file.
            is_finished = whole in (size - start - 8, size - start - 9)
            if length >= _LEAST_PLACEHOLDER > present or (length == 0 and not is_finished):
                data = at, present
                break
            if present < length:
                if length >= _LEAST_PLACEHOLDER:
                    data = at, present
                    break
                raise TruncatedAudioError(f"{path}: ends after {present} of {length} bytes of samples")
            data = at, length
        at += length + (length & 1)
    else:
        raise UnreadableAudioError(f"{path}: malformed WAV header: more than {_MOST_CHUNKS:,} chunks")
    if data is None:
        raise TruncatedAudioError(f"{path}: ends before its samples (no data chunk)")
    if description is None:
        raise UnreadableAudioError(f"{path}: malformed WAV header: no fmt chunk before its samples")
    channels, rate_hz, coding = _description(path, description, order)
    return SoundHeader(
        form="WAV",
        rate_hz=rate_hz,
        channels=channels,
        frames=data[1] // max(1, channels * coding.sample_bytes),
        coding=coding,
        data_at=data[0],
    )


def _description(path: Path, chunk: bytes, order: str) -> tuple[int, int, Coding]:
    """Return channels, rate and coding of a ``fmt`` chunk."""

    def malformed(what: str) -> UnreadableAudioError:
        return UnreadableAudioError(f"{path}: malformed WAV header: {what}")

    if len(chunk) < 16:
        raise malformed(f"fmt chunk of {len(chunk)} bytes, expected at least 16")
    tag, channels, rate_hz, _, frame_bytes, bits = struct.unpack_from(f"{order}HHIIHH", chunk)
    is_extensible = tag == _EXTENSIBLE
    if is_extensible:
        if len(chunk) < 40:
            raise malformed(f"extensible fmt chunk of {len(chunk)} bytes, expected at least 40")
        valid_bits, _, tag, one, two = struct.unpack_from(f"{order}HIIHH", chunk, 18)
        if (one, two, chunk[32:40]) != (0, 0x10, _SUB_FORMAT_TAIL):
            raise UnreadableAudioError(
                f"{path}: WAV of an unknown sub-format, expected PCM, floats, mu-law or A-law; convert it first"
            )
        if bits % 8 or valid_bits > bits:
            raise malformed(f"{valid_bits} valid bits in samples of {bits}")
    sample_bytes = -(-bits // 8)
    # Samples of fewer bits than their bytes hold stand at the upper end of them, so that the scale is the bytes'.
    widths = {_PCM: range(1, 33), _FLOAT: (32, 64), _ALAW: (8,), _ULAW: (8,)}
    if tag not in widths:
        name = _CODINGS.get(tag, "unknown")
        raise UnreadableAudioError(
            f"{path}: WAV of coding 0x{tag:04x} ({name}), expected PCM, floats, mu-law or A-law; convert it first"
        )
    if bits not in widths[tag]:
        expected = "1 to 32" if tag == _PCM else " or ".join(map(str, widths[tag]))
        raise malformed(f"samples of {bits} bits, expected {expected}")
    if frame_bytes != channels * sample_bytes:
        raise malformed(f"{channels} channels of {sample_bytes} bytes, but {frame_bytes} bytes for all of them")
    if tag == _PCM:
        return channels, rate_hz, Coding("unsigned" if sample_bytes == 1 else "signed", sample_bytes, order == ">")
    if tag == _FLOAT:
        return channels, rate_hz, Coding("float", sample_bytes, order == ">")
    return channels, rate_hz, Coding("alaw" if tag == _ALAW else "ulaw", 1)
