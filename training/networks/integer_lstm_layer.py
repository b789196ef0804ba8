"""One layer of the integer LSTM on a CPU, forward and backward, without torch's cost of each small operation.

The numbers are those of ``IntegerLstm.run_layer``, which torch differentiates, bit for bit forward; a test holds the
gradients to torch's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

__all__ = ["LayerOnCpu"]

Floats = npt.NDArray[np.float32]
_AT = (np.arange(-128, 128) / 32).astype(np.float32)
# Slopes of the smooth functions at the 256 gates' values.
_SIGMOID_SLOPE = (np.exp(-_AT) / (1 + np.exp(-_AT)) ** 2).astype(np.float32)
_TANH_SLOPE = (1 - np.tanh(_AT) ** 2).astype(np.float32)


class LayerOnCpu(torch.autograd.Function):
    """``LayerOnCpu.apply(drives, back, sigmoid, tanh)``: a layer's outputs.

    ``drives`` is [shape=(frames, utterances, 4 * width), dtype=float32], ``back`` [shape=(width, 4 * width)] on the
    grid, the tables [shape=(256,)] in real units; outputs are [shape=(frames, utterances, width)].
    """

    @staticmethod
    def forward(ctx: Any, drives: Tensor, back: Tensor, sigmoid: Tensor, tanh: Tensor) -> Tensor:
        """Compute the outputs, and keep what the gradient needs: 19 bytes a frame, utterance and neuron."""
        drive, weights = drives.detach().numpy(), back.detach().numpy()
        tables = sigmoid.numpy(), tanh.numpy()
        frames, utterances, four = drive.shape
        width = four // 4
        kept = {
            "gate": np.empty((frames, utterances, four), np.uint8),
            "inside": np.empty((frames, utterances, four), bool),
            "cell": np.zeros((frames + 1, utterances, width), np.float32),
            "open": np.empty((frames, utterances, width), bool),
            "shown": np.empty((frames, utterances, width), np.uint8),
            "seen": np.empty((frames, utterances, width), bool),
            "output": np.zeros((frames + 1, utterances, width), np.float32),
        }  # fmt: skip
        for frame in range(frames):
            steps = np.floor((drive[frame] + kept["output"][frame] @ weights) * 32)
            kept["inside"][frame] = (steps >= -128) & (steps <= 127)
            kept["gate"][frame] = np.clip(steps, -128, 127) + 128
            into, keep, new, out = np.split(kept["gate"][frame], 4, axis=1)
            held = np.floor(tables[0][keep] * kept["cell"][frame] * 4096)
            added = np.floor(tables[0][into] * tables[1][new] * 4096)
            # What is kept of a cell, and what is added, never leave 16 bits: gates are below 1.
            total = held + added
            kept["open"][frame] = (total >= -32768) & (total <= 32767)
            cell = np.clip(total, -32768, 32767) / np.float32(4096)
            kept["cell"][frame + 1] = cell
            steps = np.floor(cell * 32)
            kept["seen"][frame] = (steps >= -128) & (steps <= 127)
            kept["shown"][frame] = np.clip(steps, -128, 127) + 128
            output = np.floor(tables[0][out] * tables[1][kept["shown"][frame]] * 128) / np.float32(128)
            kept["output"][frame + 1] = output
        ctx.kept, ctx.weights, ctx.tables = kept, weights, tables
        return torch.from_numpy(kept["output"][1:].copy())

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None, None]:
        """Return the gradients of the drives and of the weights."""
        kept, weights, (sigmoid, tanh) = ctx.kept, ctx.weights, ctx.tables
        given = gradient.numpy()
        frames, utterances, width = given.shape
        drives = np.empty((frames, utterances, 4 * width), np.float32)
        to_output = np.zeros((utterances, width), np.float32)
        to_cell = np.zeros((utterances, width), np.float32)
        for frame in range(frames - 1, -1, -1):
            into, keep, new, out = np.split(kept["gate"][frame], 4, axis=1)
            shown = kept["shown"][frame]
            to_output = to_output + given[frame]
            to_cell = to_cell + to_output * sigmoid[out] * _TANH_SLOPE[shown] * kept["seen"][frame]
            to_cell = to_cell * kept["open"][frame]
            slopes = drives[frame]
            slopes[:, :width] = to_cell * tanh[new] * _SIGMOID_SLOPE[into]
            slopes[:, width : 2 * width] = to_cell * kept["cell"][frame] * _SIGMOID_SLOPE[keep]
            slopes[:, 2 * width : 3 * width] = to_cell * sigmoid[into] * _TANH_SLOPE[new]
            slopes[:, 3 * width :] = to_output * tanh[shown] * _SIGMOID_SLOPE[out]
            slopes *= kept["inside"][frame]
            to_output = slopes @ weights.T
            to_cell = to_cell * sigmoid[keep]
        before = kept["output"][:-1].reshape(-1, width)
        return torch.from_numpy(drives), torch.from_numpy(before.T @ drives.reshape(-1, 4 * width)), None, None
