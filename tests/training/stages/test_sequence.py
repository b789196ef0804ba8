"""Mutual information against sums over every path written out one by one, and its gradient by finite differences."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from training.stages.sequence import MutualInformation, PhoneGraph, chains_of

PER_PHONE = 2


def graph_of(rng, phones):
    return PhoneGraph(
        np.log(rng.dirichlet(np.ones(phones), size=phones)).astype(np.float32),
        np.log(rng.dirichlet(np.ones(phones))).astype(np.float32),
        PER_PHONE,
    )


def weight_of(path, scores, graph):
    """Log-weight of one path of states, or minus infinity if the graph does not have it."""
    total = 0.0
    for frame, state in enumerate(path):
        phone, part = divmod(state, PER_PHONE)
        if frame == 0:
            if part:
                return -math.inf
            total += graph.first_log[phone]
        else:
            before = path[frame - 1]
            entered = part == 0 and before % PER_PHONE == PER_PHONE - 1
            if entered and before != state:
                total += graph.join_log[before // PER_PHONE, phone]
            elif not (state == before or (state == before + 1 and part)):
                return -math.inf
        total += scores[frame, state]
    return total if path[-1] % PER_PHONE == PER_PHONE - 1 else -math.inf


def by_hand(scores, labels, graph, slack):
    """Loss of one utterance, path by path."""
    chains = chains_of(labels, np.array([0, len(labels)]), states_per_phone=PER_PHONE)
    every, right = [], []
    frames, states = scores.shape
    for path in itertools.product(range(states), repeat=frames):
        weight = weight_of(path, scores, graph)
        if weight > -math.inf:
            every.append(weight)
    for steps in itertools.product((0, 1), repeat=frames - 1):
        places = np.concatenate([[0], np.cumsum(steps)])
        last = len(chains.state) - 1
        if places[-1] != last:
            continue
        near = all(
            (chains.begin[place] - slack <= frame and (frame < chains.end[place] + slack or place == last))
            or (frame == frames - 1 and place == last)
            for frame, place in enumerate(places)
        )
        if near:
            right.append(weight_of(chains.state[places].tolist(), scores, graph))
    if not right:
        return 0.0
    return float(np.logaddexp.reduce(every) - np.logaddexp.reduce(right))


def loss_of(scores, labels, starts, graph, *, delay=0, slack=1):
    chains = chains_of(labels, starts, states_per_phone=PER_PHONE)
    return MutualInformation.apply(scores, torch.from_numpy(starts), chains, graph, delay, slack)


@given(seed=st.integers(0, 10_000), slack=st.integers(0, 3), frames=st.integers(2, 5))
def test_it_is_the_sum_over_every_path(seed, slack, frames):
    rng = np.random.default_rng(seed)
    graph = graph_of(rng, 2)
    labels = np.array([0, 0, 1, 2, 3, 3])[:frames] if seed % 2 else np.array([2, 3, 0, 1, 1])[:frames]
    scores = rng.normal(size=(len(labels), 4)).astype(np.float32) * 2
    found = float(loss_of(torch.from_numpy(scores), labels, np.array([0, len(labels)]), graph, slack=slack))
    assert found == pytest.approx(by_hand(scores, labels, graph, slack) / len(labels), abs=2e-5)


def test_the_gradient_is_that_of_finite_differences():
    rng = np.random.default_rng(5)
    graph = graph_of(rng, 3)
    labels = np.array([0, 0, 1, 4, 5, 5, 2, 3, 3, 0, 1])
    starts = np.array([0, 6, 11])
    scores = torch.tensor(rng.normal(size=(11, 6)), dtype=torch.float32, requires_grad=True)
    loss_of(scores, labels, starts, graph).backward()
    for frame, state in itertools.product(range(11), range(6)):
        moved = scores.detach().repeat(2, 1, 1)
        moved[0, frame, state] += 0.05
        moved[1, frame, state] -= 0.05
        up, down = (float(loss_of(each, labels, starts, graph)) for each in moved)
        assert float(scores.grad[frame, state]) == pytest.approx((up - down) / 0.1, abs=2e-4)


def test_the_gradient_of_a_frame_adds_up_to_nothing():
    rng = np.random.default_rng(6)
    labels = np.repeat(np.array([0, 1, 2, 3, 4, 5]), 30)
    scores = torch.tensor(rng.normal(size=(180, 6)) * 9, dtype=torch.float32, requires_grad=True)
    loss_of(scores, labels, np.array([0, 180]), graph_of(rng, 3), slack=3).backward()
    np.testing.assert_allclose(scores.grad.sum(dim=1), 0, atol=1e-7)
    assert float(scores.grad.abs().max()) > 1e-4


def test_the_delayed_scores_are_looked_at_and_the_others_not():
    rng = np.random.default_rng(7)
    graph = graph_of(rng, 2)
    labels = np.array([0, 1, 1, 2, 3, 3, 3])
    scores = torch.tensor(rng.normal(size=(7, 4)), dtype=torch.float32, requires_grad=True)
    loss = loss_of(scores, labels, np.array([0, 7]), graph, delay=2, slack=9)
    loss.backward()
    assert (scores.grad[:2] == 0).all()
    assert (scores.grad[2:] != 0).any(dim=1).all()
    # The same utterance without its first scores, the labels cut at their end.
    short = loss_of(scores.detach()[2:].contiguous(), labels[:5], np.array([0, 5]), graph, slack=9)
    assert float(loss.detach()) == pytest.approx(float(short) * 5 / 7, abs=1e-6)


def test_utterances_do_not_touch_and_those_without_labels_do_not_count():
    rng = np.random.default_rng(8)
    graph = graph_of(rng, 2)
    labels = np.array([0, 1, 2, 3, -1, -1, -1, 2, 2, 3, 3])
    scores = torch.tensor(rng.normal(size=(11, 4)), dtype=torch.float32, requires_grad=True)
    whole = loss_of(scores, labels, np.array([0, 4, 7, 11]), graph)
    whole.backward()
    assert (scores.grad[4:7] == 0).all()
    parts = [
        float(loss_of(scores.detach()[a:b].contiguous(), labels[a:b], np.array([0, b - a]), graph)) * (b - a)
        for a, b in ((0, 4), (7, 11))
    ]
    assert float(whole.detach()) * 11 == pytest.approx(sum(parts), abs=1e-5)


def test_a_perfect_network_has_nothing_to_learn_and_a_wrong_one_much():
    rng = np.random.default_rng(9)
    graph = graph_of(rng, 3)
    labels = np.repeat(np.array([0, 1, 4, 5, 2, 3]), 5)
    right = np.full((30, 6), -40.0, np.float32)
    right[np.arange(30), labels] = 0
    starts = np.array([0, 30])
    assert float(loss_of(torch.from_numpy(right), labels, starts, graph)) < 1e-6
    assert float(loss_of(torch.from_numpy(right[::-1].copy()), labels, starts, graph)) > 5


def test_too_few_frames_for_the_phones_count_as_nothing():
    graph = graph_of(np.random.default_rng(1), 2)
    labels = np.array([0, 2, 0])
    scores = torch.zeros(3, 4, requires_grad=True)
    loss = loss_of(scores, labels, np.array([0, 3]), graph)
    loss.backward()
    assert float(loss.detach()) == 0
    assert (scores.grad == 0).all()
