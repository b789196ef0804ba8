"""The host's phone decoder: Viterbi against every path, scores against their formula, folding."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.corpora.phones import PHONES_39, PHONES_48, fold_phone
from golden.checkpoint import Host, random_checkpoint
from golden.decoder import (
    FOLDED,
    PhoneSegment,
    Segments,
    UtteranceDecoder,
    decode,
    decode_scores,
    fold,
    phones_of,
    state_scores,
)
from golden.errors import StimulusError
from golden.recognition import decode_checkpoint
from golden.specification import Specification
from golden.viterbi import UNIT


def host_of(seed, *, phones=("sil", "ao", "t"), per_phone=3, leaves=2, delay=0):
    rng = np.random.default_rng(seed)
    states = len(phones) * per_phone
    return Host(
        front_end={},
        phones=phones,
        states_per_phone=per_phone,
        senone_state=np.repeat(np.arange(states), leaves).astype(np.int16),
        class_offset=rng.normal(size=states * leaves).astype(np.float32),
        log_prior=np.log(rng.dirichlet(np.ones(states))).astype(np.float32),
        bigram_log=np.log(rng.dirichlet(np.ones(len(phones)), size=len(phones))).astype(np.float32),
        initial_log=np.log(rng.dirichlet(np.ones(len(phones)))).astype(np.float32),
        label_delay_frames=delay,
        acoustic_scale=0.7,
        bigram_scale=1.3,
        insertion_log=-0.4,
    )


def every_path(host, scores):
    """Yield (score, phones begun as (phone, frame)) of every path that the HMMs allow."""
    per_phone = host.states_per_phone

    def walk(frame, state, score, begun):
        if frame == len(scores):
            if state % per_phone == per_phone - 1:
                yield score, begun
            return
        yield from walk(frame + 1, state, score + scores[frame, state], begun)
        if state % per_phone < per_phone - 1:
            yield from walk(frame + 1, state + 1, score + scores[frame, state + 1], begun)
        else:
            for phone in range(len(host.phones)):
                join = host.bigram_scale * host.bigram_log[state // per_phone, phone] + host.insertion_log
                gained = scores[frame, phone * per_phone] + join
                yield from walk(frame + 1, phone * per_phone, score + gained, [*begun, (phone, frame)])

    for phone in range(len(host.phones)):
        first = host.bigram_scale * host.initial_log[phone] + scores[0, phone * per_phone]
        yield from walk(1, phone * per_phone, first, [(phone, 0)])


@given(st.integers(0, 10_000), st.integers(2, 7))
def test_viterbi_finds_the_best_of_all_paths(seed, frames):
    host = host_of(seed, phones=("a", "b", "c"), per_phone=2)
    scores = np.random.default_rng(seed).normal(size=(frames, 6)).astype(np.float32)
    paths = sorted(every_path(host, scores.astype(np.float64)), key=lambda path: path[0], reverse=True)
    # The search rounds every weight to 2^-12: what lies closer together than that may change places.
    near = [begun for score, begun in paths if score > paths[0][0] - 2 * frames * UNIT]
    assert [(host.phones.index(phone), begin) for phone, begin, _ in decode_scores(host, scores)] in near


def test_state_scores_are_the_formula():
    host = host_of(3)
    logits = np.random.default_rng(3).integers(-400, 400, size=(5, 18)).astype(np.int32)
    found = state_scores(host, logits, fc_scale=-4)
    for frame, state in itertools.product(range(5), range(9)):
        share = np.exp(logits[frame] / 16.0 + host.class_offset.astype(np.float64))
        posterior = share[host.senone_state == state].sum() / share.sum()
        expected = 0.7 * (np.log(max(posterior, 1e-300)) - host.log_prior[state])
        if posterior > 1e-25:
            np.testing.assert_allclose(found[frame, state], expected, rtol=2e-5, atol=2e-5)


@given(st.integers(0, 100), st.integers(1, 40), st.booleans())
def test_a_frame_s_scores_are_the_same_bits_alone(seed, frames, shuffled):
    host = host_of(3, leaves=7)
    if shuffled:
        host = replace(host, senone_state=np.random.default_rng(1).permutation(host.senone_state))
    logits = np.random.default_rng(seed).integers(-400, 400, size=(frames, 63)).astype(np.int32)
    alone = [state_scores(host, logits[frame : frame + 1], fc_scale=-4) for frame in range(frames)]
    np.testing.assert_array_equal(state_scores(host, logits, fc_scale=-4), np.concatenate(alone))


def test_leaves_in_any_order_and_states_without_leaves():
    host = host_of(4)
    logits = np.random.default_rng(4).normal(size=(6, 18)).astype(np.float32)
    order = np.random.default_rng(5).permutation(18)
    shuffled = replace(host, senone_state=host.senone_state[order], class_offset=host.class_offset[order])
    np.testing.assert_allclose(
        state_scores(host, logits, fc_scale=0), state_scores(shuffled, logits[:, order], fc_scale=0), rtol=1e-5
    )
    without = replace(host, senone_state=np.where(host.senone_state == 4, 3, host.senone_state).astype(np.int16))
    assert (state_scores(without, logits, fc_scale=0)[:, 4] < -1e29).all()
    assert "ao" not in [segment.phone for segment in decode(without, logits, fc_scale=0)]


def strong(host, path):
    """Return logits that leave no doubt about a path of states."""
    logits = np.zeros((len(path), len(host.senone_state)), dtype=np.int32)
    for frame, state in enumerate(path):
        logits[frame, host.senone_state == state] = 3000
    return logits


def test_phones_are_folded_silences_joined_and_the_delay_taken_off():
    host = host_of(6, delay=2)
    path = [0, 0] + [0, 1, 2, 0, 1, 2] + [3, 3, 4, 5] + [3, 4, 5] + [6, 7, 8]
    expected = [("sil", 0, 6), ("aa", 6, 10), ("aa", 10, 13), ("t", 13, 16)]
    found = decode(host, strong(host, path), fc_scale=-4)
    assert found == [PhoneSegment(*segment) for segment in expected]
    assert phones_of(found) == ["aa", "aa", "t"]


@pytest.mark.parametrize("frames", range(5))
def test_short_utterances_decode_to_what_fits(frames):
    host = host_of(7, delay=1)
    found = decode(host, strong(host, [3, 3, 4, 5][:frames]), fc_scale=-4)
    assert found == ([] if frames < 2 else [PhoneSegment("aa", 0, frames - 1)])


def test_refusals_name_what_is_wrong():
    host = host_of(8)
    with pytest.raises(StimulusError, match=r"logits: shape \(3, 17\), expected \(frames, 18\)"):
        decode(host, np.zeros((3, 17), np.int32), fc_scale=-4)
    tiny = random_checkpoint(Specification(outputs=18, layers=(8, 8), inputs=4), seed=1)
    with pytest.raises(StimulusError, match="no host section"):
        decode_checkpoint(tiny, np.zeros((3, 18), np.int32))
    host = replace(host, class_offset=host.class_offset * 0)
    logits = strong(host, [3, 4, 5])
    with_host = replace(tiny, host=host, scales={"fc": -4})
    assert decode_checkpoint(with_host, logits) == decode(host, logits, fc_scale=-4)


def test_folding_is_that_of_the_corpora():
    assert set(FOLDED) <= set(PHONES_48)
    assert fold(PHONES_48, keep_silence=True) == [fold_phone(phone) for phone in PHONES_48]
    assert set(fold(PHONES_48, keep_silence=True)) == set(PHONES_39)
    assert fold(["sil", "ao", "zh", "t", "cl"]) == ["aa", "sh", "t"]


def test_a_network_of_timit_s_48_phones_says_39_and_joins_its_silences_only_if_asked_to():
    host = host_of(9, phones=PHONES_48, per_phone=1, leaves=1)
    spoken = "sil cl epi vcl ix ih el l en ax zh sh ao aa sil cl t".split()
    logits = strong(host, np.repeat([PHONES_48.index(phone) for phone in spoken], 2).tolist())
    found = decode(host, logits, fc_scale=-4)
    joined = "sil ih ih l l n ah sh sh aa aa sil t".split()
    assert phones_of(found, keep_silence=True) == joined
    assert [found[0], found[-2]] == [("sil", 0, 8), ("sil", 28, 32)]
    apart = decode_scores(host, state_scores(host, logits, fc_scale=-4), merge_silences=False)
    assert apart == [(fold_phone(phone), 2 * which, 2 * which + 2) for which, phone in enumerate(spoken)]


def test_segments_carry_on_where_the_last_frames_stopped():
    host = host_of(10)
    segments = Segments(host)
    assert segments.close() == []
    assert segments.take(np.array([0, 1]), np.array([True, False])) == []
    assert segments.take(np.array([2, 0, 3]), np.array([False, True, True])) == [("sil", 0, 4)]
    assert segments.take(np.array([4, 6]), np.array([False, True])) == [("aa", 4, 6)]
    assert segments.close() == [("t", 6, 7)]


@given(st.integers(0, 50), st.lists(st.integers(0, 40), max_size=4), st.integers(0, 5))
def test_logits_in_pieces_are_decoded_as_the_whole(seed, cuts, delay):
    host = host_of(seed, delay=delay)
    logits = np.random.default_rng(seed).integers(-40, 40, (40, len(host.senone_state)))
    decoder = UtteranceDecoder(host, len(logits), fc_scale=-3)
    for piece in np.split(logits, sorted(cuts)):
        decoder.push(piece)
    assert decoder.finish() == decode_scores(host, state_scores(host, logits, fc_scale=-3))


def test_frames_that_are_missing_or_too_many_are_refused():
    host = host_of(1)
    logits = np.zeros((3, len(host.senone_state)))
    decoder = UtteranceDecoder(host, 4)
    decoder.push(logits)
    with pytest.raises(StimulusError, match="3 frames came, expected 4"):
        decoder.finish()
    with pytest.raises(StimulusError, match="more frames than the 4"):
        decoder.push(logits)
