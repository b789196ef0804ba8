"""Activity that a trace predicts: toggles, clocked flip-flops, memory accesses and additions of every block.

Counted from packed records alone (`golden.layout`), so that it says of the model what co-simulation counts of the
RTL's signals. Which event clocks a gated register is docs/schedule.md's ("What each register does"). Everything is
*ours*; the paper gives no activity.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from golden.compiled import compiled, structured
from golden.errors import StimulusError
from golden.layout import FREE, GATED, MEMORY_ROW, PORT, build_layout
from golden.schedule import Kind, State, build_schedule
from golden.specification import Specification

COLUMNS = (
    *("block", "signal", "kind", "bits", "clock", "toggles", "clocked_bits", "reads", "writes", "operations"),
    "depth",
)

# A row of the table: what does not apply to its kind is None.
Row = dict[str, str | int | None]

IDLE, RUN = int(State.IDLE), int(State.RUN)
ACCUMULATE, COMBINE, NEURONS = int(Kind.ACCUMULATE), int(Kind.COMBINE), int(Kind.NEURONS)

# Fields whose values say which registers are clocked.
_NUMBERS = {
    name: f"controller.{name}"
    for name in ("state", "issue_pass", "add_valid", "add_pass", "add_slot", "add_enable", "transfer", "loaded")
} | {"busy": "output.busy", "position": "output.position", "word": "output.word", "read": "weight_buffer.read"}
_GATED = {
    "codes": "input_buffer.codes",
    "pending": "zero_skip.pending",
    "index": "zero_skip.index",
    "acc0": "pe_array.acc0",
    "acc1": "pe_array.acc1",
    "shadow0": "output.shadow0",
    "shadow1": "output.shadow1",
    "loaded": "controller.loaded",
    "position": "output.position",
    "word": "output.word",
    "best": "output.best",
    "best_index": "output.best_index",
}


@compiled
def ones(word: Any) -> Any:
    """Return the number of ones of a 64-bit word."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@compiled
def added_lanes(record: Any, at: Any, plane_words: Any, size: Any) -> Any:
    """Return the lanes that an enabled set adds: those whose weight in the row at word `at` is not 0, or all."""
    if size.zero_weight_gating == 0:
        return size.lanes
    lanes = 0
    for word in range(plane_words):
        nonzero = np.uint64(0)
        for plane in range(size.weight_bits):
            nonzero |= record[at + plane * plane_words + word]
        lanes += ones(nonzero)
    return lanes


@compiled
def count_toggles(record: Any, before: Any, starts: Any, toggles: Any) -> None:
    """Add each field's bits that differ between two records."""
    for field in range(len(starts) - 1):
        changed = 0
        for word in range(starts[field], starts[field + 1]):
            changed += ones(record[word] ^ before[word])
        toggles[field] += changed


@compiled
def count_clocked(record: Any, hold: Any, tables: Any, clocked: Any, operations: Any) -> None:
    """Add the bits that the edge after this record clocks in gated registers, and the additions before it."""
    sizes, passes, number, gated, layers, bits = tables
    size, at, field = sizes[0], number[0], gated[0]
    if record[at.state] == RUN and not hold and passes[record[at.issue_pass]].kind == ACCUMULATE:
        clocked[field.pending] += bits[field.pending]
        clocked[field.index] += bits[field.index]
    lane_words = (size.lanes + 63) // 64
    for word in range(lane_words):
        clocked[field.acc0] += ones(record[size.clocked0 + word]) * size.accumulator_bits
        if size.pe_sets == 2:
            clocked[field.acc1] += ones(record[size.clocked1 + word]) * size.accumulator_bits
    if record[at.busy] == 1:
        clocked[field.best] += bits[field.best]
        clocked[field.best_index] += bits[field.best_index]
        clocked[field.position] += bits[field.position]
        if record[at.word] != size.frame_words - 1:
            clocked[field.word] += bits[field.word]
    if hold:
        return
    if record[at.transfer] == 1:
        clocked[field.shadow0] += bits[field.shadow0]
        if size.pe_sets == 2:
            clocked[field.shadow1] += bits[field.shadow1]
    if record[at.add_valid] == 0:
        return
    step, slot = passes[record[at.add_pass]], np.int64(record[at.add_slot])
    if step.kind == NEURONS and slot < size.neuron_steps:
        it = layers[step.layer]
        neurons = min(size.lanes, it.width - step.tile * size.lanes)
        clocked[it.membrane + step.tile] += bits[it.membrane + step.tile]
        clocked[it.this + step.time_step + slot] += neurons
        operations[size.pe_sets + step.layer] += 2 * size.lanes
    elif step.kind == COMBINE:
        for pe_set in range(size.time_steps):
            operations[pe_set] += size.lanes
    elif step.kind == ACCUMULATE:
        for pe_set in range(size.pe_sets):
            if (np.int64(record[at.add_enable]) >> pe_set) & 1 == 1:
                row = size.row1 if pe_set == 1 or step.shares_row == 1 else size.row0
                operations[pe_set] += added_lanes(record, row, lane_words, size)


@compiled
def count(records: Any, phases: Any, before: Any, before_phase: Any, tables: Any, totals: Any) -> None:
    """Add up `records`; `before` is the record before the first (`before_phase` -1: there is none)."""
    sizes, _, number, gated, layers, bits = tables
    cycles, toggles, clocked, reads, operations, starts = totals
    size, at = sizes[0], number[0]
    for cycle in range(len(records)):
        record, phase = records[cycle], phases[cycle]
        cycles[phase] += 1
        if before_phase >= 0:
            count_toggles(record, before, starts, toggles[phase])
            # The stimulus is not in the record: what it did shows one cycle later.
            if before[at.state] == IDLE and record[at.state] == RUN:
                for layer in range(len(layers)):
                    it = layers[layer]
                    for which in range(it.last, it.last + size.time_steps):
                        clocked[before_phase, which] += it.width
                clocked[before_phase, gated[0].loaded] += bits[gated[0].loaded]
                clocked[before_phase, gated[0].word] += bits[gated[0].word]
            elif before[at.state] == IDLE and record[at.loaded] != before[at.loaded]:
                # One clock gate for all codes, of which one is written.
                clocked[before_phase, gated[0].codes] += bits[gated[0].codes]
                clocked[before_phase, gated[0].loaded] += bits[gated[0].loaded]
        last_word = record[at.position] == size.pair_words - 1 or record[at.word] == size.frame_words - 1
        hold = record[at.transfer] == 1 and record[at.busy] == 1 and not last_word
        for bank in range(2):
            reads[phase, bank] += np.int64((record[at.read] >> np.uint64(bank)) & np.uint64(1))
        count_clocked(record, hold, tables, clocked[phase], operations[phase])
        before[:] = record
        before_phase = phase


class ActivityCounter:
    """Accumulate the activity of records that follow on each other, by phase where phases are given.

    Parameters
    ----------
    spec : Specification
    phases : sequence of str
        Names of the phases; with none given, all cycles are of one.

    Attributes
    ----------
    cycles : np.ndarray [shape=(phases,), dtype=int64]

    Notes
    -----
    ``logits_ready`` is taken to be 1 in every cycle. The clear of the membranes at the start of an utterance is not
    counted: it is one edge in hundreds of frames, like a reset's.

    Examples
    --------
    >>> counter = ActivityCounter(model.checkpoint.specification, phases=model.phases)     # doctest: +SKIP
    >>> counter.add(model.frame(codes, first=True), phases=model.labels[:, PHASE])         # doctest: +SKIP
    """

    def __init__(self, spec: Specification, *, phases: Sequence[str] = ("frame",)) -> None:
        self.specification, self.phases = spec, tuple(phases)
        self._layout, self._schedule = build_layout(spec), build_schedule(spec)
        fields, kinds = len(self._layout.fields), len(self.phases)
        self.cycles = np.zeros(kinds, dtype=np.int64)
        self._toggles, self._clocked = (np.zeros((kinds, fields), dtype=np.int64) for _ in range(2))
        self._reads = np.zeros((kinds, 2), dtype=np.int64)
        self._operations = np.zeros((kinds, spec.pe_sets + len(spec.layers)), dtype=np.int64)
        self._starts = np.array([field.offset for field in self._layout] + [self._layout.words])
        self._before = np.zeros(self._layout.words, dtype=np.uint64)
        self._before_phase = -1
        self._tables = self._build_tables()

    def settle(self, record: np.ndarray) -> None:
        """Take `record` [shape=(layout.words,)] as the state before the first that counts, itself not counted."""
        self._before[:] = record
        self._before_phase = 0

    def add(self, records: np.ndarray, *, phases: np.ndarray | None = None) -> None:
        """Count records that follow on those of the call before, or on `settle`'s; else the first has no toggles.

        Parameters
        ----------
        records : np.ndarray [shape=(cycles, layout.words), dtype=uint64]
        phases : np.ndarray [shape=(cycles,), dtype=integer], optional
            Phase of each, an index into `phases` of the constructor; default 0.

        Raises
        ------
        StimulusError
            Records or phases of the wrong shape, type or range.
        """
        words = self._layout.words
        if records.ndim != 2 or records.shape[1] != words or records.dtype != np.uint64:
            raise StimulusError(f"records: {records.dtype} {records.shape}, expected uint64 (cycles, {words})")
        which = np.zeros(len(records), dtype=np.int64) if phases is None else np.asarray(phases, dtype=np.int64)
        if which.shape != (len(records),):
            raise StimulusError(f"phases: shape {which.shape}, expected ({len(records)},)")
        if not len(which):
            return
        if which.min() < 0 or which.max() >= len(self.phases):
            raise StimulusError(f"phases: {which.min()}..{which.max()}, expected 0..{len(self.phases) - 1}")
        totals = (self.cycles, self._toggles, self._clocked, self._reads, self._operations, self._starts)
        count(np.ascontiguousarray(records), which, self._before, self._before_phase, self._tables, totals)
        self._before_phase = int(which[-1])

    def rows(self, phase: str | None = None) -> list[Row]:
        """Return the activity table, of one phase or of all.

        Returns
        -------
        list of dict
            Keys `COLUMNS`. Registers and ports first in the layout's order, then memories, then adders.

        Raises
        ------
        ValueError
            An unknown phase.
        """
        if phase is not None and phase not in self.phases:
            raise ValueError(f"phase {phase!r}, expected one of {', '.join(self.phases)}")
        chosen = slice(None) if phase is None else [self.phases.index(phase)]
        cycles, spec = int(self.cycles[chosen].sum()), self.specification
        toggles, clocked = self._toggles[chosen].sum(axis=0), self._clocked[chosen].sum(axis=0)
        reads, operations = self._reads[chosen].sum(axis=0), self._operations[chosen].sum(axis=0)
        rows = []
        for which, field in enumerate(self._layout):
            row = _row(field.block, field.name, "register", field.bits) | {"toggles": int(toggles[which])}
            if field.clock in (PORT, MEMORY_ROW):
                row["kind"] = "port"
            else:
                row["clock"] = field.clock
                row["clocked_bits"] = field.bits * cycles if field.clock == FREE else int(clocked[which])
            rows.append(row)
        for bank, depth in enumerate(self._schedule.bank_depths):
            rows.append(
                _row("weight_buffer", f"bank{bank}", "memory", spec.row_bits)
                | {"reads": int(reads[bank]), "writes": 0, "depth": depth}
            )
        adders = [("pe_array", pe_set, spec.accumulator_bits) for pe_set in range(spec.pe_sets)]
        adders += [("neuron_unit", layer, bits) for layer, bits in enumerate(spec.membrane_bits)]
        for (block, number, bits), done in zip(adders, operations, strict=True):
            rows.append(_row(block, f"add{number}", "adder", bits) | {"operations": int(done)})
        return rows

    def _build_tables(self) -> tuple[np.ndarray, ...]:
        spec, layout, schedule = self.specification, self._layout, self._schedule
        at = {field.path: which for which, field in enumerate(layout)}
        offsets = {field.path: field.offset for field in layout}
        sizes = {
            "lanes": spec.lanes,
            "pe_sets": spec.pe_sets,
            "weight_bits": spec.weight_bits,
            "accumulator_bits": spec.accumulator_bits,
            "time_steps": spec.time_steps,
            "neuron_steps": schedule.neuron_steps,
            "zero_weight_gating": int(spec.zero_weight_gating),
            "pair_words": schedule.pair_words,
            "frame_words": schedule.frame_words,
            "clocked0": layout["pe_array.clocked0"].offset,
            # What only a second PE set has is nowhere without it, and is never looked for.
            "clocked1": offsets.get("pe_array.clocked1", -1),
            "row0": layout["weight_buffer.row0"].offset,
            "row1": layout["weight_buffer.row1"].offset,
        }
        passes = [
            {name: int(getattr(step, name)) for name in ("kind", "layer", "tile", "time_step", "shares_row")}
            for step in schedule.passes
        ]
        layers = [
            {
                "width": width,
                "membrane": at[f"neuron_unit.membrane{layer}_0"],
                "this": at[f"spikes.this{layer}_0"],
                "last": at[f"spikes.last{layer}_0"],
            }
            for layer, width in enumerate(spec.layers)
        ]
        return (
            structured([sizes]),
            structured(passes),
            structured([{name: layout[path].offset for name, path in _NUMBERS.items()}]),
            structured([{name: at.get(path, -1) for name, path in _GATED.items()}]),
            structured(layers),
            np.array([field.bits if field.clock == GATED else 0 for field in layout], dtype=np.int64),
        )


def count_activity(spec: Specification, records: np.ndarray, previous: np.ndarray | None = None) -> list[Row]:
    """Return the activity table of consecutive records.

    Parameters
    ----------
    spec : Specification
    records : np.ndarray [shape=(cycles, layout.words), dtype=uint64]
    previous : np.ndarray [shape=(layout.words,), dtype=uint64], optional
        The record before the first, itself not counted; without it the first has no toggles.

    Raises
    ------
    StimulusError
        Records of the wrong shape or type.
    """
    counter = ActivityCounter(spec)
    if previous is not None:
        counter.settle(previous)
    counter.add(records)
    return counter.rows()


def _row(block: str, signal: str, kind: str, bits: int) -> Row:
    return dict.fromkeys(COLUMNS) | {"block": block, "signal": signal, "kind": kind, "bits": bits}
