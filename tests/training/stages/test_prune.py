"""Magnitude pruning takes exactly its share, the smallest weights."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from golden.specification import Specification
from training.networks.model import SpikingNetwork
from training.stages.prune import keep_neurons, magnitude_mask, neuron_importance

SPEC = Specification(inputs=6, layers=(14, 11), outputs=9)


def run(network, codes, starts):
    with torch.no_grad():
        return network(codes, starts)


@given(st.integers(0, 100))
def test_neurons_that_never_change_are_pruned_without_a_trace(seed):
    """Where the neurons to go are silent, the narrow network computes the same."""
    generator = torch.Generator().manual_seed(seed)
    network = SpikingNetwork(SPEC, seed=seed)
    silent = (torch.randperm(14, generator=generator)[:5], torch.randperm(11, generator=generator)[:4])
    with torch.no_grad():
        for layer, gone in enumerate(silent):
            network.feed_forward[layer][:, gone] = -1.0 if layer else 0.0
            network.recurrent[layer][:, gone] = 0.0
        network.fc_mask[2, 3] = network.fc_mask[5, 1] = False
    codes = torch.randint(-128, 128, (40, 6), dtype=torch.int8, generator=generator)
    starts = torch.tensor([0, 25, 40])
    whole = run(network, codes, starts)
    importance = neuron_importance(network, whole.spikes)
    for gone, score in zip(silent, importance, strict=True):
        assert (score[gone] == 0).all()
    narrow = keep_neurons(network, importance, widths=(9, 7))
    assert narrow.spec.layers == (9, 7)
    found = run(narrow, codes, starts)
    torch.testing.assert_close(found.logits, whole.logits)
    kept = [sorted(set(range(width)) - set(gone.tolist())) for width, gone in zip((14, 11), silent, strict=True)]
    for before, after, rows in zip(whole.spikes, found.spikes, kept, strict=True):
        busy = [row for row in rows if before[..., row].any()]
        assert int(after.sum()) == int(before[..., busy].sum())


def test_the_stronger_and_the_livelier_matter_more():
    network = SpikingNetwork(SPEC, seed=3)
    spikes = [torch.zeros(100, 2, width) for width in SPEC.layers]
    spikes[0][::2] = 1.0
    spikes[0][:, :, 4] = 1.0
    with torch.no_grad():
        network.feed_forward[1][7] *= 10
    importance = neuron_importance(network, spikes)
    assert importance[0].argmax() == 7
    assert importance[0].argmin() == 4
    assert importance[0][4] == 0
    assert not importance[1].any()


@pytest.mark.parametrize("widths", [(15, 11), (14,), (0, 5)])
def test_refuses_other_widths(widths):
    network = SpikingNetwork(SPEC)
    with pytest.raises(ValueError, match=r"expected 2 of at most \(14, 11\)"):
        keep_neurons(network, [torch.zeros(14), torch.zeros(11)], widths=widths)


@given(st.integers(0, 1000), st.integers(1, 30), st.integers(1, 30), st.floats(0, 1))
def test_exactly_the_smallest_share_is_pruned(seed, rows, columns, share):
    weights = torch.randint(-4, 5, (rows, columns), generator=torch.Generator().manual_seed(seed)) / 8
    mask = magnitude_mask(weights, share=share)
    assert mask.shape == weights.shape
    assert int((~mask).sum()) == round(share * weights.numel())
    if (~mask).any() and mask.any():
        assert weights[~mask].abs().max() <= weights[mask].abs().min()


def test_the_share_of_the_papers_layer():
    weights = torch.randn(128, 1920, generator=torch.Generator().manual_seed(1))
    assert int((~magnitude_mask(weights, share=0.4)).sum()) == 98_304


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_refuses_other_shares(share):
    with pytest.raises(ValueError, match=r"expected 0..1"):
        magnitude_mask(torch.zeros(2, 2), share=share)
