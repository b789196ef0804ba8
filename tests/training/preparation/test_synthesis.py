"""Synthetic sentences and what flite prints; flite itself where it is installed."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from features.audio import read_audio
from training.errors import SynthesisError
from training.preparation import synthesis
from training.preparation.labels import PHONES
from training.preparation.synthesis import FliteMissingError, parse_durations, sentences, speak, synthesise

CLIP = Path(__file__).parents[3] / "experiments" / "clips"


def test_sentences_differ_repeat_and_leave_out_the_demo_clips():
    first = sentences(600, seed=1)
    assert first == sentences(600, seed=1)
    assert sentences(600, seed=2) != first
    assert len(set(first)) == 600
    demo = (CLIP / "demo.txt").read_text().split(maxsplit=2)[2].strip()
    assert demo.lower() not in {sentence.lower() for sentence in sentences(5000, seed=1)}
    assert not {"seven green boats", "the old bridge"} & {
        phrase for sentence in first for phrase in ("seven green boats", "the old bridge") if phrase in sentence.lower()
    }


def test_durations_are_folded_and_end_with_the_sound():
    segments = parse_durations("pau:0.5 ax:0.75 zh:1.0 pau:2.0 \n", 31_000)
    assert [PHONES[phone] for phone in segments.phones] == ["sil", "ah", "zh", "sil"]
    assert segments.ends.tolist() == [7750, 11625, 15500, 31000]


@pytest.mark.parametrize(
    "printed",
    ["", "pau:0.5 qq:0.7", "pau", "pau:x", "pau:nan", "pau:inf", "pau:1e9", "pau:2.0 iy:1.0", "pau:0"],
)
def test_refuses_what_flite_does_not_print(printed):
    with pytest.raises(SynthesisError, match=r"^flite printed"):
        parse_durations(printed, 1000)


def test_says_when_flite_is_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(synthesis.shutil, "which", lambda program: None)
    with pytest.raises(FliteMissingError, match="apt-get install flite"):
        speak("Hello.", tmp_path / "x.wav", voice="slt")


def test_runs_flite_in_the_files_folder_with_its_voice_and_stretch(monkeypatch, tmp_path):
    """A stand-in program writes the sound and prints the times, and records how it was called."""
    program = tmp_path / "flite"
    program.write_text(
        f"#!/bin/sh\nprintf '%s\\n' \"$@\" > '{tmp_path}/arguments'\n"
        f"cp '{CLIP / 'demo.flac'}' \"$9\"\nprintf 'pau:1.0 iy:2.0 '\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr(synthesis.shutil, "which", lambda name: str(program))
    segments = speak("Hello there.", tmp_path / "x.wav", voice="awb", stretch=1.1)
    expected = "-voice awb --setf duration_stretch=1.10 -psdur -t".split()
    *called, name = (tmp_path / "arguments").read_text().splitlines()
    assert called == [*expected, "Hello there.", "-o"]
    # In a folder of its own until it is whole.
    assert name == "spoken.wav"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["arguments", "flite", "x.wav"]
    assert segments.ends.tolist() == [27920, 55840]
    assert [PHONES[phone] for phone in segments.phones] == ["sil", "iy"]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("exit 1", "did not speak it: .*exit status 1"),
        ("kill -SEGV $$", "did not speak it: .*SIGSEGV"),
        ("printf 'pau:1.0'", "did not speak it: .*spoken.wav"),
        ("printf 'no sound' > \"$9\"", "did not speak it: .*spoken.wav"),
        (f"cp '{CLIP / 'demo.flac'}' \"$9\"", "did not speak it: flite printed no durations"),
    ],
)
def test_says_when_flite_does_not_do_what_it_should(monkeypatch, tmp_path, script, message):
    program = tmp_path / "flite"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(synthesis.shutil, "which", lambda name: str(program))
    with pytest.raises(SynthesisError, match=rf"x.wav: .*{message}"):
        speak("Hello.", tmp_path / "x.wav", voice="slt")
    assert [path.name for path in tmp_path.iterdir()] == ["flite"]


def test_flite_speaks_every_voice(tmp_path):
    if shutil.which("flite") is None:
        return  # the stand-in above has shown how it is called
    made = synthesise(tmp_path, count=3, seed=5, workers=2)
    again = synthesise(tmp_path / "again", count=3, seed=5)
    assert [one.name.split("-")[1] for one in made] == ["awb", "rms", "slt"]
    for one, other in zip(made, again, strict=True):
        samples = read_audio(one.path)
        assert np.array_equal(samples, read_audio(other.path))
        assert one.segments.ends[-1] == len(samples)
        # The silences that flite claims are quieter than its speech.
        spans = list(zip([0, *one.segments.ends[:-1]], one.segments.ends, one.segments.phones, strict=True))
        power = {
            quiet: np.mean(np.concatenate([samples[a:b] for a, b, phone in spans if (phone == 0) == quiet]) ** 2)
            for quiet in (True, False)
        }
        assert power[True] < 0.1 * power[False]
