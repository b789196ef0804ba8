"""The speechocean762 reader on the corpus itself and on small damaged copies of its layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from features.corpora.phones import PHONES_39
from features.corpora.speechocean762 import read_speechocean762
from features.corpora.splits import check_splits
from features.errors import AudioError, CorpusError, Damage, EmptyAudioError, TruncatedAudioError


def test_the_corpus(speechocean762: Path) -> None:
    train, test = (read_speechocean762(speechocean762, split) for split in ("train", "test"))
    assert (len(train), len(test)) == (2500, 600)
    assert len({one.speaker for one in train}) == 125
    assert len({one.speaker for one in train if one.is_adult}) == 67
    assert len({one.speaker for one in test}) == 30
    assert all(one.is_adult for one in test)
    ages = dict(line.split() for line in (speechocean762 / "train/spk2age").read_text().splitlines())
    assert all(one.is_adult == (int(ages[one.speaker]) >= 18) for one in train)
    for one in train + test:
        assert one.audio_path.is_file()
        assert one.phone_times is None
        assert len(one.phones) == len(one.symbols)
        assert set(one.phones) <= set(PHONES_39)
        assert one.symbols == tuple(symbol for word in one.word_symbols for symbol in word)
    assert not {one.speaker for one in train} & {one.speaker for one in test}
    assert train[0].words == "WE CALL IT BEAR"
    assert train[0].phones == ("w", "iy", "k", "aa", "l", "ih", "t", "b", "eh", "r")
    assert all(len(one.word_symbols) == len(one.words.split()) for one in train)


def layout(root: Path) -> Path:
    for folder in ("train", "resource", "WAVE/SPEAKER1"):
        (root / folder).mkdir(parents=True)
    (root / "train/text").write_text("u1\tONE TWO\n")
    (root / "train/wav.scp").write_text("u1\tWAVE/SPEAKER1/u1.WAV\n")
    (root / "train/utt2spk").write_text("u1 s1\n")
    (root / "train/spk2age").write_text("s1 12\n")
    (root / "resource/text-phone").write_text("u1.0\tW_B AH1_I N_E\nu1.1\tT_B UW1_E\n")
    soundfile.write(root / "WAVE/SPEAKER1/u1.flac", np.zeros(800), 16_000)
    return root


def test_a_small_layout_with_the_other_extension(tmp_path: Path) -> None:
    (one,) = read_speechocean762(layout(tmp_path), "train")
    assert one.audio_path.name == "u1.flac"
    assert one.word_symbols == (("W_B", "AH1_I", "N_E"), ("T_B", "UW1_E"))
    assert not one.is_adult


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("train/text", None, "no such text file; speechocean762 can be had from OpenSLR 101"),
        ("train/text", "u1\n", "line 1: expected a name and a value"),
        ("train/text", "u2 THREE\n", "utterance u1 is missing"),
        ("train/spk2age", "s1 old\n", "speaker s1: expected an age in years"),
        ("resource/text-phone", "u1 W\n", "expected UTTERANCE.WORD"),
        ("resource/text-phone", "u2.0 W\n", "utterance u1 is missing"),
        ("train/wav.scp", "u1 WAVE/SPEAKER1/u9.WAV\n", "no such sound file"),
        ("train/wav.scp", "u1 WAVE/SPEAKER1/u1.WAV\nu1 x\n", "wav.scp, line 2: u1 is there twice"),
        ("train/utt2spk", "u1 s2\n", "speaker s2: expected an age in years"),
        ("train/utt2spk", "u2 s1\n", "utt2spk: utterance u1 is missing"),
        ("train/utt2spk", "u1 s1\n\n", "utt2spk, line 2: expected a name and a value, got ''"),
        ("train/text", "u1 ONE\n", "text-phone: utterance u1 has 2 words, expected the 1 of "),
        ("resource/text-phone", "u1.0 W_B\nu1.1 T_B UX3_E\n", "text-phone: utterance u1: phone 'UX3_E'"),
        ("resource/text-phone", "u1.0 W_B\nu1.00 T_B\n", "text-phone, line 2: word 0 of utterance u1 is there twice"),
        ("resource/text-phone", "u1.\u0661 W_B\n", "line 1: expected UTTERANCE.WORD, got"),
        ("resource/text-phone", f"u1.{'9' * 5000} W_B\n", "line 1: expected UTTERANCE.WORD, got"),
        ("resource/text-phone", ".0 W_B\n", "line 1: expected UTTERANCE.WORD, got '.0'"),
        ("resource/text-phone", "u1.0\n", "line 1: expected a name and a value, got 'u1.0'"),
        ("train/spk2age", f"s1 {'9' * 5000}\n", "speaker s1: expected an age in years"),
        ("train/spk2age", "s1 \u0661\u0662\n", "speaker s1: expected an age in years"),
        ("train/wav.scp", "u1 /\n", "wav.scp: utterance u1: the path '/', expected a sound file in"),
        ("train/wav.scp", "u1 .\n", "wav.scp: utterance u1: the path '.', expected a sound file in"),
        ("train/wav.scp", "u1 ..\n", "wav.scp: utterance u1: the path '..', expected"),
        ("train/wav.scp", "u1 WAVE/../../x.wav\n", "wav.scp: utterance u1: the path 'WAVE/../../x.wav', expected"),
        ("train/wav.scp", "u1 /etc/passwd\n", "wav.scp: utterance u1: '/etc/passwd', outside the corpus, expected"),
        ("train/wav.scp", "u1 sph2pipe -f wav a.sph |\n", "the command 'sph2pipe -f wav a.sph |', which is not run"),
        ("train/wav.scp", "u1 a\0b.wav\n", "wav.scp: utterance u1: the path 'a\\x00b.wav', expected"),
        ("train/wav.scp", f"u1 {'a' * 300}.wav\n", "no such sound file"),
        ("resource/text-phone", "u1.0 W_B\nu1.x T_B\n", "text-phone, line 2: expected UTTERANCE.WORD, got 'u1.x'"),
    ],
)
def test_damage_is_named(tmp_path: Path, file: str, content: str | None, message: str) -> None:
    root = layout(tmp_path)
    if content is None:
        (root / file).unlink()
    else:
        (root / file).write_text(content)
    with pytest.raises(CorpusError) as refused:
        read_speechocean762(root, "train")
    assert message in str(refused.value)
    assert str(root) in str(refused.value)


def test_text_of_another_system(tmp_path: Path) -> None:
    """A byte-order mark and CRLF are no part of names; U+2028 ends no line."""
    root = layout(tmp_path)
    for path in (*root.glob("train/*"), root / "resource/text-phone"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    (one,) = read_speechocean762(root, "train")
    assert (one.utterance_id, one.words) == ("u1", "ONE TWO")
    (root / "train/text").write_text("u1 ONE\u2028TWO\n")
    (one,) = read_speechocean762(root, "train")
    assert one.words.split() == ["ONE", "TWO"]


@pytest.mark.parametrize("name", ["u1.WAV", "u1.Wav", "U1.wav", "u1.WAV.wav", "u1.FLAC"])
def test_a_sound_of_any_spelling(tmp_path: Path, name: str) -> None:
    root = layout(tmp_path)
    sound = root / "WAVE/SPEAKER1" / name
    (root / "WAVE/SPEAKER1/u1.flac").rename(sound)
    (one,) = read_speechocean762(root, "train")
    assert one.audio_path == sound
    (root / "train/wav.scp").write_text(f"u1 {sound}\n")
    assert read_speechocean762(root, "train") == [one]


def test_an_unknown_split(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="split is 'dev', expected one of train, test"):
        read_speechocean762(tmp_path, "dev")


@pytest.mark.parametrize(("age", "is_adult"), [("6", False), ("17", False), ("18", True), ("43", True)])
def test_adults_are_18_and_over(tmp_path: Path, age: str, is_adult: bool) -> None:
    root = layout(tmp_path)
    (root / "train/spk2age").write_text(f"s1\t{age}\n")
    (one,) = read_speechocean762(root, "train")
    assert one.is_adult == is_adult


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    root = layout(tmp_path)
    (root / "train/text").write_bytes(b"u1 ONE \xff\xfe\n")
    with pytest.raises(CorpusError) as refused:
        read_speechocean762(root, "train")
    assert str(refused.value) == f"{root / 'train/text'}: no UTF-8 text (byte 7)"


def test_words_of_more_than_ten_stand_in_their_order(tmp_path: Path) -> None:
    root = layout(tmp_path)
    (root / "train/text").write_text("u1 " + " ".join(["W"] * 12) + "\n")
    symbols = "AA AE AH AO AW AY B CH D DH EH ER".split()
    lines = sorted(f"u1.{at}\t{symbol}_S\n" for at, symbol in enumerate(symbols))
    (root / "resource/text-phone").write_text("".join(lines))
    (one,) = read_speechocean762(root, "train")
    assert one.symbols == tuple(f"{symbol}_S" for symbol in symbols)


def test_wav_goes_before_flac_and_the_list_before_both(tmp_path: Path) -> None:
    root = layout(tmp_path)
    sound = root / "WAVE/SPEAKER1/u1.WAV"
    soundfile.write(sound, np.zeros(800), 16_000, format="WAV")
    (one,) = read_speechocean762(root, "train")
    assert one.audio_path == sound


def test_an_empty_or_truncated_sound_is_named(tmp_path: Path) -> None:
    root = layout(tmp_path)
    sound = root / "WAVE/SPEAKER1/u1.WAV"
    sound.touch()
    with pytest.raises(EmptyAudioError, match=f"^{sound}: the file is empty$"):
        read_speechocean762(root, "train")
    soundfile.write(sound, np.zeros(800), 16_000, format="WAV")
    sound.write_bytes(sound.read_bytes()[:-600])
    with pytest.raises(TruncatedAudioError, match=f"^{sound}: ends after 1000 of 1600 bytes of samples$"):
        read_speechocean762(root, "train")
    sound.write_bytes(b"no sound at all")
    with pytest.raises(AudioError, match=f"^{sound}: not a readable WAV, FLAC or NIST SPHERE file"):
        read_speechocean762(root, "train")


def test_damaged_utterances_are_left_out_and_listed(tmp_path: Path) -> None:
    root = layout(tmp_path)
    names = ["u1", "u2", "u3", "u4", "u5"]
    (root / "train/text").write_text("".join(f"{name} ONE\n" for name in names))
    (root / "train/wav.scp").write_text("".join(f"{name} WAVE/SPEAKER1/{name}.WAV\n" for name in names))
    (root / "train/utt2spk").write_text("".join(f"{name} s1\n" for name in names if name != "u4"))
    phones = {"u1": "AH1_S", "u2": "AH1_S", "u3": "QX1_S", "u4": "AH1_S", "u5": "AH1_S"}
    (root / "resource/text-phone").write_text("".join(f"{name}.0 {phone}\n" for name, phone in phones.items()))
    (root / "WAVE/SPEAKER1/u2.WAV").touch()
    soundfile.write(root / "WAVE/SPEAKER1/u3.flac", np.zeros(800), 16_000)
    damage: list[Damage] = []
    assert [one.utterance_id for one in read_speechocean762(root, "train", damage=damage)] == ["u1"]
    folder = root / "WAVE/SPEAKER1"
    assert [one.path for one in damage] == [folder / f"u{number}.WAV" for number in (2, 3, 4, 5)]
    empty, unknown, speakerless, missing = (one.reason for one in damage)
    assert empty == "the file is empty"
    assert "utterance u3: phone 'QX1_S'" in unknown
    assert speakerless == f"{root / 'train/utt2spk'}: utterance u4 is missing"
    assert missing == "no such sound file (nor .WAV or .flac of that name)"
    # A broken table is no damage of an utterance, and a split without any is no split.
    (root / "train/spk2age").unlink()
    with pytest.raises(CorpusError, match="spk2age: no such text file"):
        read_speechocean762(root, "train", damage=[])
    (root / "train/spk2age").write_text("s1 old\n")
    with pytest.raises(CorpusError, match=r"train: no whole utterance; left out for instance .*expected an age"):
        read_speechocean762(root, "train", damage=[])


def test_no_speaker_of_the_corpus_is_in_both_splits(speechocean762: Path) -> None:
    damage: list[Damage] = []
    both = [one for split in ("train", "test") for one in read_speechocean762(speechocean762, split, damage=damage)]
    check_splits(both)
    assert (len(both), damage) == (3100, [])
