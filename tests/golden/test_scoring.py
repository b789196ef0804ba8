"""Phone errors against every alignment, written out, under each treatment of silence."""

import itertools
import math
import tracemalloc
from functools import cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from golden.errors import StimulusError
from golden.scoring import PhoneErrors, phone_errors

phones = st.lists(st.sampled_from(["sil", "a", "b"]), max_size=6)


@cache
def alignments(reference, hypothesis):
    """Return (substitutions, deletions, insertions, deletions of silence) of every alignment there is."""
    if not reference and not hypothesis:
        return {(0, 0, 0, 0)}
    found = set()
    if reference and hypothesis:
        for s, d, i, forgiven in alignments(reference[1:], hypothesis[1:]):
            found.add((s + (reference[0] != hypothesis[0]), d, i, forgiven))
    if reference:
        for s, d, i, forgiven in alignments(reference[1:], hypothesis):
            found.add((s, d + 1, i, forgiven + (reference[0] == "sil")))
    if hypothesis:
        found |= {(s, d, i + 1, forgiven) for s, d, i, forgiven in alignments(reference, hypothesis[1:])}
    return found


def best_alignments(reference, hypothesis, *, weight=lambda s, d, i, forgiven: s + d + i):
    every = alignments(tuple(reference), tuple(hypothesis))
    least = min(weight(*counts) for counts in every)
    return [counts for counts in every if weight(*counts) == least]


@given(phones, phones)
def test_counted_silence_is_a_phone(reference, hypothesis):
    expected = {(s, d, i, len(reference)) for s, d, i, _ in best_alignments(reference, hypothesis)}
    assert phone_errors(reference, hypothesis, silence="counted") in expected


@given(phones, phones)
def test_forgiven_silence_may_be_deleted(reference, hypothesis):
    best = best_alignments(
        reference, hypothesis, weight=lambda s, d, i, forgiven: 4 * s + 3 * (d - forgiven) + 3 * i + 2 * forgiven
    )
    expected = {(s, d - forgiven, i, len(reference)) for s, d, i, forgiven in best}
    assert phone_errors(reference, hypothesis, silence="forgiven") in expected


@given(phones, phones)
def test_excluded_silence_is_not_there(reference, hypothesis):
    reference_left, hypothesis_left = (
        [phone for phone in given if phone != "sil"] for given in (reference, hypothesis)
    )
    found = phone_errors(reference, hypothesis)
    assert found == phone_errors(reference_left, hypothesis_left, silence="counted")
    assert found.reference == len(reference_left)


@pytest.mark.parametrize(
    ("silence", "expected"), [("excluded", (0, 0, 1, 2)), ("counted", (0, 2, 1, 5)), ("forgiven", (0, 0, 1, 5))]
)
def test_the_three_treatments_of_one_utterance(silence, expected):
    # A pause and a closure side by side stay two silences, as in Kaldi.
    reference, hypothesis = ["sil", "sil", "a", "b", "sil"], ["a", "b", "sil", "b"]
    assert phone_errors(reference, hypothesis, silence=silence) == expected


def test_only_deletions_are_forgiven():
    assert phone_errors(["sil"], ["a"], silence="forgiven") == (1, 0, 0, 1)
    assert phone_errors(["a"], ["sil", "a"], silence="forgiven") == (0, 0, 1, 1)
    assert phone_errors(["a"], [], silence="forgiven") == (0, 1, 0, 1)


@cache
def as_sclite(reference, hypothesis):
    """Return (weight, substitutions, unforgiven deletions, insertions): of equals, the first in the order written."""
    found = []
    if reference and hypothesis:
        weight, s, d, i = as_sclite(reference[:-1], hypothesis[:-1])
        differ = reference[-1] != hypothesis[-1]
        found.append((weight + 4 * differ, s + differ, d, i))
    if hypothesis:
        weight, s, d, i = as_sclite(reference, hypothesis[:-1])
        found.append((weight + 3, s, d, i + 1))
    if reference:
        weight, s, d, i = as_sclite(reference[:-1], hypothesis)
        unforgiven = reference[-1] != "sil"
        found.append((weight + 2 + unforgiven, s, d + unforgiven, i))
    return min(found, key=lambda counts: counts[0], default=(0, 0, 0, 0))


@given(phones, phones)
@example(["a", "a", "b"], ["b", "sil", "sil"])
@example(["a", "sil", "sil"], ["sil", "a"])
def test_sclite_s_choice_among_equals(reference, hypothesis):
    expected = as_sclite(tuple(reference), tuple(hypothesis))[1:]
    assert phone_errors(reference, hypothesis, silence="forgiven") == (*expected, len(reference))


def test_sclite_s_choice_for_every_pair_of_short_sequences():
    short = [given for length in range(5) for given in itertools.product(("sil", "a", "b"), repeat=length)]
    for reference, hypothesis in itertools.product(short, short):
        if len(reference) + len(hypothesis) < 8:
            expected = as_sclite(reference, hypothesis)[1:]
            assert phone_errors(reference, hypothesis, silence="forgiven") == (*expected, len(reference))


def test_empty_sequences_are_scored():
    assert phone_errors([], []) == (0, 0, 0, 0)
    assert phone_errors([], ["a", "b"]) == (0, 0, 2, 0)
    assert phone_errors(["a", "b"], []) == (0, 2, 0, 2)
    assert phone_errors([], ["a"], silence="forgiven") == (0, 0, 1, 0)
    assert phone_errors(["a", "sil"], [], silence="forgiven") == (0, 1, 0, 2)


def test_there_is_no_rate_without_reference_phones():
    assert math.isnan(phone_errors([], ["a"]).rate)
    assert math.isnan(phone_errors(["sil"], ["sil"]).rate)
    assert phone_errors([], ["a"]).plus(phone_errors(["a"], ["a"])).rate == 1.0


def test_long_sequences_take_memory_in_proportion():
    # The whole table would take 400 MB.
    reference, hypothesis = ["a", "sil", "b", "c"] * 2500, ["a", "b", "sil", "c"] * 2500
    phone_errors(["a"], ["a"], silence="forgiven")
    tracemalloc.start()
    for silence in ("counted", "forgiven"):
        assert phone_errors(reference, hypothesis, silence=silence).reference == 10_000
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 20e6


def test_more_phones_than_any_recording_has_are_refused():
    with pytest.raises(StimulusError, match="hypothesis of 200,001 phones, expected at most 200,000"):
        phone_errors(["a"], ["a"] * 200_001)
    assert phone_errors(["a"], ["a"] * 200_000, silence="forgiven") == (0, 0, 199_999, 1)


def test_names_are_compared_as_they_are():
    assert phone_errors(["AA", "h#"], ["aa", "h"]) == (2, 0, 0, 2)


def test_errors_add_up_to_a_rate():
    errors = phone_errors(list("abcd"), list("abxd")).plus(phone_errors(list("ab"), list("ab")))
    assert errors == PhoneErrors(1, 0, 0, 6)
    assert errors.rate == pytest.approx(1 / 6)
    assert PhoneErrors(substitutions=3, deletions=2, insertions=1, reference=12).rate == 0.5


@pytest.mark.parametrize("wrong", ["k ae t", ["k ae", "t"], ["k", ""], ["k", "\t"], ["k\u00a0t"], [1, 2], [None]])
def test_a_sentence_is_not_a_sequence_of_phones(wrong):
    with pytest.raises(StimulusError, match=r"reference is .*, expected a sequence of names without white space"):
        phone_errors(wrong, ["k"])
    with pytest.raises(StimulusError, match=r"hypothesis is .*, expected a sequence of names without white space"):
        phone_errors(["k"], wrong)


def test_an_unknown_treatment_of_silence_is_refused():
    with pytest.raises(StimulusError, match="silence is 'ignored', expected one of excluded, counted, forgiven"):
        phone_errors(["a"], ["a"], silence="ignored")
