"""The header of a NIST SPHERE file: a text of fields, ``name -type value`` a line, compared with the file's size.

Fields are found by their whole name at the beginning of a line; nothing else reads the header, so that a field whose
name ends in another's (``original_sample_rate``), a comment or what follows ``end_head`` decides nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from features.errors import EmptyAudioError, TruncatedAudioError, UnreadableAudioError
from features.sound_format import Coding, Kind, SoundHeader
from files.reading import whole_number

# Headers are 1,024 bytes, a few of them more.
_LONGEST_HEADER = 1 << 20
# The fields that decide how samples are read, and what stands for one that is left out.
_FIELDS = {
    "sample_count": "", "sample_rate": "", "channel_count": "1", "sample_n_bytes": "2", "sample_coding": "pcm",
    "sample_byte_format": "", "sample_sig_bits": "", "channels_interleaved": "TRUE",
}  # fmt: skip
_LAWS: dict[str, Kind] = {"ulaw": "ulaw", "mu-law": "ulaw", "mulaw": "ulaw", "alaw": "alaw", "a-law": "alaw"}
_COMPRESSED = ("shorten", "shortpack", "wavpack")


def read_sphere_header(path: Path, file: BinaryIO, start: int, size: int) -> SoundHeader:
    """Return what the header of a SPHERE file says; see `features.riff.read_riff_header`.

    Raises
    ------
    UnreadableAudioError
        Malformed, a field twice with two values, fields that contradict each other, or a coding that is not PCM,
        mu-law or A-law.
    EmptyAudioError, TruncatedAudioError
        No samples, or the file ends before they do.
    """

    def malformed(what: str) -> UnreadableAudioError:
        return UnreadableAudioError(f"{path}: malformed SPHERE header: {what}")

    fields, data_at = _fields(path, file, start, size)
    coding_name = fields["sample_coding"]
    if any(packed in coding_name for packed in _COMPRESSED):
        raise UnreadableAudioError(
            f"{path}: SPHERE with {coding_name[:60]!r} coding; uncompress it first (w_decode -o pcm, or sph2pipe)"
        )
    numbers: dict[str, int] = {}
    for name in ("sample_count", "channel_count", "sample_n_bytes", "sample_rate"):
        number = whole_number(fields[name])
        if number is None or (number == 0 and name != "sample_count"):
            raise malformed(f"{name} is {fields[name][:60]!r}, expected a number over 0")
        numbers[name] = number
    channels, sample_bytes = numbers["channel_count"], numbers["sample_n_bytes"]
    if coding_name != "pcm" and coding_name not in _LAWS:
        raise UnreadableAudioError(f"{path}: SPHERE with {coding_name[:60]!r} coding, expected pcm, ulaw or alaw")
    if sample_bytes > 4 or (coding_name in _LAWS and sample_bytes != 1):
        expected = "1" if coding_name in _LAWS else "1 to 4"
        raise malformed(f"sample_n_bytes is {fields['sample_n_bytes']!r}, expected {expected} of {coding_name}")
    bits = fields["sample_sig_bits"]
    if bits and whole_number(bits, least=1, most=8 * sample_bytes) is None:
        raise malformed(f"sample_sig_bits is {bits[:60]!r}, expected 1 to {8 * sample_bytes}")
    if channels > 1 and fields["channels_interleaved"].upper() != "TRUE":
        raise UnreadableAudioError(f"{path}: SPHERE with channels one after the other, expected them interleaved")
    is_big_endian = False
    if sample_bytes > 1:
        written = fields["sample_byte_format"]
        # Some writers give 01 or 10 for any number of bytes.
        little = "0123"[:sample_bytes]
        if written not in (little, little[::-1], "01", "10"):
            raise malformed(f"sample_byte_format is {written[:60]!r}, expected {little} or {little[::-1]}")
        is_big_endian = written[0] != "0"
    if numbers["sample_count"] == 0:
        raise EmptyAudioError(f"{path}: no samples")
    present = (size - data_at) // (channels * sample_bytes)
    if present < numbers["sample_count"]:
        raise TruncatedAudioError(f"{path}: ends after {max(0, present)} of {numbers['sample_count']} samples")
    return SoundHeader(
        form="NIST SPHERE",
        rate_hz=numbers["sample_rate"],
        channels=channels,
        frames=numbers["sample_count"],
        coding=Coding(_LAWS.get(coding_name, "signed"), sample_bytes, is_big_endian),
        data_at=data_at,
    )


def _fields(path: Path, file: BinaryIO, start: int, size: int) -> tuple[dict[str, str], int]:
    """Return the value of every field of `_FIELDS`, and the byte at which the samples begin."""

    def malformed(what: str) -> UnreadableAudioError:
        return UnreadableAudioError(f"{path}: malformed SPHERE header: {what}")

    file.seek(start)
    beginning = file.read(16)
    if b"\r" in beginning:
        raise malformed("its line ends were converted (CRLF), which spoils the samples as well")
    text = beginning[8:].decode("latin-1").strip()
    header_bytes = whole_number(text)
    if header_bytes is None or beginning[7:8] != b"\n" or beginning[15:] != b"\n":
        raise malformed(f"expected its size in line 2, got {text!r}")
    if not 16 < header_bytes <= _LONGEST_HEADER:
        raise malformed(f"size of {header_bytes} bytes, expected 17 to {_LONGEST_HEADER:,}")
    if start + header_bytes > size:
        raise TruncatedAudioError(f"{path}: ends after {size - start} of {header_bytes} bytes of its header")
    found: dict[str, str] = {}
    for line in file.read(header_bytes - 16).decode("latin-1").split("\n"):
        if line.rstrip(" ") == "end_head":
            break
        parts = line.strip(" ").split(" ", 2)
        if parts[0] not in _FIELDS:
            continue
        value = parts[2].strip(" ") if len(parts) == 3 and parts[1][:2] in ("-i", "-s") else ""
        if found.setdefault(parts[0], value) != value:
            raise malformed(f"{parts[0]} is there twice, as {found[parts[0]][:40]!r} and {value[:40]!r}")
    else:
        raise malformed("no end_head")
    return _FIELDS | found, start + header_bytes
