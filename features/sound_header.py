"""The one reading of a sound file's header, which durations and samples both follow."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from features.errors import EmptyAudioError, UnreadableAudioError
from features.flac import read_flac_header
from features.riff import read_riff_header
from features.sound_format import SoundHeader, checked_header
from features.sphere import read_sphere_header
from files.errors import FileError
from files.reading import open_regular

# What other files begin with, to name them.
_OTHERS = {
    b"OggS": "OGG", b".snd": "AU", b"dns.": "AU", b"RF64": "RF64", b"BW64": "RF64", b"riff": "W64", b"caff": "CAF",
    b"ajkg": "Shorten", b"wvpk": "WavPack", b"MAC ": "APE", b"#!AM": "AMR", b"\x1aE\xdf\xa3": "Matroska or WebM",
}  # fmt: skip


@contextmanager
def open_sound(path: Path) -> Iterator[tuple[BinaryIO, SoundHeader]]:
    """Open a sound file and read its header.

    Parameters
    ----------
    path : Path
        What the file is says its content, not its name. A leading ID3 tag is passed over.

    Yields
    ------
    file : binary file
    header : SoundHeader

    Raises
    ------
    UnreadableAudioError, EmptyAudioError, TruncatedAudioError
        Missing, a folder, pipe or device, of another format, malformed, or shorter than its header says.
    """
    try:
        file = open_regular(path, what="sound file")
    except FileError as error:
        raise UnreadableAudioError(str(error)) from error
    with file:
        try:
            yield file, _header(path, file)
        except OSError as error:
            raise UnreadableAudioError(f"{path}: cannot be read ({error.strerror})") from error


def _header(path: Path, file: BinaryIO) -> SoundHeader:
    size = os.fstat(file.fileno()).st_size
    if not size:
        raise EmptyAudioError(f"{path}: the file is empty")
    start = _after_id3(file)
    file.seek(start)
    magic = file.read(12).ljust(12)
    if magic[:4] in (b"RIFF", b"RIFX") and magic[8:] == b"WAVE":
        read = read_riff_header
    elif magic[:7] == b"NIST_1A":
        read = read_sphere_header
    elif magic[:4] == b"fLaC":
        read = read_flac_header
    else:
        name = _other_format(magic, start > 0)
        if name:
            raise UnreadableAudioError(f"{path}: is {name}, expected WAV, FLAC or NIST SPHERE")
        raise UnreadableAudioError(f"{path}: not a readable WAV, FLAC or NIST SPHERE file: Format not recognised")
    return checked_header(path, read(path, file, start, size))


def _after_id3(file: BinaryIO) -> int:
    """Return where the content begins: 0, or after the ID3 tag that some programs put before it."""
    file.seek(0)
    head = file.read(10)
    if len(head) < 10 or head[:3] != b"ID3" or max(head[6:]) > 0x7F:
        return 0
    length = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    return 10 + length + (10 if head[5] & 0x10 else 0)


def _other_format(magic: bytes, has_id3: bool) -> str:
    if magic[:4] == b"FORM" and magic[8:] in (b"AIFF", b"AIFC"):
        return "AIFF"
    if magic[4:8] == b"ftyp":
        return "MP4"
    # The frame sync of MPEG layers 1 to 3; FF FE is the byte-order mark of a text.
    if has_id3 or (magic[:1] == b"\xff" and magic[1] >= 0xE0 and magic[1] & 6 and magic[1] != 0xFE):
        return "MP3"
    return _OTHERS.get(magic[:4], "")
