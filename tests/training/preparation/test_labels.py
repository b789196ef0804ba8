"""Frame labels against a loop over frames."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.corpora.phones import PHONES_48
from training.preparation.labels import PHONE_SETS, PHONES, SILENCE, TIMIT_PHONES, Segments, frame_labels


def make(phones, lengths):
    return Segments(np.array(phones, np.int16), np.cumsum(lengths))


@given(
    st.lists(st.tuples(st.integers(0, 39), st.integers(0, 2000)), min_size=1, max_size=8),
    st.integers(1, 60),
)
def test_labels_are_those_of_the_segment_at_the_centre_of_each_frame(pairs, frames):
    segments = make(*zip(*pairs, strict=True))
    found = frame_labels(segments, frames)
    spans = []
    for frame in range(frames):
        centre = 160 * frame + 200
        later = [which for which, end in enumerate(segments.ends) if end > centre]
        spans.append(later[0] if later else len(segments.phones) - 1)
    for frame, which in enumerate(spans):
        of_it = [other for other in range(frames) if spans[other] == which]
        third = 3 * of_it.index(frame) // len(of_it)
        assert found.state[frame] == 3 * segments.phones[which] + third
        assert found.left[frame] == (segments.phones[which - 1] if which else SILENCE)
        assert found.right[frame] == (segments.phones[which + 1] if which + 1 < len(segments.phones) else SILENCE)


def test_phones_are_cmus_and_silence():
    assert len(PHONES) == len(set(PHONES)) == 40
    assert PHONES[SILENCE] == "sil"
    assert make([0, 1, 0, 5], [1, 1, 1, 1]).sequence() == ["aa", PHONES[5]]


@pytest.mark.parametrize(
    ("phones", "ends", "message"),
    [([1], [1, 2], "shapes"), ([], [], "shapes"), ([1, 2], [5, 4], "decrease"), ([40], [1], "expected 0..39")],
)
def test_refusals(phones, ends, message):
    with pytest.raises(ValueError, match=message):
        Segments(np.array(phones, np.int16), np.array(ends, np.int64))


def test_timit_s_are_lee_and_hons_48():
    assert sorted(TIMIT_PHONES) == sorted(PHONES_48)
    assert all(phones[SILENCE] == "sil" for phones in PHONE_SETS.values())
    last = Segments(np.array([47], np.int16), np.array([400]), TIMIT_PHONES)
    assert last.sequence() == ["zh"]
    with pytest.raises(ValueError, match=r"phones 48..48, expected 0..47"):
        Segments(np.array([48], np.int16), np.array([400]), TIMIT_PHONES)


def test_twice_as_fast_takes_half_the_time():
    segments = make([0, 1, 2], [1000, 501, 2000])
    assert segments.at_speed(1.0) is segments
    assert segments.at_speed(2.0).ends.tolist() == [500, 750, 1750]
    assert segments.at_speed(0.5).ends.tolist() == [2000, 3002, 7002]
