"""The Free Spoken Digit Dataset by the names of its files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from features.corpora.fsdd import CLASSES, read_fsdd
from features.corpora.location import find_corpus
from features.corpora.splits import speaker_folds
from features.errors import AudioError, CorpusError, Damage


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    for name in ("3_ann_0", "0_bob_1", "9_ann_12"):
        soundfile.write(folder / f"{name}.wav", np.zeros(800), 8000, subtype="PCM_16")
    return tmp_path


def test_names_tell_digit_and_speaker(digits: Path) -> None:
    found = read_fsdd(digits)
    assert [(one.utterance_id, one.speaker, one.words) for one in found] == [
        ("0_bob_1", "bob", "0"), ("3_ann_0", "ann", "3"), ("9_ann_12", "ann", "9"),
    ]  # fmt: skip
    assert {one.split for one in found} == {""}
    assert find_corpus("fsdd", digits) == digits


@pytest.mark.parametrize("name", ["10_ann_0.wav", "a_ann_0.wav", "3_ann.wav", "3__0.wav", "3_ann_0.WAV"])
def test_another_name_is_refused_or_left_out(digits: Path, name: str) -> None:
    path = digits / "recordings" / name
    if not path.exists():
        soundfile.write(path, np.zeros(800), 8000, format="WAV")
    with pytest.raises(CorpusError, match=r"expected a name DIGIT_SPEAKER_INDEX\.wav") as refused:
        read_fsdd(digits)
    assert str(path) in str(refused.value)
    damage: list[Damage] = []
    assert len(read_fsdd(digits, damage=damage)) == 3
    assert [one.path for one in damage] == [path]


def test_damaged_sound_and_absence(digits: Path, tmp_path: Path) -> None:
    (digits / "recordings" / "1_ann_0.wav").write_bytes(b"RIFF")
    with pytest.raises(AudioError, match="1_ann_0"):
        read_fsdd(digits)
    with pytest.raises(CorpusError, match="no such folder; fsdd can be had from"):
        read_fsdd(tmp_path / "none")
    (tmp_path / "empty" / "recordings").mkdir(parents=True)
    with pytest.raises(CorpusError, match="no whole utterance"):
        read_fsdd(tmp_path / "empty")


def test_the_corpus_itself(fsdd: Path) -> None:
    found = read_fsdd(fsdd)
    speakers = {one.speaker for one in found}
    assert {one.words for one in found} == set(CLASSES)
    assert len(found) == 500 * len(speakers)
    for dealt in speaker_folds(found, folds=len(speakers)):
        assert len({one.speaker for one in dealt if one.split == "test"}) == 1
