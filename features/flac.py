"""The header of a FLAC file: its STREAMINFO, and that the first frame says the same."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from features.errors import TruncatedAudioError, UnreadableAudioError
from features.sound_format import Coding, SoundHeader

_STREAMINFO_BYTES = 34
# Files have some ten; each costs a read.
_MOST_BLOCKS = 1000
# A frame's code of the sample rate; 0 refers to STREAMINFO, 12 to 14 to bytes at the end of the frame's header.
_RATES_HZ = (0, 88_200, 176_400, 192_000, 8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000)
_LONGEST_FRAME_HEADER = 16
# Bytes that may stand behind the samples.
_MOST_TAGS = 1 << 24


def read_flac_header(path: Path, file: BinaryIO, start: int, size: int) -> SoundHeader:
    """Return what STREAMINFO says; see `features.riff.read_riff_header`.

    Raises
    ------
    UnreadableAudioError
        Malformed, without a number of samples, or a first frame of another rate or channel count.
    TruncatedAudioError
        The file ends within its metadata.
    """

    def malformed(what: str) -> UnreadableAudioError:
        return UnreadableAudioError(f"{path}: malformed FLAC header: {what}")

    at, is_last, information = start + 4, False, b""
    for number in range(_MOST_BLOCKS):
        file.seek(at)
        head = file.read(4)
        length = int.from_bytes(head[1:], "big")
        if len(head) < 4 or at + 4 + length > size:
            raise TruncatedAudioError(f"{path}: ends before its samples")
        is_last, kind = head[0] >= 0x80, head[0] & 0x7F
        if (kind == 0) != (number == 0) or (kind == 0 and length != _STREAMINFO_BYTES):
            raise malformed("expected one STREAMINFO of 34 bytes, as the first block")
        if kind == 0:
            information = file.read(length)
        at += 4 + length
        if is_last:
            break
    if not is_last:
        raise malformed(f"more than {_MOST_BLOCKS:,} blocks of metadata")
    packed = int.from_bytes(information[10:18], "big")
    rate_hz, channels, frames = packed >> 44, (packed >> 41 & 7) + 1, packed & (1 << 36) - 1
    if not frames:
        raise UnreadableAudioError(f"{path}: FLAC header without a number of samples; write it anew")
    # Four bytes a sample, a block's headers for every sixteen, and room for tags: what is larger is not these samples,
    # and the decoder would look through all of it for a frame.
    most = 8 * frames * channels + _MOST_TAGS
    if size - at > most:
        raise malformed(f"{frames:,} samples, but {size - at:,} bytes, expected at most {most:,}")
    file.seek(at)
    in_frame = _frame_rate_and_channels(file.read(_LONGEST_FRAME_HEADER))
    for what, said, found in zip(("sample rate", "number of channels"), (rate_hz, channels), in_frame, strict=True):
        if found not in (None, said):
            raise malformed(f"{what} is {said}, in the first frame {found}")
    return SoundHeader(
        form="FLAC", rate_hz=rate_hz, channels=channels, frames=frames, coding=Coding("flac", 0), data_at=at
    )


def _frame_rate_and_channels(head: bytes) -> tuple[int | None, int | None]:
    """Return what the header of a frame says of them, None where it says nothing (or is none)."""
    if len(head) < _LONGEST_FRAME_HEADER or head[0] != 0xFF or head[1] & 0xFE != 0xF8:
        return None, None
    assignment = head[3] >> 4
    # 8 to 10 are pairs stored as a channel and the difference.
    channels = assignment + 1 if assignment < 8 else 2 if assignment < 11 else None
    code = head[2] & 15
    if code < len(_RATES_HZ):
        return _RATES_HZ[code] or None, channels
    # Past the frame's number, whose first byte says how many it takes, and the block size.
    ones = f"{head[4]:08b}".index("0") if head[4] != 0xFF else 8
    at = 4 + max(1, ones) + {6: 1, 7: 2}.get(head[2] >> 4, 0)
    units = {12: (1, 1000), 13: (2, 1), 14: (2, 10)}.get(code)
    if units is None or at + units[0] > len(head):
        return None, channels
    return int.from_bytes(head[at : at + units[0]], "big") * units[1], channels
