"""The host's phone decoder: Viterbi against every path, error counts against every alignment."""

import itertools
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from golden.checkpoint import Host, random_checkpoint
from golden.decoder import (
    PhoneErrors,
    PhoneSegment,
    decode,
    decode_checkpoint,
    decode_scores,
    fold,
    phone_error_rate,
    phones_of,
    state_scores,
)
from golden.errors import StimulusError
from golden.specification import Specification

short = st.lists(st.sampled_from("abc"), max_size=5)


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
    _, begun = max(every_path(host, scores.astype(np.float64)), key=lambda path: path[0])
    ends = [frame for _, frame in begun[1:]] + [frames]
    expected = [PhoneSegment(host.phones[phone], frame, end) for (phone, frame), end in zip(begun, ends, strict=True)]
    assert decode_scores(host, scores) == expected


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


def brute_force(reference, hypothesis):
    """Return the counts of the best of all alignments, tried one by one."""

    @cache
    def best(i, j):
        if i == len(reference) and j == len(hypothesis):
            return 0, 0, 0, 0
        found = []
        if i < len(reference) and j < len(hypothesis):
            total, unpaired, deleted, inserted = best(i + 1, j + 1)
            found.append((total + (reference[i] != hypothesis[j]), unpaired, deleted, inserted))
        if i < len(reference):
            total, unpaired, deleted, inserted = best(i + 1, j)
            found.append((total + 1, unpaired + 1, deleted + 1, inserted))
        if j < len(hypothesis):
            total, unpaired, deleted, inserted = best(i, j + 1)
            found.append((total + 1, unpaired + 1, deleted, inserted + 1))
        return min(found)

    total, unpaired, deleted, inserted = best(0, 0)
    return PhoneErrors(total - unpaired, deleted, inserted, len(reference))


@given(short, short)
def test_errors_are_those_of_the_best_alignment(reference, hypothesis):
    assert phone_error_rate(reference, hypothesis) == brute_force(tuple(reference), tuple(hypothesis))


def test_errors_add_up_to_a_rate():
    errors = phone_error_rate(list("abcd"), list("abxd")).plus(phone_error_rate(list("ab"), list("ab")))
    assert errors == PhoneErrors(1, 0, 0, 6)
    assert errors.rate == pytest.approx(1 / 6)
    assert phone_error_rate([], ["a"]).rate == 1.0


def test_fold_is_the_decoders():
    assert fold(["sil", "ao", "zh", "t", "sil"]) == ["aa", "sh", "t"]
