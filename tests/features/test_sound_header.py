"""What is opened as a sound, and what is refused before a byte of it is read."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
import soundfile

from features.audio import read_audio
from features.corpora.sound import sound_seconds
from features.errors import AudioError, UnreadableAudioError
from features.sound_header import open_sound


def test_what_is_no_regular_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe waits for a writer, a device never ends; neither is opened to read."""
    os.mkfifo(tmp_path / "pipe.wav")
    with socket.socket(socket.AF_UNIX) as listening:
        monkeypatch.chdir(tmp_path)
        listening.bind("socket.wav")
    (tmp_path / "loop.wav").symlink_to(tmp_path / "loop.wav")
    for path, message in (
        (tmp_path / "pipe.wav", "is a named pipe, expected a sound file"),
        (tmp_path / "socket.wav", "cannot be read"),
        (Path("/dev/zero"), "is a device, expected a sound file"),
        (tmp_path, "is a folder, expected a sound file"),
        (tmp_path / "loop.wav", "cannot be read"),
        (tmp_path / ("a" * 300), "cannot be read"),
        (Path(f"{tmp_path}/nul\0.wav"), "cannot be read"),
        (Path(os.fsdecode(bytes(tmp_path) + b"/caf\xe9.wav")), "no such sound file"),
    ):
        for read in (read_audio, sound_seconds):
            with pytest.raises(AudioError) as refused:
                read(path)
            assert str(refused.value).startswith(f"{path}: {message}")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"FORM\0\0\0\0AIFC", "AIFF"), (b"\0\0\0\x20ftypM4A ", "MP4"), (b"\xff\xfb\x90\0", "MP3"), (b"BW64", "RF64"),
        (b"ajkg\2", "Shorten"), (b"\xff\xfet\0e\0x\0t\0", ""), (b"\xff", ""), (b"RIFF\4\0\0\0AVI ", ""), (b"ID3", ""),
    ],
)  # fmt: skip
def test_other_files_are_called_by_their_names(tmp_path: Path, content: bytes, name: str) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(UnreadableAudioError) as refused:
        read_audio(tmp_path / "a.wav")
    reason = f"is {name}, expected WAV, FLAC or NIST SPHERE" if name else "not a readable WAV, FLAC or NIST SPHERE file"
    assert str(refused.value).startswith(f"{tmp_path / 'a.wav'}: {reason}")


def test_a_real_header(shipped_clip: Path) -> None:
    with open_sound(shipped_clip) as (_, header):
        info = soundfile.info(shipped_clip)
        assert (header.form, header.rate_hz, header.channels) == ("FLAC", info.samplerate, info.channels)
        assert (header.frames, header.seconds) == (info.frames, info.duration)
