"""A sound file recognised: in one pass, whatever its name, against the phones that belong to it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from experiments.chain import spoken as module
from experiments.chain.references import fold_reference
from experiments.chain.spoken import CLIP, recognise
from features.audio import read_audio
from features.errors import CorpusError
from features.frontend import FrontEndSettings, batch_codes
from golden.checkpoint import Checkpoint
from golden.cycles import count_frames
from golden.forward import forward
from golden.recognition import decode_checkpoint


def test_pieces_give_what_the_whole_gives(network: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FRAMES_AT_ONCE", 60)
    found = recognise(network, CLIP)
    assert network.host is not None
    codes = batch_codes(read_audio(CLIP), FrontEndSettings.from_json(network.host.front_end))
    whole = forward(network, codes)
    np.testing.assert_array_equal(found.codes, codes)
    for mine, expected in zip(found.result.spikes, whole.spikes, strict=True):
        np.testing.assert_array_equal(mine, expected)
    np.testing.assert_array_equal(found.result.best, whole.logits.argmax(axis=1))
    np.testing.assert_array_equal(found.counts.phase_cycles, count_frames(network, codes, whole.spikes).phase_cycles)
    assert found.segments == decode_checkpoint(network, whole.logits)


def test_phones_are_scored_only_against_a_reference(tmp_path: Path, network: Checkpoint) -> None:
    assert recognise(network, CLIP).errors is not None
    bare = tmp_path / "bare.flac"
    bare.write_bytes(CLIP.read_bytes())
    assert recognise(network, bare).errors is None
    given = recognise(network, bare, CLIP.with_suffix(".phn"))
    assert given.errors is not None
    assert given.errors.reference == 30


@pytest.mark.parametrize(("sound", "phones"), [("SA1.WAV", "SA1.PHN"), ("sa1.flac", "SA1.phn"), ("Sa1.WAV", "sa1.PHN")])
def test_the_phones_beside_a_sound_are_found_in_any_spelling(
    tmp_path: Path, network: Checkpoint, sound: str, phones: str
) -> None:
    (tmp_path / sound).write_bytes(CLIP.read_bytes())
    (tmp_path / phones).write_bytes(CLIP.with_suffix(".phn").read_bytes())
    found = recognise(network, tmp_path / sound)
    assert found.errors == recognise(network, CLIP).errors


def test_a_reference_of_silence_gives_no_rate(tmp_path: Path, network: Checkpoint) -> None:
    silent = tmp_path / "silent.phn"
    silent.write_text("0 55000 h#\n")
    found = recognise(network, CLIP, silent)
    assert found.errors is None
    assert found.warnings == (f"{silent}: nothing but silence, so there is no phone error rate",)


def test_an_unknown_phone_names_the_file(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.phn"
    wrong.write_text("0 100 aa\n100 200 xx\n")
    with pytest.raises(CorpusError, match=r"wrong\.phn.*'xx'"):
        fold_reference(wrong)


def test_a_name_that_is_no_utf_8(tmp_path: Path, network: Checkpoint) -> None:
    odd = tmp_path / os.fsdecode(b"caf\xe9\n$x$.flac")
    odd.write_bytes(CLIP.read_bytes())
    assert recognise(network, odd).name == "caf\\xe9\\n$x$.flac"


def test_only_what_a_picture_shows_is_kept_of_the_samples(tmp_path: Path, network: Checkpoint) -> None:
    samples, rate = soundfile.read(CLIP)
    soundfile.write(tmp_path / "long.wav", np.tile(samples, 20), rate)
    found = recognise(network, tmp_path / "long.wav")
    assert len(found.samples) == 60 * 16_000 < len(samples) * 20
