"""The baselines: independent utterances, seeds, gradients; snnTorch's layers and ours, each the other's oracle."""

import sys

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from golden.specification import Specification
from training.networks.baselines import RecurrentBaseline, SnnTorchBaseline, weight_count
from training.networks.model import SpikingNetwork

STARTS = torch.tensor([0, 7, 8, 30, 55, 56, 90])
CODES = torch.from_numpy(np.random.default_rng(3).integers(-128, 128, (90, 6)).astype(np.int8))
KINDS = ["lstm", "gru", "both ways", "snntorch", "snntorch, one step"]


def baseline(kind, seed=1):
    sizes = {"inputs": 6, "width": 12, "outputs": 5, "seed": seed}
    if kind.startswith("snntorch"):
        return SnnTorchBaseline(**sizes, time_steps=1 if "one" in kind else 2)
    if kind == "both ways":
        return RecurrentBaseline("lstm", **sizes, bidirectional=True)
    return RecurrentBaseline(kind, **sizes)


@pytest.mark.parametrize("kind", KINDS)
def test_an_utterance_alone_has_the_logits_that_it_has_in_a_batch(kind):
    network = baseline(kind)
    with torch.no_grad():
        together = network(CODES, STARTS)
        assert together.logits.shape == (90, 5)
        for begin, end in zip(STARTS[:-1].tolist(), STARTS[1:].tolist(), strict=True):
            alone = network(CODES[begin:end], torch.tensor([0, end - begin]))
            torch.testing.assert_close(together.logits[begin:end], alone.logits)
            for ours, theirs in zip(together.spikes, alone.spikes, strict=True):
                assert torch.equal(ours[begin:end], theirs)


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_bidirectional_network_sees_the_future(kind):
    network = baseline(kind)
    other = CODES.clone()
    other[80:] = -other[80:]
    with torch.no_grad():
        before, after = network(CODES, STARTS).logits, network(other, STARTS).logits
    assert torch.equal(before[:56], after[:56])
    assert torch.allclose(before[56:80], after[56:80], atol=1e-6) == (kind != "both ways")


@pytest.mark.parametrize("kind", KINDS)
def test_the_seed_decides_the_weights_and_the_generator_the_dropout(kind):
    torch.manual_seed(0)
    state = torch.get_rng_state()
    networks = [baseline(kind), baseline(kind), baseline(kind, seed=2)]
    assert torch.equal(torch.get_rng_state(), state)
    with torch.no_grad():
        runs = [
            network(CODES, STARTS, dropout=0.3, generator=torch.Generator().manual_seed(seed)).logits
            for network, seed in zip([*networks, networks[0]], (1, 1, 1, 2), strict=True)
        ]
    assert torch.equal(runs[0], runs[1])
    assert not torch.allclose(runs[0], runs[2])
    assert not torch.allclose(runs[0], runs[3])


@pytest.mark.parametrize("kind", KINDS)
def test_every_weight_learns(kind):
    network = baseline(kind)
    targets = torch.arange(90) % 5
    optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
    losses = []
    for _ in range(20):
        loss = cross_entropy(network(CODES, STARTS).logits, targets)
        optimiser.zero_grad()
        loss.backward()
        assert all(float(weights.grad.abs().sum()) > 0 for weights in network.parameters())
        optimiser.step()
        network.clip_weights()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0]


def as_ours(baseline, spec):
    """Return a `SpikingNetwork` with the weights of an `SnnTorchBaseline`."""
    network = SpikingNetwork(spec, seed=99)
    with torch.no_grad():
        for layer, (fed, cell) in enumerate(zip(baseline.feed_forward, baseline.cells, strict=True)):
            network.feed_forward[layer].copy_(fed.weight.t())
            network.recurrent[layer].copy_(cell.recurrent.weight.t())
        network.fc.copy_(baseline.fc.weight.t())
        network.offset.copy_(baseline.offset)
    return network


def test_with_one_time_step_snntorch_and_ours_are_the_same_network():
    """Spikes and all gradients, with snnTorch's membrane update, reset, surrogate and autograd for oracle."""
    theirs = baseline("snntorch, one step")
    spec = Specification(inputs=6, layers=(12, 12), outputs=5, time_steps=1, membrane_bits=(24, 24))
    ours = as_ours(theirs, spec)
    targets = torch.arange(90) % 5
    found = []
    for network in (theirs, ours):
        activity = network(CODES, STARTS)
        cross_entropy(activity.logits, targets).backward()
        found.append(activity)
    for layer in range(2):
        assert 0.05 < float(found[1].spikes[layer].detach().mean()) < 0.9
        assert torch.equal(found[0].spikes[layer], found[1].spikes[layer])
        torch.testing.assert_close(theirs.feed_forward[layer].weight.grad.t(), ours.feed_forward[layer].grad)
        torch.testing.assert_close(theirs.cells[layer].recurrent.weight.grad.t(), ours.recurrent[layer].grad)
    torch.testing.assert_close(found[0].logits, found[1].logits)
    torch.testing.assert_close(theirs.fc.weight.grad.t(), ours.fc.grad)


def test_with_two_time_steps_the_recurrence_differs():
    theirs = baseline("snntorch")
    ours = as_ours(theirs, Specification(inputs=6, layers=(12, 12), outputs=5, membrane_bits=(24, 24)))
    with torch.no_grad():
        a, b = theirs(CODES, STARTS).spikes[0], ours(CODES, STARTS).spikes[0]
    assert torch.equal(a[0, 0], b[0, 0])
    assert not torch.equal(a, b)


def test_a_seed_gives_snntorch_the_initial_weights_of_ours():
    spec = Specification(inputs=6, layers=(12, 12), outputs=5)
    ours, theirs = SpikingNetwork(spec, seed=4), baseline("snntorch", seed=4)
    for name, weights in as_ours(theirs, spec).named_parameters():
        assert torch.equal(weights, dict(ours.named_parameters())[name]), name


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        ("lstm", 4 * 12 * (6 + 12 + 12 + 12) + 12 * 5),
        ("gru", 3 * 12 * (6 + 12 + 12 + 12) + 12 * 5),
        ("both ways", 2 * 4 * 12 * (6 + 12 + 24 + 12) + 24 * 5),
        ("snntorch", 12 * (6 + 12 + 12 + 12) + 12 * 5),
    ],
)
def test_the_weights_of_the_matrices_are_counted(kind, count):
    assert weight_count(baseline(kind)) == count


def test_an_unknown_kind_is_named():
    with pytest.raises(ValueError, match="kind is 'rnn', expected one of lstm, gru"):
        RecurrentBaseline("rnn", inputs=2, width=2, outputs=2)


def test_a_missing_snntorch_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "snntorch", None)
    with pytest.raises(ModuleNotFoundError, match="this baseline needs snntorch: pip install"):
        baseline("snntorch")
