"""One recurrent spiking layer over a batch of whole utterances: the time loop and its gradient.

Same arithmetic as ``golden.forward`` in real units: hard reset, leak ``u - floor(u / 2^k)``, saturating membrane,
recurrent drive from the previous *frame's* spikes of the same time step. The utterances lie one after the other in one
array, so no padded frame is ever computed, and each is independent of the rest of its batch. Every value is a multiple
of the layer's unit below 2^24 units, so float32 is exact in quantised mode, in any order of additions.

The surrogate of the threshold's gradient is the arctangent's, ``1 / (2 (1 + (pi x / 2)^2))`` with x = u - theta, and
the gradient is kept through the reset (ours; a soft reset or a detached one scored worse).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import torch

_HALF_PI = np.float32(math.pi / 2)


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


def surrogate_gradient(distance: torch.Tensor) -> torch.Tensor:
    """Return the arctangent surrogate's derivative at `distance` = u - theta."""
    return 0.5 / (1.0 + (distance * (math.pi / 2)) ** 2)


def _compiled(*fast: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile for all cores, utterance by utterance, with the given liberties; kept on disk where a folder takes it."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        options = {"parallel": True, "fastmath": set(fast), "error_model": "numpy"}
        try:
            return numba.njit(cache=True, **options)(function)
        except RuntimeError:  # numba found no folder for its cache
            return numba.njit(**options)(function)

    return decorate


@numba.njit(inline="always")
def _leaked(u, decay, share, unit):  # type: ignore[no-untyped-def]
    """Return ``u - floor(share u)`` on the grid of `unit`, or ``decay u`` without one."""
    if unit > 0:
        return u - np.floor(u * share / unit) * unit
    return u * decay


@_compiled("contract")
def _run(drive, recurrent, starts, threshold, low, high, share, unit, spikes, membranes):  # type: ignore[no-untyped-def]
    steps, width = spikes.shape[1], spikes.shape[2]
    drive_steps = drive.shape[1]
    decay = np.float32(1.0) - share
    for sequence in numba.prange(len(starts) - 1):
        u = np.zeros(width, np.float32)
        s = np.zeros(width, np.float32)
        current = np.zeros(width, np.float32)
        for frame in range(starts[sequence], starts[sequence + 1]):
            for step in range(steps):
                source = drive[frame, min(step, drive_steps - 1)]
                for neuron in range(width):
                    current[neuron] = source[neuron]
                if frame > starts[sequence]:
                    previous = spikes[frame - 1, step]
                    for row in range(width):
                        if previous[row] > 0:
                            weights = recurrent[row]
                            for neuron in range(width):
                                current[neuron] += weights[neuron]
                for neuron in range(width):
                    held = _leaked(u[neuron], decay, share, unit) * (np.float32(1.0) - s[neuron])
                    value = min(max(held + current[neuron], low), high)
                    u[neuron] = value
                    s[neuron] = np.float32(1.0) if value >= threshold else np.float32(0.0)
                    membranes[frame, step, neuron] = value
                    spikes[frame, step, neuron] = s[neuron]


@_compiled("contract", "reassoc")
def _run_back(grad_spikes, spikes, membranes, transposed, starts, threshold, low, high, share, unit, grad_drive):  # type: ignore[no-untyped-def]
    steps, width = spikes.shape[1], spikes.shape[2]
    decay = np.float32(1.0) - share
    for sequence in numba.prange(len(starts) - 1):
        later = np.zeros(width, np.float32)  # gradient of the next step's held membrane
        fed_back = np.zeros((steps, width), np.float32)  # gradient of this frame's spikes, from the next frame
        for frame in range(starts[sequence + 1] - 1, starts[sequence] - 1, -1):
            for step in range(steps - 1, -1, -1):
                for neuron in range(width):
                    u, s = membranes[frame, step, neuron], spikes[frame, step, neuron]
                    held = _leaked(u, decay, share, unit)
                    grad_s = grad_spikes[frame, step, neuron] + fed_back[step, neuron] - held * later[neuron]
                    x = (u - threshold) * _HALF_PI
                    slope = np.float32(0.5) / (np.float32(1.0) + x * x)
                    grad_u = grad_s * slope + decay * (np.float32(1.0) - s) * later[neuron]
                    inside = np.float32(1.0) if low < u and u < high else np.float32(0.0)
                    later[neuron] = grad_u * inside
                    grad_drive[frame, step, neuron] = later[neuron]
            for step in range(steps):
                _product_row(grad_drive[frame, step], transposed, fed_back[step])


@numba.njit(inline="always")
def _product_row(row, matrix, out):  # type: ignore[no-untyped-def]
    """``out[:] = row @ matrix``, four rows of the matrix at a time so that `out` is read and written less often."""
    fan_in, width = matrix.shape
    for neuron in range(width):
        out[neuron] = 0
    whole = fan_in - fan_in % 4
    for first in range(0, whole, 4):
        a, b, c, d = row[first], row[first + 1], row[first + 2], row[first + 3]
        for neuron in range(width):
            out[neuron] += (
                a * matrix[first, neuron]
                + b * matrix[first + 1, neuron]
                + c * matrix[first + 2, neuron]
                + d * matrix[first + 3, neuron]
            )
    for last in range(whole, fan_in):
        for neuron in range(width):
            out[neuron] += row[last] * matrix[last, neuron]


class SpikingLayer(torch.autograd.Function):
    """``spikes, membranes = SpikingLayer.apply(drive, recurrent, starts, steps, constants)``.

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

    Returns
    -------
    spikes, membranes : torch.Tensor [shape=(frames, T, width), dtype=float32]
        The membranes carry no gradient.
    """

    @staticmethod
    def forward(
        ctx: Any,
        drive: torch.Tensor,
        recurrent: torch.Tensor,
        starts: torch.Tensor,
        steps: int,
        constants: NeuronConstants,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Run the time loop."""
        spikes = torch.empty((drive.shape[0], steps, drive.shape[2]), dtype=torch.float32)
        membranes = torch.empty_like(spikes)
        _run(
            drive.detach().contiguous().numpy(),
            recurrent.detach().contiguous().numpy(),
            starts.numpy(),
            *_scalars(constants),
            spikes.numpy(),
            membranes.numpy(),
        )
        ctx.save_for_backward(recurrent, starts, spikes, membranes)
        ctx.constants, ctx.drive_steps = constants, drive.shape[1]
        ctx.mark_non_differentiable(membranes)
        return spikes, membranes

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Run the time loop backwards; one product over all frames gives the recurrent weights' gradient."""
        recurrent, starts, spikes, membranes = ctx.saved_tensors
        grad_drive = torch.empty_like(spikes)
        _run_back(
            grads[0].contiguous().numpy(),
            spikes.numpy(),
            membranes.numpy(),
            recurrent.t().contiguous().numpy(),
            starts.numpy(),
            *_scalars(ctx.constants),
            grad_drive.numpy(),
        )
        grad_recurrent = None
        if ctx.needs_input_grad[1]:
            previous = torch.zeros_like(spikes)
            previous[1:] = spikes[:-1]
            previous[starts[:-1]] = 0
            width = spikes.shape[2]
            grad_recurrent = previous.reshape(-1, width).t() @ grad_drive.reshape(-1, width)
        if ctx.drive_steps == 1:
            grad_drive = grad_drive.sum(dim=1, keepdim=True)
        return grad_drive, grad_recurrent, None, None, None


def _scalars(constants: NeuronConstants) -> tuple[np.float32, ...]:
    share = 2.0**-constants.leak_shift
    values = (constants.threshold, constants.low, constants.high, share, constants.unit)
    return tuple(np.float32(value) for value in values)
