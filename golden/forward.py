"""The network's integer forward, bit for bit what the accelerator computes.

The arithmetic is that of docs/network.md (paper: two recurrent spiking layers and a fully connected one; the integer
form is ours). Matrix products run in floating point because BLAS is fast there, and they are exact: every operand and
every partial sum, in any order, is an integer below the mantissa's limit (2^24 in float32, 2^53 in float64), by the
same bound that sizes the accumulators. `_product_dtype` picks the type from that bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from golden.checkpoint import Checkpoint
from golden.errors import StimulusError
from golden.specification import Specification


@dataclass(frozen=True)
class Forward:
    """Everything that the network computed for one utterance.

    Parameters
    ----------
    spikes : tuple of np.ndarray [shape=(frames, T, width), dtype=bool]
        s[l, t, n], one array a layer.
    membranes : tuple of np.ndarray [shape=(frames, T, width), dtype=int32]
        u[l, t, n], before the reset that the next time step applies.
    logits : np.ndarray [shape=(frames, outputs), dtype=int32]
    """

    spikes: tuple[np.ndarray, ...]
    membranes: tuple[np.ndarray, ...]
    logits: np.ndarray

    @cached_property
    def best(self) -> np.ndarray:
        """Return the arg-max of each frame, the lowest index among equals; computed once."""
        return self.logits.argmax(axis=1)


def check_codes(spec: Specification, codes: np.ndarray) -> np.ndarray:
    """Return `codes` if they are integers [frames, inputs] within the specification's range.

    Raises
    ------
    StimulusError
        Names the shape, type or range expected.
    """
    codes = np.asarray(codes)
    if codes.ndim != 2 or codes.shape[1] != spec.inputs:
        raise StimulusError(f"codes: shape {codes.shape}, expected (frames, {spec.inputs})")
    if not np.issubdtype(codes.dtype, np.integer):
        raise StimulusError(f"codes: dtype {codes.dtype}, expected integers")
    low, high = spec.code_range
    if codes.size and (codes.min() < low or codes.max() > high):
        raise StimulusError(f"codes: values {codes.min()}..{codes.max()}, expected {low}..{high}")
    return codes


class ForwardStream:
    """One utterance in pieces of any length: what comes out, laid end to end, is what `forward` gives for the whole.

    Memory: that of a piece.

    Parameters
    ----------
    checkpoint : Checkpoint

    Attributes
    ----------
    last_spikes : tuple of np.ndarray [shape=(T, width), dtype=bool]
        Of the last frame so far, one array a layer; no spikes before the first.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self._states = [_LayerState(checkpoint, layer, 1) for layer in range(len(checkpoint.specification.layers))]

    @property
    def last_spikes(self) -> tuple[np.ndarray, ...]:
        """Return the last frame's spikes, copied."""
        return tuple(state.spike[0].copy() for state in self._states)

    def push(self, codes: np.ndarray) -> Forward:
        """Run the next frames.

        Parameters
        ----------
        codes : np.ndarray [shape=(frames, inputs), dtype=integer]
            Any number of frames, none included.

        Raises
        ------
        StimulusError
            Codes of the wrong shape, type or range; the state is as it was.
        """
        checked = check_codes(self._checkpoint.specification, codes)
        return _run(self._checkpoint, [checked], self._states)[0]


def forward(checkpoint: Checkpoint, codes: np.ndarray) -> Forward:
    """Run one utterance.

    Parameters
    ----------
    checkpoint : Checkpoint
    codes : np.ndarray [shape=(frames, inputs), dtype=integer]

    Returns
    -------
    Forward

    Raises
    ------
    StimulusError
        Codes of the wrong shape, type or range.
    """
    return ForwardStream(checkpoint).push(codes)


def forward_batch(checkpoint: Checkpoint, utterances: Sequence[np.ndarray]) -> list[Forward]:
    """Run utterances of different lengths together; each comes out as if it had run alone.

    Parameters
    ----------
    checkpoint : Checkpoint
    utterances : sequence of np.ndarray [shape=(frames_i, inputs), dtype=integer]

    Returns
    -------
    list of Forward
        In the order given.

    Raises
    ------
    StimulusError
        Codes of the wrong shape, type or range.
    """
    spec = checkpoint.specification
    checked = [check_codes(spec, codes) for codes in utterances]
    if not checked:
        return []
    # Longest first: at frame n the utterances still running are a prefix, so no padded frame is ever computed.
    order = sorted(range(len(checked)), key=lambda which: -len(checked[which]))
    states = [_LayerState(checkpoint, layer, len(order)) for layer in range(len(spec.layers))]
    results: list[Forward | None] = [None] * len(checked)
    for which, result in zip(order, _run(checkpoint, [checked[which] for which in order], states), strict=True):
        results[which] = result
    return [result for result in results if result is not None]


class _LayerState:
    """What a layer remembers of each utterance: membranes [utterances, width], spikes [utterances, T, width]."""

    def __init__(self, checkpoint: Checkpoint, layer: int, utterances: int) -> None:
        spec = checkpoint.specification
        width = spec.layers[layer]
        bound = max(map(abs, spec.accumulator_range(layer)))
        shift = max(spec.input_shifts[layer], spec.recurrent_shifts[layer])
        # What a membrane and its input current can sum up to before the clip.
        reach = (bound << shift) + (1 << (spec.membrane_bits[layer] - 1))
        wide: type = np.int64 if reach >= 1 << 31 else np.int32
        self.membrane: np.ndarray = np.zeros((utterances, width), dtype=wide)
        self.spike = np.zeros((utterances, spec.time_steps, width), dtype=bool)


def _run(checkpoint: Checkpoint, utterances: Sequence[np.ndarray], states: Sequence[_LayerState]) -> list[Forward]:
    """Run utterances, the longest first, on from `states`, which become those after their last frames."""
    spec = checkpoint.specification
    lengths = np.array([len(codes) for codes in utterances])
    starts = np.concatenate([[0], np.cumsum(lengths)])
    flat = np.concatenate(list(utterances)).astype(np.int32)
    # inputs[t]: what layer l sees in time step t, all frames of all utterances in one matrix.
    inputs = [flat] * spec.time_steps
    spikes, membranes = [], []
    for layer in range(len(spec.layers)):
        fired, held = _layer(checkpoint, layer, inputs, lengths, starts, states[layer])
        spikes.append(fired)
        membranes.append(held)
        inputs = [fired[:, step] for step in range(spec.time_steps)]
    merged = spikes[-1].sum(axis=1, dtype=np.int32)
    logits = _product(merged, checkpoint.fc, max(map(abs, spec.logit_range)))
    parts = [slice(starts[rank], starts[rank + 1]) for rank in range(len(lengths))]
    return [
        Forward(tuple(fired[part] for fired in spikes), tuple(held[part] for held in membranes), logits[part])
        for part in parts
    ]


def _layer(
    checkpoint: Checkpoint,
    layer: int,
    inputs: list[np.ndarray],
    lengths: np.ndarray,
    starts: np.ndarray,
    state: _LayerState,
) -> tuple[np.ndarray, np.ndarray]:
    """Run one layer over all frames; return spikes and membranes [all frames, T, width]."""
    spec = checkpoint.specification
    steps, width, frames = spec.time_steps, spec.layers[layer], int(lengths[0])
    bound = max(map(abs, spec.accumulator_range(layer)))
    shift = spec.input_shifts[layer]
    membrane, spike = state.membrane, state.spike
    wide = membrane.dtype
    # In layer 0 both time steps see the same codes, so the product is computed once.
    feeds: list[np.ndarray] = []
    for step in range(steps):
        if step and inputs[step] is inputs[0]:
            feeds.append(feeds[0])
        else:
            product: np.ndarray = _product(inputs[step], checkpoint.feed_forward[layer], bound).astype(wide)
            feeds.append(np.left_shift(product, shift))
    fed_back = checkpoint.recurrent[layer]
    dtype = _product_dtype(bound)
    recurrent: np.ndarray | None = None if fed_back is None else fed_back.astype(dtype)
    low, high = -(1 << (spec.membrane_bits[layer] - 1)), (1 << (spec.membrane_bits[layer] - 1)) - 1
    all_spikes = np.zeros((int(starts[-1]), steps, width), dtype=bool)
    all_membranes = np.zeros((int(starts[-1]), steps, width), dtype=np.int32)
    for frame in range(frames):
        running = int(np.searchsorted(-lengths, -frame, side="left"))
        rows = starts[:running] + frame
        drive = None
        if recurrent is not None:
            drive = (spike[:running].astype(dtype) @ recurrent).astype(wide) << spec.recurrent_shifts[layer]
        u, s = membrane[:running], spike[:running, -1]
        for step in range(steps):
            current = feeds[step][rows]
            if drive is not None:
                current = current + drive[:, step]
            v = np.where(s, 0, u - (u >> spec.leaks[layer]))
            u = np.clip(v + current, low, high)
            s = u >= spec.thresholds[layer]
            all_membranes[rows, step] = u
            spike[:running, step] = s
        membrane[:running] = u
        all_spikes[rows] = spike[:running]
    return all_spikes, all_membranes


def _product_dtype(bound: int) -> type:
    return np.float32 if bound < 1 << 24 else np.float64


def _product(left: np.ndarray, weights: np.ndarray, bound: int) -> np.ndarray:
    """Return the exact integer product [rows, outputs]; `bound` limits every partial sum's magnitude."""
    dtype = _product_dtype(bound)
    product: np.ndarray = left.astype(dtype) @ weights.astype(dtype)
    return product.astype(np.int64 if bound >= 1 << 30 else np.int32)
