"""Scoring of a set, and the tuned weights, against a plain loop."""

import dataclasses

import numpy as np
import pytest

from golden.checkpoint import Host
from golden.decoder import decode, fold, phone_error_rate, phones_of, state_scores
from training.score import ACOUSTIC_SCALES, INSERTION_LOGS, error_rate, tune

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
        phone_error_rate(fold(reference), phones_of(decode(host, given, fc_scale=0)))
        for given, reference in zip(logits, references, strict=True)
    ]
    assert found == tuple(sum(counts) for counts in zip(*each, strict=True))
    assert found.reference == sum(map(len, references))


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
