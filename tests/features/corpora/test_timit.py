"""TIMIT's readers on the sample, on the sample laid out as the LDC does, and on damaged files."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from features.audio import read_audio
from features.corpora.phones import PHONES_39
from features.corpora.timit import read_folded_phones, read_phone_file, read_timit, read_timit_sample
from features.corpora.timit_speakers import CORE_TEST_SPEAKERS, DEV_SPEAKERS
from features.errors import CorpusError, Damage, FeatureError
from tests.features.corpora.ldc_layout import lay_out_as_ldc, write_sphere


def test_the_sample(timit_sample: Path) -> None:
    sentences = read_timit_sample(timit_sample)
    assert len(sentences) == 120
    assert len({one.speaker for one in sentences}) == 12
    first = sentences[0]
    assert first.phone_times is not None
    assert first.words
    assert first.phones[0] == first.phones[-1] == "sil"
    seconds = len(read_audio(first.audio_path)) / 16_000
    for one in sentences:
        assert one.phone_times is not None
        borders = [border for start, end, _ in one.phone_times for border in (start, end)]
        assert borders == sorted(borders)
        assert one.symbols == tuple(symbol for _, _, symbol in one.phone_times)
        assert set(one.phones) <= set(PHONES_39)
        assert one.words[0].isupper()
    assert {phone for one in sentences for phone in one.phones} == set(PHONES_39)
    assert len({symbol for one in sentences for symbol in one.symbols}) == 60  # Of 61; the sample lacks one.
    assert abs(first.phone_times[-1][1] - seconds) < 0.2


@pytest.mark.parametrize(
    "line", ["1 2", "a 2 s", "5 3 s", "1 2 s t", "", "1 \u0662 s", "-1 2 s", "1 \u00b2 s", f"1 {'9' * 19} s"]
)
def test_a_malformed_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "x.phn"
    path.write_text(f"0 1 h#\n{line}\n")
    with pytest.raises(CorpusError) as refused:
        read_phone_file(path)
    assert str(refused.value) == f"{path}, line 2: expected START END PHONE, got {line!r}"


def test_numbers_of_thousands_of_digits_are_shown_short(tmp_path: Path) -> None:
    path = tmp_path / "x.phn"
    path.write_text(f"0 {'9' * 5000} h#\n")
    with pytest.raises(CorpusError) as refused:
        read_phone_file(path)
    assert str(refused.value) == f"{path}, line 1: expected START END PHONE, got {'0 ' + '9' * 78!r}"


@pytest.mark.parametrize("content", ["\ufeff0 1 h#\n1 2 AA1\n", "0 1 h#\r\n1 2 AA1\r\n", "0 1 h#\r1 2 AA1"])
def test_phone_files_of_any_system(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.phn"
    path.write_bytes(content.encode())
    assert read_phone_file(path) == ((0.0, 1 / 16_000, "h#"), (1 / 16_000, 2 / 16_000, "AA1"))
    assert read_folded_phones(path) == ["sil", "aa"]


def test_folded_phones_name_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "x.phn"
    path.write_text("0 1 h#\n1 2 q\n2 3 ix\n3 4 xyz\n")
    with pytest.raises(CorpusError) as refused:
        read_folded_phones(path)
    assert str(refused.value) == f"{path}, line 4: phone 'xyz': expected a TIMIT or ARPAbet symbol"
    path.write_text("0 1 h#\n1 2 q\n2 3 ix\n")
    assert read_folded_phones(path) == ["sil", "ih"]
    with pytest.raises(CorpusError, match=r"absent: no such text file$"):
        read_folded_phones(tmp_path / "absent")


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no folder dr1"):
        read_timit_sample(tmp_path)
    (tmp_path / "dr1-x").mkdir()
    soundfile.write(tmp_path / "dr1-x/a.wav", np.zeros(1_600), 16_000)
    with pytest.raises(CorpusError, match=r"a\.phn: no such text file"):
        read_timit_sample(tmp_path)
    (tmp_path / "dr1-x/a.phn").write_text("0 10 h#\n")
    with pytest.raises(CorpusError, match=r"a\.txt: no such text file"):
        read_timit_sample(tmp_path)
    (tmp_path / "dr1-x/a.txt").write_text("0 10\n")
    with pytest.raises(CorpusError, match=r"a\.txt: expected START END SENTENCE"):
        read_timit_sample(tmp_path)
    (tmp_path / "dr1-x/a.txt").write_text("0 10 A sentence.\n")
    (one,) = read_timit_sample(tmp_path)
    assert (one.words, one.phones, one.phone_times) == ("A sentence.", ("sil",), ((0.0, 10 / 16_000, "h#"),))
    (tmp_path / "dr1-x/a.phn").write_text("0 10 h#\n10 20 xx\n")
    with pytest.raises(CorpusError, match=r"a\.phn, line 2: phone 'xx': expected a TIMIT or ARPAbet symbol"):
        read_timit_sample(tmp_path)
    (tmp_path / "dr2-y").mkdir()
    (tmp_path / "dr1-x/a.phn").write_text("0 10 h#\n")
    with pytest.raises(CorpusError, match=r"dr2-y: no \.wav file"):
        read_timit_sample(tmp_path)


@pytest.fixture
def one_sentence(tmp_path: Path) -> Path:
    """Return a corpus of one whole sentence."""
    return sentence(tmp_path, "TRAIN/DR1/MCPM0/SI564").parents[3]


def sentence(root: Path, name: str) -> Path:
    """Write a sentence of 100 ms, as SPHERE; return the name of its sound file."""
    sound = (root / name).with_suffix(".WAV")
    sound.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(root / "sound.wav", np.zeros(1_600), 16_000)
    write_sphere(root / "sound.wav", sound)
    sound.with_suffix(".PHN").write_text("0 800 h#\n800 1600 aa\n")
    sound.with_suffix(".TXT").write_text("0 1600 Ah.\n")
    return sound


@pytest.mark.parametrize("upper", [True, False])
@pytest.mark.parametrize("sphere", [True, False])
@pytest.mark.parametrize("below", ["", "timit", "TIMIT/timit"])
def test_the_sample_laid_out_as_the_corpus(
    timit_sample: Path, tmp_path: Path, upper: bool, sphere: bool, below: str
) -> None:
    lay_out_as_ldc(timit_sample, tmp_path / below, upper=upper, sphere=sphere, stand_ins=False)
    for dialect_sentences, count in ((False, 96), (True, 120)):
        read = read_timit(tmp_path, dialect_sentences=dialect_sentences)
        sample = read_timit(timit_sample, dialect_sentences=dialect_sentences)
        assert len(read) == len(sample) == count
        for one, same in zip(read, sample, strict=True):
            # The twelve are all training speakers of the corpus; the sample has no split.
            assert replace(one, audio_path=same.audio_path, split="") == same
            assert one.split == "train"
    one, same = read[50], sample[50]
    assert one.audio_path.name.isupper() == upper
    np.testing.assert_array_equal(read_audio(one.audio_path), read_audio(same.audio_path))


def test_the_standard_split_on_stand_ins(timit_sample: Path, tmp_path: Path) -> None:
    read = read_timit(lay_out_as_ldc(timit_sample, tmp_path))
    assert Counter(one.split for one in read) == {"train": 48, "dev": 24, "test": 24}
    assert {one.speaker for one in read if one.split == "test"} == {"dr1-felc0", "dr2-mtas1", "dr7-mgrt0"}
    assert {one.speaker for one in read if one.split == "dev"} == {"dr3-mbwm0", "dr4-fedw0", "dr7-fmml0"}
    assert not any("-sa" in one.utterance_id for one in read)
    assert [one.utterance_id for one in read] == sorted(one.utterance_id for one in read)


def test_every_standard_speaker_and_the_others_of_the_test_folder(tmp_path: Path) -> None:
    sounds = [sentence(tmp_path, f"TEST/DR2/MABW0/{name}") for name in ("SX191", "SA1", "SA2")]
    for uses, speakers in (("TEST", CORE_TEST_SPEAKERS | DEV_SPEAKERS), ("TRAIN", {"mcpm0": 1, "fapb0": 6})):
        for speaker, region in speakers.items():
            folder = tmp_path / uses / f"DR{region}" / speaker.upper()
            folder.mkdir(parents=True)
            for path in sounds:
                for suffix in (".WAV", ".PHN", ".TXT"):
                    os.link(path.with_suffix(suffix), folder / path.with_suffix(suffix).name)
    read = read_timit(tmp_path)
    assert Counter(one.split for one in read) == {"train": 2, "dev": 50, "test": 24, "": 1}
    assert {one.speaker for one in read if one.split == ""} == {"dr2-mabw0"}


def test_a_speaker_in_two_splits_is_refused(tmp_path: Path) -> None:
    training = sentence(tmp_path, "TRAIN/DR1/MCPM0/SI564").parent
    test = sentence(tmp_path, "TEST/DR1/MCPM0/SI564").parent
    with pytest.raises(CorpusError) as refused:
        read_timit(tmp_path)
    assert str(refused.value) == f"speaker mcpm0 has two folders, of splits none ({test}) and train ({training})"
    test.rename(tmp_path / "TRAIN/DR2")
    listed = training.rename(training.with_name("FELC0"))
    with pytest.raises(CorpusError) as refused:
        read_timit(tmp_path, damage=[])
    assert str(refused.value) == (
        f"speaker felc0 is in two splits: train by its folder {listed}, test by the standard list"
    )


def test_where_no_timit_is(tmp_path: Path, one_sentence: Path) -> None:
    with pytest.raises(CorpusError, match=r"absent: no such folder; the corpus is LDC93S1"):
        read_timit(tmp_path / "absent")
    (tmp_path / "empty/a/b/c").mkdir(parents=True)
    with pytest.raises(CorpusError, match=r"empty: no TIMIT there: expected TRAIN/DR1/FCJF0/SA1\.WAV or dr1-fvmh0"):
        read_timit(tmp_path / "empty")
    sentence(tmp_path, "empty/a/b/c/TRAIN/DR1/MCPM0/SI564")
    with pytest.raises(CorpusError, match="at most 2 folders down"):
        read_timit(tmp_path / "empty")
    assert len(read_timit(tmp_path / "empty/a")) == 1
    sentence(tmp_path, "empty/a/b/x/dr1-fvmh0/si836")
    with pytest.raises(CorpusError, match=r"holds TIMIT more than once, in .*/a/b/c and .*/a/b/x; name one"):
        read_timit(tmp_path / "empty/a")


def test_a_riff_twin_beside_the_original_is_not_another_sentence(one_sentence: Path) -> None:
    folder = one_sentence / "TRAIN/DR1/MCPM0"
    (one_sentence / "sound.wav").rename(folder / "SI564.WAV.wav")
    (folder / "notes.doc").touch()
    (one,) = read_timit(one_sentence)
    assert one.audio_path == folder / "SI564.WAV"
    (folder / "SI564.WAV").unlink()
    (one,) = read_timit(one_sentence)
    assert one.audio_path == folder / "SI564.WAV.wav"


def test_two_spellings_of_one_sentence(one_sentence: Path) -> None:
    folder = one_sentence / "TRAIN/DR1/MCPM0"
    (folder / "si564.wav").write_bytes(b"no sound")
    (folder / "si564.phn").write_text("no phones")
    (one,) = read_timit(one_sentence)
    assert one.audio_path == folder / "SI564.WAV"


def test_damage_is_named_or_left_out_and_listed(one_sentence: Path) -> None:
    folder = one_sentence / "TRAIN/DR1/MCPM0"
    spoilt = {f"SX{number}": sentence(one_sentence, f"TRAIN/DR1/MCPM0/SX{number}") for number in range(1, 9)}
    (one_sentence / "TRAIN/DR1/FVMH0").mkdir()
    whole = spoilt["SX2"].read_bytes()
    spoilt["SX1"].write_bytes(b"")
    spoilt["SX2"].write_bytes(whole[:2_000])
    spoilt["SX3"].write_bytes(whole.replace(b"sample_count -i 1600", b"sample_count -i many"))
    spoilt["SX4"].write_bytes(b"not a sound")
    spoilt["SX5"].unlink()
    spoilt["SX6"].with_suffix(".PHN").unlink()
    spoilt["SX7"].with_suffix(".PHN").write_text("0 800 h#\n700 1600 aa\n")
    spoilt["SX8"].with_suffix(".PHN").write_text("0 800 h#\n800 2001 aa\n")
    damage: list[Damage] = []
    assert [one.utterance_id for one in read_timit(one_sentence, damage=damage)] == ["dr1-mcpm0-si564"]
    speaker, *sentences = damage
    assert speaker == (one_sentence / "TRAIN/DR1/FVMH0", "no .wav file")
    assert {one.path.stem: one.reason for one in sentences} == {
        "SX1": "the file is empty",
        "SX2": "ends after 488 of 1600 samples",
        "SX3": "malformed SPHERE header: sample_count is 'many', expected a number over 0",
        "SX4": "not a readable WAV, FLAC or NIST SPHERE file: Format not recognised",
        "SX5": "no such sound file",
        "SX6": f"{folder / 'SX6.PHN'}: no such text file",
        "SX7": f"{folder / 'SX7.PHN'}, line 2: starts at 700, before the phone above ends at 800",
        "SX8": f"{folder / 'SX8.PHN'}: the last phone ends at 0.125 s, "
        "expected at most a window past the end of SX8.WAV, 0.100 s",
    }
    assert all(one.path == spoilt[one.path.stem] for one in sentences)
    assert str(sentences[0]) == f"{folder / 'SX1.WAV'}: the file is empty"
    # Without a list, the first of them raises with the same words.
    (one_sentence / "TRAIN/DR1/FVMH0").rmdir()
    for one in sentences:
        with pytest.raises(FeatureError) as refused:
            read_timit(one_sentence)
        assert str(refused.value) in (str(one), one.reason)
        for suffix in (".WAV", ".PHN", ".TXT"):
            one.path.with_suffix(suffix).unlink(missing_ok=True)
    read_timit(one_sentence)


def test_a_phone_may_end_up_to_a_window_past_the_sound(one_sentence: Path) -> None:
    (one_sentence / "TRAIN/DR1/MCPM0/SI564.PHN").write_text("0 2000 h#\n")
    (one,) = read_timit(one_sentence)
    assert one.phone_times == ((0.0, 0.125, "h#"),)


def test_a_corpus_without_a_whole_sentence(one_sentence: Path) -> None:
    (one_sentence / "TRAIN/DR1/MCPM0/SI564.TXT").unlink()
    with pytest.raises(CorpusError, match=r"no whole sentence; left out for instance .*SI564\.TXT: no such text file"):
        read_timit(one_sentence, damage=[])


def test_overlapping_phones_and_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "x.phn"
    path.write_text("0 10 h#\n9 20 aa\n")
    with pytest.raises(CorpusError) as refused:
        read_phone_file(path)
    assert str(refused.value) == f"{path}, line 2: starts at 9, before the phone above ends at 10"
    path.write_text("")
    with pytest.raises(CorpusError) as refused:
        read_phone_file(path)
    assert str(refused.value) == f"{path}: no phones"


def test_the_shipped_clip_is_covered(shipped_clip: Path) -> None:
    times = read_phone_file(shipped_clip.with_suffix(".phn"))
    assert abs(times[-1][1] - len(read_audio(shipped_clip)) / 16_000) < 0.05
