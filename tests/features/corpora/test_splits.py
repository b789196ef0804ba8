"""Speakers in two splits, and leave-speakers-out folds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.corpora.splits import check_splits, speaker_folds
from features.corpora.timit import read_timit
from features.corpora.utterance import Utterance
from features.errors import CorpusError


def utterance(speaker: str, number: int = 0, split: str = "") -> Utterance:
    name = f"{speaker}-{number}"
    return Utterance(
        utterance_id=name,
        speaker=speaker,
        audio_path=Path(f"{name}.wav"),
        split=split,
        words="",
        symbols=(),
        phones=(),
    )


def test_a_speaker_in_two_splits_is_named_with_both() -> None:
    apart = [utterance("a", 0, "train"), utterance("a", 1, "train"), utterance("b", 0, "test"), utterance("a", 2)]
    check_splits(apart)
    with pytest.raises(CorpusError) as refused:
        check_splits([*apart, utterance("a", 3, "dev")])
    assert str(refused.value) == "speaker a is in two splits: train and dev (utterance a-3)"


def test_an_utterance_twice_is_named() -> None:
    with pytest.raises(CorpusError, match=r"^utterance a-0 is in two splits: train and test$"):
        check_splits([utterance("a", 0, "train"), utterance("a", 0, "test")])
    with pytest.raises(CorpusError, match=r"^utterance a-0 is twice in split train$"):
        check_splits([utterance("a", 0, "train"), utterance("a", 0, "train")])


@given(count=st.integers(3, 40), data=st.data())
def test_over_the_folds_every_speaker_is_tested_once(count: int, data: st.DataObject) -> None:
    folds = data.draw(st.integers(3, count))
    utterances = [utterance(f"s{speaker}", number) for number in range(2) for speaker in range(count)]
    dealt = speaker_folds(utterances, folds=folds)
    assert len(dealt) == folds
    for fold in dealt:
        check_splits(fold)
        assert [one.utterance_id for one in fold] == [one.utterance_id for one in utterances]
        assert {one.split for one in fold} == {"train", "dev", "test"}
    for split in ("test", "dev"):
        tested = Counter(one.utterance_id for fold in dealt for one in fold if one.split == split)
        assert tested == Counter(one.utterance_id for one in utterances)
        sizes = [sum(one.split == split for one in fold) // 2 for fold in dealt]
        assert max(sizes) - min(sizes) <= 1
    # The same whatever the order.
    mixed = data.draw(st.permutations(utterances))
    for fold, same in zip(dealt, speaker_folds(mixed, folds=folds), strict=True):
        assert {(one.utterance_id, one.split) for one in fold} == {(one.utterance_id, one.split) for one in same}


def test_folds_of_the_sample_have_both_sexes_and_other_regions(timit_sample: Path) -> None:
    dealt = speaker_folds(read_timit(timit_sample), folds=6)
    for fold in dealt:
        for split in ("dev", "test"):
            speakers = {one.speaker for one in fold if one.split == split}
            assert sorted(speaker[4] for speaker in speakers) == ["f", "m"]
            assert len({speaker[:3] for speaker in speakers}) == 2
        assert Counter(one.split for one in fold) == {"train": 64, "dev": 16, "test": 16}


@pytest.mark.parametrize("folds", [-1, 2, 5])
def test_folds_out_of_range(folds: int) -> None:
    with pytest.raises(CorpusError, match=f"^leave-speakers-out: folds is {folds}, expected 3 to 4, the number of"):
        speaker_folds([utterance(name) for name in "abcd"], folds=folds)
