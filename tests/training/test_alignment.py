"""Forced alignment against the clip's true phone times."""

from pathlib import Path

import numpy as np
import pytest

from features.audio import read_audio
from training import alignment
from training.alignment import align, align_corpus
from training.labels import PHONES, frame_labels
from training.synthesis import parse_durations

pytest.importorskip("pocketsphinx")
CLIP = Path(__file__).parents[2] / "experiments" / "clips" / "demo.flac"
WORDS = [word.split("_") for word in "s_eh_v_ah_n g_r_iy_n b_ow_t_s s_ey_l_d p_ae_s_t dh_iy ow_l_d b_r_ih_jh".split()]


def truth():
    rows = [line.split() for line in CLIP.with_suffix(".phn").read_text().splitlines()]
    printed = " ".join(f"{name}:{int(end) / 16000}" for _, end, name in rows)
    return parse_durations(printed, int(rows[-1][1]))


def test_the_clips_phones_are_found_where_they_are():
    found = align(read_audio(CLIP), WORDS)
    true = truth()
    assert found.sequence() == true.sequence()
    frames = 1 + (55840 - 400) // 160
    agree = frame_labels(found, frames).state // 3 == frame_labels(true, frames).state // 3
    assert agree.mean() > 0.8


def test_a_corpus_is_read_back_from_its_cache_and_does_not_depend_on_the_workers(tmp_path, monkeypatch):
    utterances = dict.fromkeys(("b", "a"), (CLIP, WORDS))
    cache = tmp_path / "alignment.npz"
    first = align_corpus(utterances, workers=2, cache=cache)
    alone = align_corpus(utterances)

    def never(job):
        raise AssertionError("aligned although cached")

    monkeypatch.setattr(alignment, "_align_file", never)
    again = align_corpus(utterances, cache=cache)
    assert list(first) == list(again) == list(alone) == ["a", "b"]
    for found in (again, alone):
        assert np.array_equal(found["a"].ends, first["a"].ends)
        assert np.array_equal(found["a"].phones, first["a"].phones)
    with pytest.raises(AssertionError, match="although cached"):
        align_corpus(dict.fromkeys(("b", "a"), (CLIP, WORDS[:3])), cache=cache)


def test_what_cannot_be_aligned_is_left_out(tmp_path):
    samples = np.random.default_rng(1).normal(size=4000) * 0.01
    assert align(samples, WORDS) is None


@pytest.mark.parametrize("words", [[["S", "EH"]], [["sil"]], [[]], [["s", "axr"]]])
def test_refuses_other_phones(words):
    with pytest.raises(ValueError, match="expected some of"):
        align(np.zeros(16000), words)
    assert "axr" not in PHONES
