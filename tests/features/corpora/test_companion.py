"""What lies beside a sound, however it is spelled."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.corpora.companion import companion, sentence_files, split_name
from features.errors import CorpusError


@pytest.mark.parametrize(
    ("sound", "beside", "found"),
    [
        ("SA1.WAV", ["SA1.PHN"], "SA1.PHN"),
        ("sa1.wav", ["sa1.phn"], "sa1.phn"),
        ("SA1.WAV", ["sa1.phn"], "sa1.phn"),
        ("sa1.wav", ["SA1.PHN"], "SA1.PHN"),
        ("sa1.wav", ["Sa1.Phn"], "Sa1.Phn"),
        ("SA1.WAV.wav", ["SA1.PHN", "SA1.WAV"], "SA1.PHN"),
        ("SA1.WAV", ["SA1.phn", "SA1.PHN"], "SA1.PHN"),
        ("SA1.wav", ["SA1.phn", "SA1.PHN"], "SA1.phn"),
        ("SA1.WAV.wav", ["SA1.phn", "SA1.PHN"], "SA1.phn"),
        ("SA1.WAV", ["SA1.phn", "sa1.PHN"], "SA1.phn"),
        ("take.2.flac", ["take.2.PHN", "take.phn"], "take.2.PHN"),
        ("a[1].wav", ["a1.phn", "a[1].PHN"], "a[1].PHN"),
        ("a*.wav", ["ab.phn"], None),
        ("sound", ["sound.phn"], "sound.phn"),
        (".wav", [".wav.phn", ".phn"], ".wav.phn"),
        ("SA1.WAV", ["SA1.TXT", "SA10.PHN"], None),
        ("SA1.WAV", [], None),
    ],
)
def test_any_case(tmp_path: Path, sound: str, beside: list[str], found: str | None) -> None:
    for name in beside:
        (tmp_path / name).touch()
    assert companion(tmp_path / sound, ".phn") == (None if found is None else tmp_path / found)


def test_two_that_both_belong_to_it(tmp_path: Path) -> None:
    for name in ("SA1.Phn", "sa1.phn"):
        (tmp_path / name).touch()
    with pytest.raises(CorpusError) as refused:
        companion(tmp_path / "Sa1.wav", ".phn")
    assert str(refused.value) == f"{tmp_path}: SA1.Phn and sa1.phn both belong to Sa1.wav; remove one"


def test_where_nothing_can_be_found(tmp_path: Path) -> None:
    for sound in (Path("/"), tmp_path / "absent" / "a.wav", Path(f"{tmp_path}/nul\0.wav"), tmp_path / ("a" * 300)):
        assert companion(sound, ".phn") is None
    (tmp_path / "a.phn").symlink_to(tmp_path / "a.phn")
    # Which cannot be read, as its reader says: it is not absent.
    assert companion(tmp_path / "a.wav", ".phn") == tmp_path / "a.phn"


def test_a_name_that_is_not_utf_8(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.PHN")
    (tmp_path / name).touch()
    assert companion(tmp_path / os.fsdecode(b"caf\xe9.wav"), ".phn") == tmp_path / name


@given(
    stem=st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="/."), min_size=1, max_size=8),
    shout=st.booleans(),
)
def test_generated_names(tmp_path_factory: pytest.TempPathFactory, stem: str, shout: bool) -> None:
    folder = tmp_path_factory.mktemp("names")
    label = (stem + ".phn").upper() if shout else (stem + ".phn").lower()
    (folder / label).touch()
    assert companion(folder / f"{stem}.wav", ".phn") == folder / label
    assert sentence_files(folder) == {stem.lower(): {".phn": folder / label}}


def test_sentences_of_a_folder(tmp_path: Path) -> None:
    for name in ("SA1.WAV", "sa1.wav", "SA1.WAV.wav", "sa1.Phn", "notes"):
        (tmp_path / name).touch()
    assert sentence_files(tmp_path) == {
        "sa1": {".wav": tmp_path / "SA1.WAV", ".wav.wav": tmp_path / "SA1.WAV.wav", ".phn": tmp_path / "sa1.Phn"},
        "notes": {"": tmp_path / "notes"},
    }
    with pytest.raises(CorpusError, match="absent: cannot be read"):
        sentence_files(tmp_path / "absent")
    with pytest.raises(CorpusError, match="cannot be read"):
        sentence_files(Path("nul\0"))
    assert split_name(".wav.wav") == (".wav", ".wav")
