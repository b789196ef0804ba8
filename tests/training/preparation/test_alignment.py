"""Forced alignment against the clip's true phone times."""

from pathlib import Path

import numpy as np
import pytest

from features.audio import read_audio
from training.errors import AlignmentError
from training.preparation import alignment
from training.preparation.alignment import align, align_corpus
from training.preparation.labels import PHONES, Segments, frame_labels
from training.preparation.synthesis import parse_durations

pytest.importorskip("pocketsphinx")
CLIP = Path(__file__).parents[3] / "experiments" / "clips" / "demo.flac"
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


def test_a_cache_holds_for_its_sounds_aligner_and_code_alone_and_only_whole(tmp_path, monkeypatch):
    sound, cache = tmp_path / "a.flac", tmp_path / "alignment.npz"
    sound.write_bytes(CLIP.read_bytes())
    made = []

    def found(job):
        made.append(job)
        return Segments(np.array([1], np.int16), np.array([100 * len(made)]))

    def ends():
        return int(align_corpus({"a": (sound, WORDS)}, cache=cache)["a"].ends[0])

    monkeypatch.setattr(alignment, "_align_file", found)
    assert (ends(), ends()) == (100, 100)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["a.flac", "alignment.npz"]
    sound.write_bytes(CLIP.read_bytes() + b"\0")
    assert (ends(), ends()) == (200, 200)
    monkeypatch.setattr(alignment, "version", lambda package: "another")
    assert (ends(), ends()) == (300, 300)
    other = tmp_path / "alignment.py"
    other.write_bytes(Path(alignment.__file__).read_bytes() + b"# changed")
    monkeypatch.setattr(alignment, "__file__", str(other))
    assert (ends(), ends()) == (400, 400)
    # One number altered, half a file, none, a folder's worth of other arrays.
    with np.load(cache) as stored:
        altered = {name: stored[name] for name in stored.files}
    altered["ends"] = altered["ends"] + 1
    np.savez_compressed(cache, **altered)
    assert (ends(), ends()) == (500, 500)
    cache.write_bytes(cache.read_bytes()[:200])
    assert (ends(), ends()) == (600, 600)
    cache.write_bytes(b"")
    assert (ends(), ends()) == (700, 700)
    np.savez_compressed(cache, names=np.array(["a"]))
    assert (ends(), ends()) == (800, 800)


def test_a_phone_that_no_aligner_has_is_refused_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setattr(alignment, "_align_file", lambda job: pytest.fail("aligned"))
    with pytest.raises(AlignmentError, match=r"^alignment: utt1: word \['qq'\]: \['qq'\], expected some of"):
        align_corpus({"utt0": (CLIP, WORDS), "utt1": (CLIP, [["qq"]])}, cache=tmp_path / "a.npz")


def test_what_cannot_be_aligned_is_left_out(tmp_path):
    samples = np.random.default_rng(1).normal(size=4000) * 0.01
    assert align(samples, WORDS) is None


@pytest.mark.parametrize("words", [[["S", "EH"]], [["sil"]], [[]], [["s", "axr"]]])
def test_refuses_other_phones(words):
    with pytest.raises(ValueError, match="expected some of"):
        align(np.zeros(16000), words)
    assert "axr" not in PHONES
