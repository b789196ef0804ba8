"""Utterances before their codes: who is held out, TIMIT's symbols as two sets of phones, copies at other speeds."""

import dataclasses

import numpy as np
import pytest

from features.corpora.timit import read_timit
from training.preparation.dataset import DEV, TRAIN
from training.preparation.labels import PHONES, TIMIT_PHONES, Segments
from training.preparation.speech import (
    Spoken,
    at_speeds,
    cmu_segments,
    counts_of,
    held_out,
    timed,
    timit_segments,
    words_of,
)


def times(text):
    """``"h# 1 b 2"``: symbols and their ends in seconds."""
    words = text.split()
    ends = [float(word) for word in words[1::2]]
    return list(zip([0.0, *ends], ends, words[::2], strict=False))


def named(segments):
    return [segments.names[phone] for phone in segments.phones], (segments.ends / 16_000).tolist()


def test_held_out_speakers_are_spread_and_do_not_depend_on_the_order():
    speakers = [f"{number:04d}" for number in range(125)]
    chosen = held_out(speakers, 7)
    assert len(chosen) == 7
    assert chosen == held_out(speakers[::-1] * 2, 7)
    gaps = np.diff(sorted(speakers.index(speaker) for speaker in chosen))
    assert set(gaps.tolist()) <= {17, 18}


def test_words_lose_stress_and_position():
    assert words_of(["W_B", "IY0_E", "K_B", "AO2_I", "L_E", "AH0_S"]) == (("w", "iy"), ("k", "ao", "l"), ("ah",))


def test_timits_phones_are_lee_and_hons():
    found = named(timit_segments(times("h# 0.5 pau 0.6 bcl 1 b 1.5 ux 2 q 2.5 axr 3 q 3.5 hv 4 h# 5")))
    assert found == (["sil", "vcl", "b", "uw", "er", "hh", "sil"], [0.6, 1, 1.5, 2.5, 3.5, 4, 5])
    # A glottal stop at the beginning is silence.
    assert named(timit_segments(times("q 0.5 aa 1"))) == (["sil", "aa"], [0.5, 1])


def test_closures_are_part_of_their_stop_in_cmus_phones():
    found = named(cmu_segments(times("h# 1 tcl 1.2 t 1.5 ix 2 dcl 2.2 jh 2.5 el 3 kcl 3.2 gcl 3.4 g 3.6 dx 4 pau 5")))
    assert found == (
        ["sil", "t", "ih", "jh", "l", "k", "g", "t", "sil"],
        [1, 1.5, 2, 2.5, 3, 3.2, 3.6, 4, 5],
    )
    # A stop after its own release is another one.
    assert named(cmu_segments(times("h# 1 bcl 1.5 b 2 b 2.5 tcl 3 tcl 3.5 ch 4")))[0] == ["sil", "b", "b", "t", "ch"]


@pytest.mark.parametrize(("phone_set", "names"), [("timit", TIMIT_PHONES), ("cmu", PHONES)])
def test_the_whole_sample_is_in_either_set(timit_sample, phone_set, names):
    utterances = [dataclasses.replace(one, split="train") for one in read_timit(timit_sample)]
    spoken = timed(utterances, phone_set=phone_set)
    assert len(spoken) == 96
    for one, utterance in zip(spoken, utterances, strict=True):
        assert one.segments.names == names
        assert one.segments.ends[-1] == round(utterance.phone_times[-1][1] * 16_000)
        assert one.phones[0] == one.phones[-1] == 0


def test_copies_come_after_their_original_in_training_alone(tmp_path):
    segments = Segments(np.array([0], np.int16), np.array([1000]))
    spoken = [
        Spoken(name=name, part=part, path=tmp_path, phones=segments.phones, segments=segments)
        for name, part in (("a", TRAIN), ("b", DEV), ("c", TRAIN))
    ]
    copies = at_speeds(spoken, (0.9, 1.0, 1.1))
    assert [(one.name, one.speed) for one in copies] == [
        ("a", 1.0), ("a", 0.9), ("a", 1.1), ("b", 1.0), ("c", 1.0), ("c", 0.9), ("c", 1.1),
    ]  # fmt: skip
    assert counts_of(copies) == {"train": 2, "dev": 1, "test": 0}
