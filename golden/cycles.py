"""Cycles, row reads, additions and multiply-accumulates of a frame, counted from its spikes without a trace.

The cycles are those of docs/schedule.md (ours). Multiply-accumulates are counted as the paper's own
arithmetic does (*reconstructed*): a set input bit costs the width of the first layer, a spike the width of
what it feeds, an index of the merged spike the outputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from golden.checkpoint import Checkpoint
from golden.errors import StimulusError
from golden.forward import check_codes
from golden.memory_image import memory_image
from golden.schedule import Kind, Pass, Schedule, Source, build_schedule
from golden.specification import Specification

LOAD_PHASE, FLUSH_PHASE, IDLE_PHASE = "load and start", "last logits", "idle"


def phase_names(spec: Specification) -> tuple[str, ...]:
    """Return the phases of a frame in their order, and ``"idle"``, the cycles between frames."""
    named = dict.fromkeys(step.phase for step in build_schedule(spec).passes)
    return (LOAD_PHASE, *named, FLUSH_PHASE, IDLE_PHASE)


@dataclass(frozen=True, kw_only=True)
class FrameCounts:
    """What each frame of an utterance, or of several on end, costs.

    Parameters
    ----------
    phases : tuple of str
        Columns of `phase_cycles`, "idle" left out.
    phase_cycles : np.ndarray [shape=(frames, phases), dtype=int64]
        Clock cycles. The FC's include every held cycle.
    rows : np.ndarray [shape=(frames, 2), dtype=int64]
        Rows read from bank 0 and bank 1.
    additions : np.ndarray [shape=(frames, PE sets), dtype=int64]
        Weights added in the lanes of each PE set: those that are not 0, or with zero-weight gating off all
        lanes of an enabled set.
    macs : np.ndarray [shape=(frames,), dtype=int64]
        Multiply-accumulates by the paper's count, the FC's zero weights left out. With one PE set and two time steps
        the input's are done twice, and count twice.
    dense_macs : np.ndarray [shape=(frames,), dtype=int64]
        The same with the FC's zero weights counted.
    """

    phases: tuple[str, ...]
    phase_cycles: np.ndarray
    rows: np.ndarray
    additions: np.ndarray
    macs: np.ndarray
    dense_macs: np.ndarray

    @cached_property
    def cycles(self) -> np.ndarray:
        """Clock cycles of each frame, loading included [shape=(frames,), dtype=int64]; computed once."""
        return self.phase_cycles.sum(axis=1)


def count_frames(
    checkpoint: Checkpoint,
    codes: np.ndarray,
    spikes: Sequence[np.ndarray],
    *,
    before: Sequence[np.ndarray] | None = None,
) -> FrameCounts:
    """Count one utterance from its first frame, or a piece of one.

    Parameters
    ----------
    checkpoint : Checkpoint
    codes : np.ndarray [shape=(frames, inputs), dtype=integer]
    spikes : sequence of np.ndarray [shape=(frames, T, width), dtype=bool]
        ``Forward.spikes`` of these codes, one array a layer.
    before : sequence of np.ndarray [shape=(T, width), dtype=bool], optional
        Spikes of the frame before the first (``ForwardStream.last_spikes``); none where an utterance begins.

    Returns
    -------
    FrameCounts

    Raises
    ------
    StimulusError
        Codes that the specification refuses, or spikes that are not of its shape.
    """
    spec = checkpoint.specification
    schedule, codes = build_schedule(spec), check_codes(spec, codes)
    frames = len(codes)
    _check_spikes(spec, frames, spikes)
    last = [_last(layer, None if before is None else before[which]) for which, layer in enumerate(spikes)]
    phases = phase_names(spec)[:-1]
    phase_cycles = np.zeros((frames, len(phases)), dtype=np.int64)
    phase_cycles[:, 0] = spec.inputs + 1
    phase_cycles[:, -1] = 3 + schedule.words_of_pair(spec.group_pairs - 1)
    rows, additions = (np.zeros((frames, count), dtype=np.int64) for count in (2, spec.pe_sets))
    row_weights = _added_lanes(checkpoint)
    pair_slots = np.zeros((frames, spec.group_pairs), dtype=np.int64)
    for step in schedule.passes:
        column = phases.index(step.phase)
        if step.kind is not Kind.ACCUMULATE:
            phase_cycles[:, column] += 1 if step.kind is Kind.COMBINE else schedule.neuron_slots
            continue
        v0, v1 = _vectors(schedule, step, codes, spikes, last)
        union = v0 | v1
        visits = union.sum(axis=1) if spec.zero_skipping else np.full(frames, step.entries)
        slots = np.maximum(visits, 1)
        if step.phase == "FC":
            pair_slots[:, step.group_pair] += slots
        else:
            phase_cycles[:, column] += slots
        for bank in range(2):
            rows[:, bank] += visits * (step.banks >> bank & 1)
        for k in range(spec.pe_sets):
            if step.sets >> k & 1:
                enabled = union if step.phase == "FC" or spec.pe_sets == 1 else (v0, v1)[k]
                bank = 1 if step.shares_row else k
                additions[:, k] += enabled @ row_weights[bank][step.base : step.base + step.entries]
    # A pair's transfer waits for the words of the pair before it.
    words = np.array([schedule.words_of_pair(pair) for pair in range(spec.group_pairs)])
    fc_cycles = pair_slots[:, 0] + np.maximum(pair_slots[:, 1:], words[:-1]).sum(axis=1)
    phase_cycles[:, phases.index("FC")] = fc_cycles
    macs, dense_macs = _macs(checkpoint, codes, spikes, last)
    return FrameCounts(
        phases=phases,
        phase_cycles=phase_cycles,
        rows=rows,
        additions=additions,
        macs=macs,
        dense_macs=dense_macs,
    )


def join_counts(parts: Sequence[FrameCounts]) -> FrameCounts:
    """Return the counts of several utterances of one specification, one after the other.

    Raises
    ------
    ValueError
        No parts.
    """
    if not parts:
        raise ValueError("join_counts: no utterances, expected at least one")
    arrays = ("phase_cycles", "rows", "additions", "macs", "dense_macs")
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in arrays}
    return FrameCounts(phases=parts[0].phases, **joined)


def mmac_per_second(spec: Specification, macs: np.ndarray) -> float:
    """Return the mean work of frames in MMAC/s, the paper's unit of complexity.

    Parameters
    ----------
    spec : Specification
        Gives the frame period.
    macs : np.ndarray [shape=(frames,)]
        ``FrameCounts.macs`` or ``FrameCounts.dense_macs``.
    """
    return float(np.mean(macs)) / spec.frame_period_s / 1e6


def _check_spikes(spec: Specification, frames: int, spikes: Sequence[np.ndarray]) -> None:
    wanted = [(frames, spec.time_steps, width) for width in spec.layers]
    given = [np.shape(layer) for layer in spikes]
    if given != wanted or any(layer.dtype != bool for layer in spikes):
        raise StimulusError(f"spikes: shapes {given}, expected booleans of {wanted}")


def _added_lanes(checkpoint: Checkpoint) -> tuple[np.ndarray, np.ndarray]:
    """Return for every row of both banks the lanes that an enabled set adds."""
    spec = checkpoint.specification
    banks = memory_image(checkpoint)
    if not spec.zero_weight_gating:
        return np.full(banks[0].depth, spec.lanes), np.full(banks[1].depth, spec.lanes)
    return np.count_nonzero(banks[0].weights, axis=1), np.count_nonzero(banks[1].weights, axis=1)


def _last(layer: np.ndarray, before: np.ndarray | None) -> np.ndarray:
    """Return the spikes of the frame before each; those before the first are `before`, or none."""
    first = np.zeros_like(layer[:1]) if before is None else before[None]
    return np.concatenate([first, layer[:-1]]) if len(layer) else layer


def _held(spec: Specification, codes: np.ndarray) -> np.ndarray:
    """Return the integers whose bits are the input planes: the codes, or their magnitudes."""
    return np.abs(codes.astype(np.int64)) if spec.plane_coding == "sign_magnitude" else codes


def _vectors(
    schedule: Schedule, step: Pass, codes: np.ndarray, spikes: Sequence[np.ndarray], last: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return v0 and v1 of a pass for every frame [frames, entries] of bool."""
    spec = schedule.specification
    if step.source is Source.CODES:
        planes = (step.plane, schedule.low_planes + step.plane)
        held = _held(spec, codes)
        low, high = ((held >> plane & 1).astype(bool) for plane in planes)
        return low, high if planes[1] < spec.input_bits else np.zeros_like(high)
    layer = (last if step.source is Source.LAST else spikes)[step.source_layer]
    none = np.zeros_like(layer[:, 0])
    taken = [layer[:, t] if t < spec.time_steps and step.steps >> t & 1 else none for t in range(2)]
    return taken[0], taken[1]


def _macs(
    checkpoint: Checkpoint, codes: np.ndarray, spikes: Sequence[np.ndarray], last: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return multiply-accumulates a frame, without and with the FC's zero weights."""
    spec = checkpoint.specification

    def count(ones: np.ndarray) -> np.ndarray:
        return (ones if spec.zero_skipping else np.ones_like(ones)).sum(axis=tuple(range(1, ones.ndim)))

    held = _held(spec, codes)
    planes = np.stack([held >> plane & 1 for plane in range(spec.input_bits)], axis=1).astype(bool)
    # Two time steps that follow each other on one PE set have no place to keep the input's sum.
    layers = count(planes) * spec.layers[0] * (spec.time_steps if spec.pe_sets == 1 else 1)
    for layer, width in enumerate(spec.layers):
        if layer:
            layers += count(spikes[layer - 1]) * width
        if spec.recurrent[layer]:
            layers += count(last[layer]) * width
    merged = spikes[-1].any(axis=1, keepdims=True) if spec.merged_spike else spikes[-1]
    if not spec.zero_skipping:
        merged = np.ones_like(merged)
    visits = merged.sum(axis=1)
    nonzero = np.count_nonzero(checkpoint.fc, axis=1)
    return layers + visits @ nonzero, layers + visits.sum(axis=1) * spec.outputs
