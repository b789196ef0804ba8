"""The spiking layer's time loop and its gradient, against plain torch and against the formula."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from training.networks.spiking import NeuronConstants, Outgoing, lock_step_groups, run_layer, surrogate_gradient

CONSTANTS = NeuronConstants(threshold=1.0, low=-2.0, high=2.5, leak_shift=1, unit=0.0)


class Spike(torch.autograd.Function):
    """The threshold with the arctangent surrogate, for plain autograd."""

    @staticmethod
    def forward(ctx, distance):
        ctx.save_for_backward(distance)
        return (distance >= 0).to(distance.dtype)

    @staticmethod
    def backward(ctx, grad):
        (distance,) = ctx.saved_tensors
        return grad * 0.5 / (1 + (math.pi / 2 * distance) ** 2)


class Saturate(torch.autograd.Function):
    """Clip; no gradient at the bounds or beyond (torch.clamp lets it pass at the bounds)."""

    @staticmethod
    def forward(ctx, u, low, high):
        ctx.save_for_backward((u > low) & (u < high))
        return torch.clamp(u, low, high)

    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.saved_tensors[0], None, None


class FloorLeak(torch.autograd.Function):
    """Round the leak down; the gradient is that of the leak without rounding."""

    @staticmethod
    def forward(ctx, u, share, unit):
        ctx.share = share
        return u - torch.floor(u * share / unit) * unit

    @staticmethod
    def backward(ctx, grad):
        return grad * (1 - ctx.share), None, None


def plain(drive, recurrent, starts, steps, constants):
    """One utterance and one time step after the other, as the arithmetic is written down."""
    share = 2.0**-constants.leak_shift
    all_spikes = []
    for begin, end in itertools.pairwise(starts):
        width = drive.shape[2]
        u, s = torch.zeros(width), torch.zeros(width)
        before = [torch.zeros(width) for _ in range(steps)]
        for frame in range(begin, end):
            now = []
            for step in range(steps):
                current = drive[frame, min(step, drive.shape[1] - 1)] + before[step] @ recurrent
                leaked = FloorLeak.apply(u, share, constants.unit) if constants.unit else u * (1 - share)
                u = Saturate.apply(leaked * (1 - s) + current, constants.low, constants.high)
                s = Spike.apply(u - constants.threshold)
                now.append(s)
            before = now
            all_spikes.append(torch.stack(now))
    return torch.stack(all_spikes)


@pytest.mark.parametrize("unit", [0.0, 2.0**-6])
@pytest.mark.parametrize(("steps", "drive_steps"), [(1, 1), (2, 1), (2, 2)])
def test_spikes_and_gradients_equal_plain_autograd(steps, drive_steps, unit):
    constants = NeuronConstants(threshold=1.0, low=-2.0, high=2.5, leak_shift=2, unit=unit)
    generator = torch.Generator().manual_seed(7)
    starts = torch.tensor([0, 5, 6, 19])
    # Multiples of 1/64, so that no order of additions can move a membrane across the threshold.
    drive = (torch.randn(19, drive_steps, 7, generator=generator) * 80).round() / 64
    recurrent = (torch.randn(7, 7, generator=generator) * 40).round() / 64
    weight = torch.randn(19, steps, 7, generator=generator)
    found = []
    for layer in (
        lambda d, r: run_layer(d, r, starts, steps=steps, constants=constants)[1],
        lambda d, r: plain(d, r, starts.tolist(), steps, constants),
    ):
        d, r = drive.clone().requires_grad_(), recurrent.clone().requires_grad_()
        spikes = layer(d, r)
        (spikes * weight).sum().backward()
        found.append((spikes.detach(), d.grad, r.grad))
    (ours, ours_drive, ours_recurrent), (theirs, theirs_drive, theirs_recurrent) = found
    assert 0.1 < float(ours.mean()) < 0.9
    assert torch.equal(ours, theirs)
    torch.testing.assert_close(ours_drive, theirs_drive, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(ours_recurrent, theirs_recurrent, rtol=1e-4, atol=1e-5)


@given(st.floats(-3, 3))
def test_surrogate_is_the_derivative_of_the_arctangent(distance):
    """The smooth spike that the surrogate belongs to is atan(pi x / 2) / pi."""
    step = 1e-4
    smooth = [math.atan(math.pi / 2 * (distance + sign * step)) / math.pi for sign in (-1, 1)]
    found = float(surrogate_gradient(torch.tensor(distance, dtype=torch.float64)))
    assert found == pytest.approx((smooth[1] - smooth[0]) / (2 * step), abs=1e-6)


@given(st.floats(-1.5, 2.4))
def test_one_step_has_the_surrogates_gradient(drive):
    given_drive = torch.full((1, 1, 1), drive, requires_grad=True)
    _, spikes, membranes = run_layer(
        given_drive, torch.zeros(1, 1), torch.tensor([0, 1]), steps=1, constants=CONSTANTS
    )
    spikes.sum().backward()
    assert float(membranes) == np.float32(drive)
    assert float(spikes.detach()) == float(np.float32(drive) >= 1.0)
    assert float(given_drive.grad) == pytest.approx(float(surrogate_gradient(torch.tensor(drive - 1.0))), rel=1e-5)


def test_a_saturated_membrane_has_no_gradient():
    drive = torch.tensor([[[5.0, -5.0, 0.5]]], requires_grad=True)
    _, spikes, membranes = run_layer(drive, torch.zeros(3, 3), torch.tensor([0, 1]), steps=1, constants=CONSTANTS)
    spikes.sum().backward()
    assert membranes.flatten().tolist() == [2.5, -2.0, 0.5]
    assert drive.grad.flatten()[:2].tolist() == [0.0, 0.0]
    assert float(drive.grad.flatten()[2]) > 0


def test_an_utterance_does_not_depend_on_its_batch():
    generator = torch.Generator().manual_seed(3)
    drive, recurrent = torch.randn(30, 1, 16, generator=generator), torch.randn(16, 16, generator=generator)
    _, together, _ = run_layer(drive, recurrent, torch.tensor([0, 11, 30]), steps=2, constants=CONSTANTS)
    _, alone, _ = run_layer(drive[11:], recurrent, torch.tensor([0, 19]), steps=2, constants=CONSTANTS)
    assert torch.equal(together[11:], alone)


@pytest.mark.parametrize("steps", [1, 2])
@pytest.mark.parametrize("merged", [False, True])
@pytest.mark.parametrize("drops", [False, True])
def test_what_leaves_a_layer_is_its_spikes_dropped_and_merged(steps, merged, drops):
    """Values and gradients as if a mask and a sum followed, also when the spikes themselves carry a gradient."""
    generator = torch.Generator().manual_seed(5)
    starts = torch.tensor([0, 9, 10, 30, 34, 41, 60])
    drive, recurrent = torch.randn(60, 1, 9, generator=generator), torch.randn(9, 9, generator=generator)
    noise = torch.randint(0, 256, (60, steps, 9), dtype=torch.uint8, generator=generator)
    outgoing = Outgoing(noise=noise if drops else None, cut=100, merged=merged)
    toll = torch.randn(60, steps, 9, generator=generator)
    weight = torch.randn(60, 1 if merged else steps, 9, generator=generator)
    found = []
    for fused in (True, False):
        d, r = drive.clone().requires_grad_(), recurrent.clone().requires_grad_()
        passed, spikes, _ = run_layer(
            d, r, starts, steps=steps, constants=CONSTANTS, outgoing=outgoing if fused else None
        )
        if not fused:
            passed = spikes * (noise >= 100) * (256 / 156) if drops else spikes
            passed = passed.sum(dim=1, keepdim=True) if merged else passed
        ((passed * weight).sum() + (spikes * toll).sum()).backward()
        found.append((passed.detach(), d.grad, r.grad))
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=30), st.integers(1, 5))
def test_every_utterance_is_in_one_group_and_the_longest_leads(lengths, size):
    starts = np.concatenate([[0], np.cumsum(lengths)])
    groups = lock_step_groups(starts, size=size)
    members = groups[groups >= 0]
    assert sorted(members.tolist()) == list(range(len(lengths)))
    for group in groups:
        here = [lengths[which] for which in group if which >= 0]
        assert here == sorted(here, reverse=True)
        assert (group[: len(here)] >= 0).all()
