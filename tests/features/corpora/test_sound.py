"""The header check against what reading the whole file says."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from features.audio import read_audio
from features.corpora.sound import sound_seconds
from features.errors import AudioError, EmptyAudioError, UnreadableAudioError
from tests.features.corpora.ldc_layout import write_sphere


@pytest.mark.parametrize(("form", "rate"), [("WAV", 16_000), ("WAV", 44_100), ("FLAC", 8_000)])
def test_duration(tmp_path: Path, form: str, rate: int) -> None:
    path = tmp_path / "x"
    soundfile.write(path, np.zeros((rate // 4, 2)), rate, format=form)
    assert sound_seconds(path) == 0.25


def test_duration_of_real_files(speech_paths: list[Path]) -> None:
    for path in speech_paths:
        assert sound_seconds(path) == len(read_audio(path)) / 16_000


def test_duration_of_sphere_with_something_behind_the_samples(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x.wav", np.zeros(1_600), 16_000)
    write_sphere(tmp_path / "x.wav", tmp_path / "y.wav")
    (tmp_path / "y.wav").write_bytes((tmp_path / "y.wav").read_bytes() + bytes(100))
    assert sound_seconds(tmp_path / "y.wav") == 0.1 == len(read_audio(tmp_path / "y.wav")) / 16_000


def test_a_header_that_leaves_the_length_open(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    soundfile.write(path, np.zeros(1_600), 16_000)
    content = bytearray(path.read_bytes())
    at = content.index(b"data") + 4
    for length in (0, 0xFFFFFFFF):
        content[4:8] = content[at : at + 4] = struct.pack("<I", length)
        path.write_bytes(content)
        assert sound_seconds(path) == 0.1 == len(read_audio(path)) / 16_000


def test_what_is_no_sound(tmp_path: Path) -> None:
    with pytest.raises(UnreadableAudioError, match=r"x: no such sound file$"):
        sound_seconds(tmp_path / "x")
    (tmp_path / "x").touch()
    with pytest.raises(EmptyAudioError, match=r"x: the file is empty$"):
        sound_seconds(tmp_path / "x")
    soundfile.write(tmp_path / "x", np.zeros(10), 16_000, format="OGG")
    with pytest.raises(UnreadableAudioError, match=r"x: is OGG, expected WAV, FLAC or NIST SPHERE"):
        sound_seconds(tmp_path / "x")
    soundfile.write(tmp_path / "x", np.zeros(10), 500, format="WAV")
    with pytest.raises(UnreadableAudioError, match=r"x: sample rate is 500 Hz, expected 1000\.\.768000"):
        sound_seconds(tmp_path / "x")
    soundfile.write(tmp_path / "x", np.zeros(0), 16_000, format="WAV")
    with pytest.raises(EmptyAudioError, match=r"x: no samples$"):
        sound_seconds(tmp_path / "x")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole")
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, 800)
    soundfile.write(folder / "RIFF", samples, 16_000, format="WAV", subtype="PCM_16")
    soundfile.write(folder / "FLAC", samples, 16_000, format="FLAC")
    write_sphere(folder / "RIFF", folder / "SPHERE")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@given(data=st.data())
def test_what_the_header_check_refuses_reading_refuses_too(
    whole: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(whole[data.draw(st.sampled_from(sorted(whole)))])
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content)))]
    else:
        content[data.draw(st.integers(0, 99))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "spoilt"
    path.write_bytes(content)
    try:
        sound_seconds(path)
    except AudioError:
        with pytest.raises(AudioError, match=f"^{path}: "):
            read_audio(path)
