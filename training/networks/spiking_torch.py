"""The layer of `training.networks.spiking` in torch's own operations, for devices that numba's loops do not run on.

Utterances are padded to one batch [longest, utterances, T, width] and stepped together, so that a frame takes one
matrix product and a handful of elementwise kernels a time step, whatever the batch. The padding comes after the end
of an utterance, where nothing that is kept depends on it and no gradient comes from.

In quantised mode spikes and membranes are those of `training.networks.spiking`, bit for bit; in float mode, and in
gradients, the order of additions differs.
"""

from __future__ import annotations

from typing import Any

import torch

from training.networks.spiking import NeuronConstants, Outgoing, surrogate_gradient


def run_layer(
    drive: torch.Tensor,
    recurrent: torch.Tensor,
    starts: torch.Tensor,
    *,
    steps: int,
    constants: NeuronConstants,
    outgoing: Outgoing | None = None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Run one layer over a batch of utterances; arguments and results as in `training.networks.spiking.run_layer`.

    All on one device; `starts` may be on the CPU.
    """
    outgoing = outgoing or Outgoing()
    longest = int((starts[1:] - starts[:-1]).max())
    starts = starts.to(drive.device)
    utterances, width = len(starts) - 1, drive.shape[2]
    numbers = torch.arange(utterances, device=drive.device)
    which = torch.repeat_interleave(numbers, starts[1:] - starts[:-1], output_size=len(drive))
    places = (torch.arange(len(drive), device=drive.device) - starts[which]) * utterances + which
    padded = drive.new_zeros(longest * utterances, steps, width).index_copy(0, places, drive.expand(-1, steps, -1))
    spikes, membranes = PaddedLayer.apply(padded.view(longest, utterances, steps, width), recurrent, constants)
    spikes, membranes = (values.flatten(0, 1).index_select(0, places) for values in (spikes, membranes))
    passed = spikes
    if outgoing.noise is not None:
        passed = passed * ((outgoing.noise >= outgoing.cut) * outgoing.worth)
    if outgoing.merged:
        passed = passed.sum(dim=1, keepdim=True)
    return passed, spikes, membranes


class PaddedLayer(torch.autograd.Function):
    """``spikes, membranes = PaddedLayer.apply(drive, recurrent, constants)``.

    Parameters
    ----------
    drive : torch.Tensor [shape=(frames, utterances, T, width), dtype=float32]
    recurrent : torch.Tensor [shape=(width, width), dtype=float32]
    constants : NeuronConstants

    Returns
    -------
    spikes, membranes : torch.Tensor [shape=(frames, utterances, T, width), dtype=float32]
        The membranes carry no gradient.
    """

    @staticmethod
    def forward(
        ctx: Any, drive: torch.Tensor, recurrent: torch.Tensor, constants: NeuronConstants
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Run the time loop."""
        frames, utterances, steps, width = drive.shape
        spikes, membranes = torch.empty_like(drive), torch.empty_like(drive)
        u, s = drive.new_zeros(utterances, width), drive.new_zeros(utterances, width)
        current = drive[0] if frames else drive
        for frame in range(frames):
            if frame > 0:
                before = spikes[frame - 1].view(-1, width)
                current = torch.addmm(drive[frame].view(-1, width), before, recurrent).view(utterances, steps, width)
            for step in range(steps):
                held = _leaked(u, constants)
                held.addcmul_(held, s, value=-1).add_(current[:, step])
                u, s = membranes[frame, :, step], spikes[frame, :, step]
                torch.clamp(held, constants.low, constants.high, out=u)
                torch.ge(u, constants.threshold, out=s)
        ctx.save_for_backward(recurrent, spikes, membranes)
        ctx.constants = constants
        ctx.mark_non_differentiable(membranes)
        ctx.set_materialize_grads(False)
        return spikes, membranes

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor | None) -> tuple[torch.Tensor | None, ...]:
        """Run the time loop backwards; what does not depend on it is computed for all frames at once."""
        recurrent, spikes, membranes = ctx.saved_tensors
        if grads[0] is None:
            return None, None, None
        constants: NeuronConstants = ctx.constants
        frames, utterances, steps, width = spikes.shape
        inside = (membranes > constants.low) & (membranes < constants.high)
        slope = surrogate_gradient(membranes - constants.threshold) * inside
        # d later / d held: what stays of the membrane, less what its spike resets.
        decay = 1.0 - 2.0**-constants.leak_shift
        stays = (1.0 - spikes) * inside * decay - _leaked(membranes, constants) * slope
        grad_drive = torch.empty_like(spikes)
        later = spikes.new_zeros(utterances, width)
        transposed = recurrent.t().contiguous()
        grad_spikes = grads[0]
        for frame in range(frames - 1, -1, -1):
            grad_s = grad_spikes[frame]
            if frame < frames - 1:
                after = grad_drive[frame + 1].view(-1, width)
                grad_s = torch.addmm(grad_s.reshape(-1, width), after, transposed).view(utterances, steps, width)
            for step in range(steps - 1, -1, -1):
                now = grad_drive[frame, :, step]
                torch.mul(stays[frame, :, step], later, out=now)
                later = now.addcmul_(slope[frame, :, step], grad_s[:, step])
        grad_recurrent = None
        if ctx.needs_input_grad[1]:
            grad_recurrent = spikes[:-1].reshape(-1, width).t() @ grad_drive[1:].reshape(-1, width)
        return grad_drive, grad_recurrent, None


def _leaked(u: torch.Tensor, constants: NeuronConstants) -> torch.Tensor:
    """Return ``u - floor(u / 2^k)`` on the grid of the unit, or without rounding where there is none."""
    share = 2.0**-constants.leak_shift
    if constants.unit > 0:
        return u - torch.floor(u * (share / constants.unit)) * constants.unit
    return u * (1.0 - share)
