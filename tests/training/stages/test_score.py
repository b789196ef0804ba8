"""Scoring of a set, and the tuned weights, against a plain loop."""

import dataclasses

import numpy as np
import pytest

from golden.checkpoint import Host
from golden.decoder import decode, decode_scores, fold, phones_of, state_scores
from golden.scoring import phone_errors
from training.stages.score import ACOUSTIC_SCALES, INSERTION_LOGS, error_rate, tune

PHONES = ("sil", "ao", "t", "k")


@pytest.fixture
def noisy():
    """Host, logits and references of 12 utterances whose phones the logits show through noise."""
    rng = np.random.default_rng(1)
    host = Host(
        front_end={}, phones=PHONES, states_per_phone=1, senone_state=np.arange(4, dtype=np.int16),
        class_offset=np.zeros(4, np.float32), log_prior=np.log(np.full(4, 0.25, np.float32)),
        bigram_log=np.log(np.full((4, 4), 0.25, np.float32)), initial_log=np.log(np.full(4, 0.25, np.float32)),
        label_delay_frames=1, acoustic_scale=0.5, bigram_scale=1.0, insertion_log=0.0,
    )  # fmt: skip
    logits, references = [], []
    for _ in range(12):
        phones = rng.integers(0, 4, size=9)
        frames = np.concatenate([[0], np.repeat(phones, 6)])
        logits.append(np.eye(4, dtype=np.float32)[frames] * 2 + rng.normal(size=(len(frames), 4)).astype(np.float32))
        references.append([PHONES[phone] for phone in phones if phone])
    return host, logits, references


def test_error_rate_sums_over_utterances(noisy):
    host, logits, references = noisy
    found = error_rate(host, [state_scores(host, given, fc_scale=0) for given in logits], references)
    each = [
        phone_errors(fold(reference), phones_of(decode(host, given, fc_scale=0)))
        for given, reference in zip(logits, references, strict=True)
    ]
    assert found == tuple(sum(counts) for counts in zip(*each, strict=True))
    assert found.reference == sum(map(len, references))


@pytest.mark.parametrize("silence", ["counted", "forgiven"])
def test_where_silence_is_scored_adjacent_ones_stay_apart(noisy, silence):
    host, logits, _ = noisy
    references = [["sil", "sil", "t", "ao", "sil"]] * len(logits)
    scores = [state_scores(host, given, fc_scale=0) for given in logits]
    each = [
        phone_errors(
            ["sil", "sil", "t", "aa", "sil"],
            [segment.phone for segment in decode_scores(host, given, merge_silences=False)],
            silence=silence,
        )
        for given in scores
    ]
    found = error_rate(host, scores, references, silence=silence)
    assert found == tuple(sum(counts) for counts in zip(*each, strict=True))
    assert found.reference == 5 * len(logits)
    tuned, errors = tune(host, logits, references, fc_scale=0, silence=silence)
    scores = [state_scores(tuned, given, fc_scale=0) for given in logits]
    assert error_rate(tuned, scores, references, silence=silence) == errors


def test_the_bigram_s_weight_is_no_third_choice(noisy):
    host, logits, _ = noisy
    rng = np.random.default_rng(2)
    host = dataclasses.replace(host, bigram_log=np.log(rng.dirichlet(np.ones(4), size=4)).astype(np.float32))
    double = dataclasses.replace(host, acoustic_scale=1.0, bigram_scale=2.0, insertion_log=-2.0)
    host = dataclasses.replace(host, insertion_log=-1.0)
    for given in logits:
        assert decode(host, given, fc_scale=0) == decode(double, given, fc_scale=0)


def test_tuning_finds_the_best_of_its_grid(noisy):
    host, logits, references = noisy
    tuned, errors = tune(host, logits, references, fc_scale=0)
    rates = {}
    for acoustic in ACOUSTIC_SCALES:
        for insertion in INSERTION_LOGS:
            tried = dataclasses.replace(host, acoustic_scale=acoustic, insertion_log=insertion)
            scores = [state_scores(tried, given, fc_scale=0) for given in logits]
            rates[acoustic, insertion] = error_rate(tried, scores, references).rate
    assert errors.rate == pytest.approx(min(rates.values()))
    assert rates[tuned.acoustic_scale, tuned.insertion_log] == errors.rate
    assert len(set(rates.values())) > 3
