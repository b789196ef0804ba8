"""One recurrent spiking layer over a batch of whole utterances: the time loop and its gradient.

Same arithmetic as ``golden.forward`` in real units: hard reset, leak ``u - floor(u / 2^k)``, saturating membrane,
recurrent drive from the previous *frame's* spikes of the same time step. The utterances lie one after the other in one
array, so no padded frame is ever computed, and each is independent of the rest of its batch. Every value is a multiple
of the layer's unit below 2^24 units, so float32 is exact in quantised mode, in any order of additions.

The surrogate of the threshold's gradient is the arctangent's, ``1 / (2 (1 + (pi x / 2)^2))`` with x = u - theta, and
the gradient is kept through the reset (ours; a soft reset or a detached one scored worse).

What costs time is reading V. Forwards, each row with a spike in either time step is read once for both, three rows at
a time; backwards, where few gradients are zero, several utterances of like length go in lock step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import torch

from training.networks.compiled import compiled

_HALF_PI = np.float32(math.pi / 2)
# Utterances in lock step backwards.
_GROUP = 4
_NOTHING = np.zeros((0, 1, 1), np.float32)
_NO_NOISE = np.zeros((0, 1, 1), np.uint8)


@dataclass(frozen=True, kw_only=True)
class NeuronConstants:
    """Constants of one layer's neurons, in real units.

    Parameters
    ----------
    threshold : float
    low, high : float
        Saturation of the membrane.
    leak_shift : int
        k in ``u - floor(u / 2^k)``.
    unit : float
        Value of the membrane's least significant bit; 0 leaves the leak unrounded (float mode).
    """

    threshold: float
    low: float
    high: float
    leak_shift: int
    unit: float


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """What becomes of a layer's spikes on their way to the next one; the recurrent ones stay as they are.

    Parameters
    ----------
    noise : torch.Tensor [shape=(frames, T, width), dtype=uint8] or None
        Random bytes; a spike is dropped where they are below `cut`.
    cut : int
        256 times the share to drop, 0 to 255. Spikes that stay are worth 256 / (256 - cut).
    merged : bool
        Sum over the time steps.
    """

    noise: torch.Tensor | None = None
    cut: int = 0
    merged: bool = False

    @property
    def worth(self) -> float:
        """What a spike that is not dropped is worth."""
        return 1.0 if self.noise is None else 256.0 / (256 - self.cut)


def surrogate_gradient(distance: torch.Tensor) -> torch.Tensor:
    """Return the arctangent surrogate's derivative at `distance` = u - theta."""
    return 0.5 / (1.0 + (distance * (math.pi / 2)) ** 2)


@numba.njit(inline="always")
def _leaked(u, decay, share, unit):  # type: ignore[no-untyped-def]
    """Return ``u - floor(share u)`` on the grid of `unit`, or ``decay u`` without one."""
    if unit > 0:
        return u - np.floor(u * share / unit) * unit
    return u * decay


@compiled("contract")
def _run(drive, recurrent, starts, noise, cut, worth, threshold, low, high, share, unit, passed, spikes, membranes):  # type: ignore[no-untyped-def]
    steps, width = spikes.shape[1], spikes.shape[2]
    drive_steps, passed_steps = drive.shape[1], passed.shape[1]
    decay, one, zero = np.float32(1.0) - share, np.float32(1.0), np.float32(0.0)
    drops, passes = noise.shape[0] > 0, passed.shape[0] > 0
    for sequence in numba.prange(len(starts) - 1):
        rest = np.zeros(width, np.float32)
        current = np.zeros((steps, width), np.float32)
        rows = np.zeros(width + 2, np.int64)
        for frame in range(starts[sequence], starts[sequence + 1]):
            for step in range(steps):
                source, sink = drive[frame, min(step, drive_steps - 1)], current[step]
                for neuron in range(width):
                    sink[neuron] = source[neuron]
            if frame > starts[sequence]:
                for step in range(0, steps, 2):
                    _add_rows(spikes[frame - 1], step, recurrent, rows, current)
            for step in range(steps):
                drawn, u, s = current[step], membranes[frame, step], spikes[frame, step]
                if step > 0:
                    before = membranes[frame, step - 1]
                elif frame > starts[sequence]:
                    before = membranes[frame - 1, steps - 1]
                else:
                    before = rest
                for neuron in range(width):
                    held = zero if before[neuron] >= threshold else _leaked(before[neuron], decay, share, unit)
                    value = min(max(held + drawn[neuron], low), high)
                    u[neuron] = value
                    s[neuron] = one if value >= threshold else zero
                if passes:
                    out = passed[frame, min(step, passed_steps - 1)]
                    if step > 0 and passed_steps == 1:
                        if drops:
                            drawn_bytes = noise[frame, step]
                            for neuron in range(width):
                                out[neuron] += zero if drawn_bytes[neuron] < cut else s[neuron] * worth
                        else:
                            for neuron in range(width):
                                out[neuron] += s[neuron]
                    elif drops:
                        drawn_bytes = noise[frame, step]
                        for neuron in range(width):
                            out[neuron] = zero if drawn_bytes[neuron] < cut else s[neuron] * worth
                    else:
                        for neuron in range(width):
                            out[neuron] = s[neuron]


@numba.njit(inline="always")
def _add_rows(spikes, step, matrix, rows, out):  # type: ignore[no-untyped-def]
    """``out[t] += spikes[t] @ matrix`` for t = step and, where there is one, step + 1: three spiking rows at a time."""
    fan_in, width = matrix.shape
    other = min(step + 1, spikes.shape[0] - 1)
    s0, s1, out0, out1 = spikes[step], spikes[other], out[step], out[other]
    count = 0
    for row in range(fan_in):
        rows[count] = row
        count += 1 if s0[row] + s1[row] > 0 else 0
    for k in range(0, count, 3):
        # Past the last row, row 0 fills up with weight 0.
        has_second, has_third = np.float32(k + 1 < count), np.float32(k + 2 < count)
        first, second, third = rows[k], rows[k + 1] if k + 1 < count else 0, rows[k + 2] if k + 2 < count else 0
        w0, w1, w2 = matrix[first], matrix[second], matrix[third]
        a0, a1, a2 = s0[first], s0[second] * has_second, s0[third] * has_third
        if other == step:
            for neuron in range(width):
                out0[neuron] = out0[neuron] + a0 * w0[neuron] + a1 * w1[neuron] + a2 * w2[neuron]
        else:
            b0, b1, b2 = s1[first], s1[second] * has_second, s1[third] * has_third
            for neuron in range(width):
                v0, v1, v2 = w0[neuron], w1[neuron], w2[neuron]
                out0[neuron] = out0[neuron] + a0 * v0 + a1 * v1 + a2 * v2
                out1[neuron] = out1[neuron] + b0 * v0 + b1 * v1 + b2 * v2


@compiled("contract", "reassoc")
def _run_back(  # type: ignore[no-untyped-def]
    grad_passed, grad_spikes, noise, cut, worth, membranes, transposed, starts, groups,
    threshold, low, high, share, unit, grad_current, grad_drive,
):  # fmt: skip
    steps, width = membranes.shape[1], membranes.shape[2]
    passed_steps = grad_passed.shape[1]
    decay, one, zero = np.float32(1.0) - share, np.float32(1.0), np.float32(0.0)
    drops, passes, direct = noise.shape[0] > 0, grad_passed.shape[0] > 0, grad_spikes.shape[0] > 0
    shared = grad_drive.shape[0] > 0
    height = groups.shape[1]
    for group in numba.prange(len(groups)):
        later = np.zeros((height, width), np.float32)  # gradient of the next step's held membrane
        fed_back = np.zeros((height * steps, width), np.float32)  # gradient of this frame's spikes, from the next frame
        rows = np.zeros((height * steps, width), np.float32)
        longest = starts[groups[group, 0] + 1] - starts[groups[group, 0]]
        for back in range(longest):
            active = 0
            for place in range(height):
                sequence = groups[group, place]
                if sequence < 0 or starts[sequence + 1] - starts[sequence] <= back:
                    break  # the longest comes first
                active += 1
                frame = starts[sequence + 1] - 1 - back
                coming = later[place]
                for step in range(steps - 1, -1, -1):
                    grad_s, membrane = fed_back[place * steps + step], membranes[frame, step]
                    sink, row = grad_current[frame, step], rows[place * steps + step]
                    if direct:
                        given = grad_spikes[frame, step]
                        for neuron in range(width):
                            grad_s[neuron] += given[neuron]
                    if passes:
                        given = grad_passed[frame, min(step, passed_steps - 1)]
                        if drops:
                            drawn_bytes = noise[frame, step]
                            for neuron in range(width):
                                grad_s[neuron] += zero if drawn_bytes[neuron] < cut else given[neuron] * worth
                        else:
                            for neuron in range(width):
                                grad_s[neuron] += given[neuron]
                    for neuron in range(width):
                        u = membrane[neuron]
                        x = (u - threshold) * _HALF_PI
                        slope = np.float32(0.5) / (one + x * x)
                        kept = zero if u >= threshold else decay
                        held = _leaked(u, decay, share, unit)
                        grad_u = (grad_s[neuron] - held * coming[neuron]) * slope + kept * coming[neuron]
                        row[neuron] = grad_u if low < u and u < high else zero
                    for neuron in range(width):
                        coming[neuron] = row[neuron]
                        sink[neuron] = row[neuron]
                if shared:
                    out = grad_drive[frame, 0]
                    for neuron in range(width):
                        out[neuron] = rows[place * steps, neuron]
                    for step in range(1, steps):
                        row = rows[place * steps + step]
                        for neuron in range(width):
                            out[neuron] += row[neuron]
            np.dot(rows[: active * steps], transposed, fed_back[: active * steps])


class SpikingLayer(torch.autograd.Function):
    """The layer as one node of autograd's graph; see `run_layer`."""

    @staticmethod
    def forward(
        ctx: Any,
        drive: torch.Tensor,
        recurrent: torch.Tensor,
        starts: torch.Tensor,
        steps: int,
        constants: NeuronConstants,
        outgoing: Outgoing,
    ) -> tuple[torch.Tensor | None, torch.Tensor, torch.Tensor]:
        """Run the time loop."""
        frames, drive_steps, width = drive.shape
        spikes = torch.empty((frames, steps, width), dtype=torch.float32)
        membranes = torch.empty_like(spikes)
        passed = None
        if outgoing.merged or outgoing.noise is not None:
            passed = torch.empty((frames, 1 if outgoing.merged else steps, width), dtype=torch.float32)
        _run(
            drive.detach().contiguous().numpy(),
            recurrent.detach().contiguous().numpy(),
            starts.numpy(),
            *_dropping(outgoing),
            *_scalars(constants),
            _NOTHING if passed is None else passed.numpy(),
            spikes.numpy(),
            membranes.numpy(),
        )
        ctx.save_for_backward(recurrent, starts, spikes, membranes)
        ctx.constants, ctx.outgoing, ctx.drive_steps = constants, outgoing, drive_steps
        ctx.mark_non_differentiable(membranes)
        ctx.set_materialize_grads(False)
        return passed, spikes, membranes

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor | None) -> tuple[torch.Tensor | None, ...]:
        """Run the time loop backwards; one product over all frames gives the recurrent weights' gradient."""
        recurrent, starts, spikes, membranes = ctx.saved_tensors
        frames, steps, width = spikes.shape
        grad_current = torch.empty_like(spikes)
        grad_drive = torch.empty((frames, 1, width)) if ctx.drive_steps < steps else None
        _run_back(
            *(_NOTHING if grad is None else grad.contiguous().numpy() for grad in grads[:2]),
            *_dropping(ctx.outgoing),
            membranes.numpy(),
            recurrent.detach().t().contiguous().numpy(),
            starts.numpy(),
            lock_step_groups(starts.numpy(), size=_GROUP),
            *_scalars(ctx.constants),
            grad_current.numpy(),
            _NOTHING if grad_drive is None else grad_drive.numpy(),
        )
        grad_recurrent = None
        if ctx.needs_input_grad[1]:
            before, now = spikes[:-1].view(-1, width), grad_current[1:].view(-1, width)
            grad_recurrent = before.t() @ now
            # Less what the product took for a step from the last frame of one utterance to the first of the next.
            first = starts[1:-1]
            grad_recurrent -= spikes[first - 1].view(-1, width).t() @ grad_current[first].view(-1, width)
        return grad_current if grad_drive is None else grad_drive, grad_recurrent, None, None, None, None


def run_layer(
    drive: torch.Tensor,
    recurrent: torch.Tensor,
    starts: torch.Tensor,
    *,
    steps: int,
    constants: NeuronConstants,
    outgoing: Outgoing | None = None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Run one layer over a batch of utterances, each from rest.

    Parameters
    ----------
    drive : torch.Tensor [shape=(frames, T or 1, width), dtype=float32]
        Feed-forward input; one time step means the same for all.
    recurrent : torch.Tensor [shape=(width, width), dtype=float32]
        V; row i holds the weights of neuron i's spike.
    starts : torch.Tensor [shape=(utterances + 1,), dtype=int64]
        First frame of each utterance, and the number of frames.
    steps : int
        Time steps T.
    constants : NeuronConstants
    outgoing : Outgoing or None
        None passes the spikes as they are.

    Returns
    -------
    passed : torch.Tensor [shape=(frames, T, width), or (frames, 1, width) when merged, dtype=float32]
    spikes, membranes : torch.Tensor [shape=(frames, T, width), dtype=float32]
        The membranes carry no gradient.
    """
    passed, spikes, membranes = SpikingLayer.apply(drive, recurrent, starts, steps, constants, outgoing or Outgoing())
    return spikes if passed is None else passed, spikes, membranes


def lock_step_groups(starts: np.ndarray, *, size: int) -> np.ndarray:
    """Group utterances of like length, longest first in each; long and short groups alternate to balance the cores.

    Returns
    -------
    np.ndarray [shape=(groups, size), dtype=int64]
        Utterances, filled up with -1.
    """
    order = np.argsort(-np.diff(starts), kind="stable")
    groups = np.full((-(-len(order) // size), size), -1, dtype=np.int64)
    groups.ravel()[: len(order)] = order
    places = np.arange(len(groups))
    places = np.stack([places, places[::-1]], axis=1).ravel()[: len(groups)]
    return groups[places]


def _dropping(outgoing: Outgoing) -> tuple[np.ndarray, np.uint8, np.float32]:
    noise = _NO_NOISE if outgoing.noise is None else outgoing.noise.numpy()
    return noise, np.uint8(outgoing.cut), np.float32(outgoing.worth)


def _scalars(constants: NeuronConstants) -> tuple[np.float32, ...]:
    share = 2.0**-constants.leak_shift
    values = (constants.threshold, constants.low, constants.high, share, constants.unit)
    return tuple(np.float32(value) for value in values)
