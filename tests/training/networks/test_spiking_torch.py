"""The padded layer equals the loops of `training.networks.spiking`: values bit for bit on a grid, gradients closely."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

from golden.specification import Specification
from training.networks import model, spiking, spiking_torch
from training.networks.model import SpikingNetwork
from training.networks.spiking import NeuronConstants, Outgoing

DEVICES = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]


@settings(max_examples=40)
@given(st.data())
def test_values_and_gradients_equal_those_of_the_loops(data):
    draw = data.draw
    steps, width = draw(st.sampled_from([1, 2])), draw(st.integers(1, 20))
    drive_steps = draw(st.sampled_from([1, steps]))
    lengths = draw(st.lists(st.integers(1, 12), min_size=1, max_size=6))
    starts = torch.from_numpy(np.concatenate([[0], np.cumsum(lengths)]))
    constants = NeuronConstants(
        threshold=1.0, low=-2.0, high=2.5, leak_shift=draw(st.integers(1, 3)), unit=draw(st.sampled_from([0.0, 2**-6]))
    )
    generator = torch.Generator().manual_seed(draw(st.integers(0, 999)))
    shape = (sum(lengths), steps, width)
    # Multiples of 1/64, and dyadic leaks of them: no order of additions matters in few frames.
    drive = (torch.randn(shape[0], drive_steps, width, generator=generator) * 80).round() / 64
    recurrent = (torch.randn(width, width, generator=generator) * 40).round() / 64
    noise = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
    outgoing = Outgoing(noise=draw(st.sampled_from([None, noise])), cut=64, merged=draw(st.booleans()))
    toll = torch.randn(shape, generator=generator) * draw(st.booleans())
    found = []
    for backend in (spiking, spiking_torch):
        d, r = drive.clone().requires_grad_(), recurrent.clone().requires_grad_()
        passed, spikes, membranes = backend.run_layer(
            d, r, starts, steps=steps, constants=constants, outgoing=outgoing
        )
        weight = torch.randn(passed.shape, generator=torch.Generator().manual_seed(1))
        ((passed * weight).sum() + (spikes * toll).sum()).backward()
        assert not membranes.requires_grad
        found.append((spikes.detach(), membranes, passed.detach(), d.grad, r.grad))
    (spikes, membranes, *ours), (other_spikes, other_membranes, *theirs) = found
    assert torch.equal(spikes, other_spikes)
    assert torch.equal(membranes, other_membranes)
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("quantised", [True, False])
def test_a_network_learns_the_same_on_either(monkeypatch, quantised, device):
    """On a GPU where there is one; on the CPU with the choice of the layer overruled."""
    spec = Specification(inputs=8, layers=(24, 16), outputs=5)
    network = SpikingNetwork(spec, seed=3)
    network.quantised = quantised
    codes = torch.from_numpy(np.random.default_rng(2).integers(-128, 128, (70, 8)).astype(np.int8))
    starts = torch.tensor([0, 30, 31, 70])
    found = []
    for where, run in (("cpu", spiking.run_layer), (device, spiking_torch.run_layer)):
        monkeypatch.setattr(model, "run_layer", run)
        there = copy.deepcopy(network).to(where)
        activity = there(
            codes.to(where), starts.to(where), dropout=0.2, generator=torch.Generator().manual_seed(5)
        )
        cross_entropy(activity.logits, (torch.arange(70) % 5).to(where)).backward()
        found.append((activity, [weights.grad.cpu() for weights in there.parameters()]))
    (ours, gradients), (theirs, other_gradients) = found
    assert 0.02 < float(ours.spikes[1].detach().mean()) < 0.9
    for layer in range(2):
        assert torch.equal(ours.spikes[layer], theirs.spikes[layer].cpu())
        slack = 0 if quantised and layer == 0 else 1e-5  # dropout puts the second layer's drive off the grid
        torch.testing.assert_close(ours.membranes[layer], theirs.membranes[layer].cpu(), rtol=0, atol=slack)
    for one, other in zip(gradients, other_gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-5)


def test_an_utterance_does_not_depend_on_its_batch():
    generator = torch.Generator().manual_seed(3)
    drive = (torch.randn(30, 1, 16, generator=generator) * 80).round() / 64
    recurrent = (torch.randn(16, 16, generator=generator) * 20).round() / 64
    constants = NeuronConstants(threshold=1.0, low=-8.0, high=8.0, leak_shift=1, unit=2.0**-6)
    _, together, _ = spiking_torch.run_layer(drive, recurrent, torch.tensor([0, 11, 30]), steps=2, constants=constants)
    _, alone, _ = spiking_torch.run_layer(drive[11:], recurrent, torch.tensor([0, 19]), steps=2, constants=constants)
    assert torch.equal(together[11:], alone)
