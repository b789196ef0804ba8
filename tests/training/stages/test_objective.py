"""The loss and its parts."""

import numpy as np
import pytest
import torch

from training.stages.objective import Objective, Weights
from training.stages.sequence import MutualInformation, PhoneGraph, chains_of

STATES = 4
RNG = np.random.default_rng(1)
GRAPH = PhoneGraph(
    np.log(RNG.dirichlet(np.ones(2), size=2)).astype(np.float32), np.log(np.array([0.5, 0.5], np.float32)), 2
)
PRIOR = np.log(RNG.dirichlet(np.ones(STATES))).astype(np.float32)
LABELS = np.array([0, 0, 1, 2, 2, 3, 3], np.int16)
STARTS = torch.tensor([0, 7])


def objective(senone_state=None, **weights):
    state = np.arange(STATES, dtype=np.int16) if senone_state is None else senone_state
    return Objective(Weights(**weights), senone_state=state, log_prior=PRIOR, graph=GRAPH, delay=0)


def test_outputs_add_up_to_their_states():
    leaves = np.array([0, 0, 1, 2, 2, 2, 3], np.int16)
    logits = torch.from_numpy(RNG.normal(size=(5, 7)).astype(np.float32)) * 9
    found = objective(leaves).states(logits)
    for state in range(STATES):
        expected = torch.logsumexp(logits[:, leaves == state], dim=1)
        torch.testing.assert_close(found[:, state], expected, rtol=1e-5, atol=1e-5)
    assert objective().states(logits[:, :4]) is not None
    torch.testing.assert_close(objective().states(logits[:, :4]), logits[:, :4])


def test_the_parts_add_up_with_their_weights():
    logits = torch.from_numpy(RNG.normal(size=(7, STATES)).astype(np.float32))
    targets = torch.from_numpy(LABELS.astype(np.int64))
    teacher = torch.log_softmax(torch.from_numpy(RNG.normal(size=(7, STATES)).astype(np.float32)), dim=1)

    def loss(**weights):
        given = teacher if weights.get("distillation") else None
        return float(objective(**weights)(logits, targets, LABELS, STARTS, told=given))

    entropy = loss()
    told = torch.log_softmax(logits, dim=1)
    assert entropy == pytest.approx(-float(told[np.arange(7), LABELS.tolist()].mean()), rel=1e-5)
    scores = (0.3 * (logits - torch.from_numpy(PRIOR))).contiguous()
    chains = chains_of(LABELS, STARTS.numpy(), states_per_phone=2)
    information = float(MutualInformation.apply(scores, STARTS, chains, GRAPH, 0, 3))
    assert loss(cross_entropy=0.0, mutual_information=2.0) == pytest.approx(2 * information, rel=1e-5)
    divergence = float((teacher.exp() * (teacher - told)).sum(dim=1).mean())
    assert divergence > 0
    assert loss(cross_entropy=0.0, distillation=3.0) == pytest.approx(3 * divergence, rel=1e-5)
    mixed = loss(cross_entropy=0.5, mutual_information=1.0, distillation=2.0)
    assert mixed == pytest.approx(0.5 * entropy + information + 2 * divergence, rel=1e-5)


def test_a_teacher_of_the_same_opinion_teaches_nothing():
    logits = torch.from_numpy(RNG.normal(size=(7, STATES)).astype(np.float32)).requires_grad_()
    teacher = torch.log_softmax(logits.detach(), dim=1)
    targets = torch.zeros(7, dtype=torch.int64)
    objective(cross_entropy=0.0, distillation=1.0)(logits, targets, LABELS, STARTS, told=teacher).backward()
    assert float(logits.grad.abs().max()) < 1e-6
