"""The speechocean762 reader on the corpus itself and on small damaged copies of its layout."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.corpora.phones import PHONES_39
from features.corpora.speechocean762 import read_speechocean762
from features.errors import CorpusError


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
    (root / "WAVE/SPEAKER1/u1.flac").touch()
    return root


def test_a_small_layout_with_the_other_extension(tmp_path: Path) -> None:
    (one,) = read_speechocean762(layout(tmp_path), "train")
    assert one.audio_path.name == "u1.flac"
    assert one.word_symbols == (("W_B", "AH1_I", "N_E"), ("T_B", "UW1_E"))
    assert not one.is_adult


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("train/text", None, "cannot be read (No such file or directory); speechocean762 can be had from OpenSLR 101"),
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
