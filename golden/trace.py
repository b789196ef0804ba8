"""The cycle-accurate model: the value of every register and port of the accelerator at every clock cycle.

Written from docs/schedule.md (ours) and independent of the RTL, with which co-simulation compares it. This
module frames it for Python; `golden.trace_kernel` holds the cycle itself.
"""

from __future__ import annotations

import numpy as np

from golden.checkpoint import Checkpoint
from golden.cycles import phase_names
from golden.errors import StimulusError
from golden.layout import build_layout
from golden.machine import build_machine
from golden.schedule import Kind, State, build_schedule
from golden.trace_drive import drive
from golden.trace_kernel import run

# Columns of a label.
PHASE, PASS, INDEX, DONE_PASS, DONE_INDEX = range(5)


class CycleModel:
    """An accelerator that remembers its state from frame to frame, driven as fast as it takes codes.

    The driver gives a frame's codes in `inputs` cycles on end, `start` in the next, and the following frame's
    first code in the first idle cycle (the one with ``done``). ``logits_ready`` is 1 unless told otherwise. Each record
    holds the values *during* a cycle, so those of one frame follow on those of the frame before.

    Parameters
    ----------
    checkpoint : Checkpoint

    Attributes
    ----------
    layout : golden.layout.Layout
    schedule : golden.schedule.Schedule
    phases : tuple of str
        What column `PHASE` of a label counts.
    labels : np.ndarray [shape=(cycles, 5), dtype=int32]
        Of the last call, one row a cycle: phase; pass and index at ISSUE; pass and index of the operation
        whose ADD the edge before this cycle ended, which is what a difference in an accumulator, membrane or
        spike comes from. -1: none. A held cycle counts as the FC's. Overwritten by the next call.

    Notes
    -----
    After construction every register is 0 as reset leaves it. The rows that a memory last read are undefined until the
    first read; the model calls them 0, and a model of the RTL must initialise them to 0 likewise.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self.schedule = build_schedule(checkpoint.specification)
        self.layout = build_layout(checkpoint.specification)
        self.phases = phase_names(checkpoint.specification)
        self.labels = np.zeros((0, 5), dtype=np.int32)
        self._machine = build_machine(checkpoint)
        self._labels = np.zeros((self.schedule.worst_cycles, 5), dtype=np.int32)

    def buffer(self) -> np.ndarray:
        """Return an array that holds the records of any frame, to be given to `frame` again and again.

        Returns
        -------
        np.ndarray [shape=(worst frame's cycles, layout.words), dtype=uint64]
        """
        return np.zeros((self.schedule.worst_cycles, self.layout.words), dtype=np.uint64)

    def frame(
        self,
        codes: np.ndarray,
        *,
        first: bool = False,
        out: np.ndarray | None = None,
        ready: np.ndarray | None = None,
    ) -> np.ndarray:
        """Run one frame, from the cycle of its first code to that in which its last word leaves.

        Parameters
        ----------
        codes : np.ndarray [shape=(inputs,), dtype=integer]
        first : bool
            The frame begins an utterance: spikes and membranes start from 0.
        out : np.ndarray, optional
            As `buffer` returns; the records are written there, at several times the speed.
        ready : np.ndarray [shape=(any,), dtype=bool], optional
            ``logits_ready`` from the cycle of the frame's first code on; 1 beyond its end. A frame that waits for it
            takes longer than any other: without `out`, room is made.

        Returns
        -------
        np.ndarray [shape=(cycles, layout.words), dtype=uint64]
            The first rows of `out`, or an array of its own.

        Raises
        ------
        StimulusError
            Codes of the wrong shape, type or range, a `ready` that is none, or an `out` that cannot hold the worst
            frame and every cycle in which `ready` is 0.
        """
        given = self._checked(codes)
        taken = np.ones(0, dtype=np.bool_) if ready is None else np.asarray(ready)
        if taken.ndim != 1 or taken.dtype != np.bool_:
            raise StimulusError(f"ready: {taken.dtype} {taken.shape}, expected bool (cycles,)")
        shape = (self.schedule.worst_cycles + int(np.count_nonzero(~taken)), self.layout.words)
        records = np.empty(shape, np.uint64) if out is None else out
        if len(self._labels) < len(records):
            self._labels = np.zeros((len(records), 5), dtype=np.int32)
        if records.dtype != np.uint64 or records.ndim != 2 or not records.flags.c_contiguous:
            raise StimulusError(f"out: {records.dtype} {records.shape}, expected contiguous uint64 {shape}")
        if records.shape[0] < shape[0] or records.shape[1] != shape[1]:
            raise StimulusError(f"out: shape {records.shape}, expected at least {shape}")
        cycles = run(self._machine, given, True, bool(first), taken, records, self._labels)
        assert self._machine.registers["state"][0] == State.IDLE, (
            "a frame went on beyond the worst frame's cycles"
        )
        self.labels = self._labels[:cycles]
        return records[:cycles] if out is not None else records[:cycles].copy()

    def idle(self, cycles: int) -> np.ndarray:
        """Return the records of further cycles without stimulus; ``done`` is 1 only right after a frame.

        Returns
        -------
        np.ndarray [shape=(cycles, layout.words), dtype=uint64]
        """
        records = np.empty((cycles, self.layout.words), dtype=np.uint64)
        self.labels = np.empty((cycles, 5), dtype=np.int32)
        run(self._machine, np.empty(0, dtype=np.int64), False, False, np.ones(0, np.bool_), records, self.labels)
        return records

    def drive(
        self,
        *,
        code_valid: np.ndarray,
        codes: np.ndarray,
        start: np.ndarray,
        first: np.ndarray,
        ready: np.ndarray,
    ) -> np.ndarray:
        """Run cycles under any stimulus: codes with gaps or where none is taken, ``start`` where it is ignored.

        Parameters
        ----------
        code_valid, start, first, ready : np.ndarray [shape=(cycles,), dtype=bool]
            ``ready`` is ``logits_ready``.
        codes : np.ndarray [shape=(cycles,), dtype=integer]
            Within the range of codes; in cycles without ``code_valid`` of no consequence.

        Returns
        -------
        np.ndarray [shape=(cycles, layout.words), dtype=uint64]

        Raises
        ------
        StimulusError
            Arrays of other shapes or types, codes out of range.
        """
        flags = {"code_valid": code_valid, "start": start, "first": first, "ready": ready}
        cycles = len(codes)
        for name, array in flags.items():
            if array.shape != (cycles,) or array.dtype != np.bool_:
                raise StimulusError(f"{name}: {array.dtype} {array.shape}, expected bool ({cycles},)")
        low, high = self.checkpoint.specification.code_range
        if codes.shape != (cycles,) or not np.issubdtype(codes.dtype, np.integer):
            raise StimulusError(f"codes: {codes.dtype} {codes.shape}, expected integers ({cycles},)")
        if cycles and not low <= int(codes.min()) <= int(codes.max()) <= high:
            raise StimulusError(f"codes: values {codes.min()}..{codes.max()}, expected {low}..{high}")
        records = np.empty((cycles, self.layout.words), dtype=np.uint64)
        self.labels = np.empty((cycles, 5), dtype=np.int32)
        drive(self._machine, code_valid, codes.astype(np.int64), start, first, ready, records, self.labels)
        return records

    def describe(self, cycle: int, labels: np.ndarray | None = None) -> str:
        """Say what cycle `cycle` of the last call (or of a copy of its `labels`) was doing, for a mismatch report.

        Examples
        --------
        ``"L1 recurrent row 57 (just added: L1 recurrent row 54)"``
        """
        label = (self.labels if labels is None else labels)[cycle]
        text = self.phases[label[PHASE]]
        if label[PASS] >= 0:
            text = self._operation(label[PASS], label[INDEX])
        elif label[INDEX] >= 0:
            text += f", code {label[INDEX]}"
        if label[DONE_PASS] >= 0:
            text += f" (just done: {self._operation(label[DONE_PASS], label[DONE_INDEX])})"
        return text

    def _operation(self, which: int, index: int) -> str:
        spec, step = self.checkpoint.specification, self.schedule.passes[which]
        text = step.phase
        if step.phase == "FC" and spec.group_pairs > 1:
            text += f" {'pair' if spec.pe_sets == 2 else 'group'} {step.group_pair}"
        elif step.phase != "FC" and spec.tiles(step.layer) > 1:
            text += f" tile {step.tile}"
        if step.phase == "L0 input":
            high = self.schedule.low_planes + step.plane
            text += f" planes {high}, {step.plane}" if spec.pe_sets == 2 else f" plane {step.plane}"
        if index >= 0:
            return f"{text} row {index}"
        return f"{text}, no row" if step.kind is Kind.ACCUMULATE else text

    def _checked(self, codes: np.ndarray) -> np.ndarray:
        spec = self.checkpoint.specification
        given = np.asarray(codes)
        if given.shape != (spec.inputs,) or not np.issubdtype(given.dtype, np.integer):
            raise StimulusError(f"codes: {given.dtype} {given.shape}, expected integers ({spec.inputs},)")
        low, high = spec.code_range
        if given.min() < low or given.max() > high:
            raise StimulusError(f"codes: values {given.min()}..{given.max()}, expected {low}..{high}")
        return given.astype(np.int64)
