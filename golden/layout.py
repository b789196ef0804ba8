"""The record of one cycle: which architectural registers and ports, in which words of a packed trace.

A record is a row of little-endian 64-bit words (docs/schedule.md, "Layout of a trace"). The co-simulation engines
compare in this layout, and activity is counted in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from golden.errors import SpecificationError
from golden.schedule import build_schedule
from golden.specification import Specification, index_bits

# Bytes of the records of the worst frame, which the cycle-accurate model allocates (ours; the shipped network's: 5 MB).
MOST_FRAME_BYTES = 1 << 30
# How a field's flip-flops are clocked. A port has none; a row is the output latch of a memory.
FREE, GATED, PORT, MEMORY_ROW = "free", "gated", "port", "memory_row"


@dataclass(frozen=True, kw_only=True)
class Field:
    """One register or port of a record.

    Parameters
    ----------
    block, name : str
        Block of the accelerator, register or port in it.
    planes, width : int
        A number has one plane of `width` bits. A bit-sliced register has one plane a bit, `width` lanes wide.
    clock : str
        "free" or "gated" flip-flops, "port" (combinational) or "memory_row" (latch of a memory).
    lane_bits : int
        For the logits port, bits of one lane of the word; otherwise 0.
    offset : int
        First 64-bit word in the record.
    """

    block: str
    name: str
    planes: int
    width: int
    clock: str
    lane_bits: int = 0
    offset: int = 0

    @property
    def plane_words(self) -> int:
        """64-bit words of a plane."""
        return (self.width + 63) // 64

    @property
    def words(self) -> int:
        """64-bit words of the field."""
        return self.planes * self.plane_words

    @property
    def bits(self) -> int:
        """Bits that exist."""
        return self.planes * self.width

    @property
    def path(self) -> str:
        """``block.name``."""
        return f"{self.block}.{self.name}"

    def plane_values(self, record: np.ndarray) -> list[int]:
        """Return the field's planes as Python integers from one record (uint64 words)."""
        raw = record[self.offset : self.offset + self.words].tobytes()
        size = 8 * self.plane_words
        return [int.from_bytes(raw[at : at + size], "little") for at in range(0, len(raw), size)]

    def lanes(self, record: np.ndarray) -> np.ndarray:
        """Return a bit-sliced register's lanes (or a logits word's) as signed integers.

        Returns
        -------
        np.ndarray [shape=(width,), dtype=int64]
            For a field of one plane, its bits 0/1; for the logits port, its logits.
        """
        planes = self.plane_values(record)
        if self.lane_bits:
            mask, sign = (1 << self.lane_bits) - 1, 1 << (self.lane_bits - 1)
            lanes = [(planes[0] >> at) & mask for at in range(0, self.width, self.lane_bits)]
            return np.array([(lane ^ sign) - sign for lane in lanes], dtype=np.int64)
        bits = np.array([[(plane >> lane) & 1 for lane in range(self.width)] for plane in planes], dtype=np.int64)
        if self.planes == 1:
            return bits[0]
        weights = 1 << np.arange(self.planes, dtype=np.int64)
        weights[-1] = -weights[-1]
        return weights @ bits


@dataclass(frozen=True)
class Layout:
    """Fields of a record and its size.

    Parameters
    ----------
    fields : tuple of Field
    words : int
        64-bit words of a record.
    """

    fields: tuple[Field, ...]
    words: int

    def __getitem__(self, path: str) -> Field:
        for field in self.fields:
            if field.path == path:
                return field
        raise KeyError(path)

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)


@lru_cache(maxsize=256)
def build_layout(spec: Specification) -> Layout:
    """Return the record's layout for `spec`, every width from the specification and its schedule.

    Raises
    ------
    SpecificationError
        The records of a frame would take more than `MOST_FRAME_BYTES`.
    """
    fields, words = [], 0
    for field in _fields(spec):
        fields.append(Field(**{**vars(field), "offset": words}))
        words += field.words
    frame_bytes = 8 * words * build_schedule(spec).worst_cycles
    if frame_bytes > MOST_FRAME_BYTES:
        raise SpecificationError(
            f"specification: the records of its worst frame take {frame_bytes:,} bytes, expected at most "
            f"{MOST_FRAME_BYTES:,}: fewer neurons, outputs or inputs, or more lanes"
        )
    return Layout(tuple(fields), words)


def _fields(spec: Specification) -> Iterator[Field]:
    schedule = build_schedule(spec)
    pass_bits, slot_bits = index_bits(len(schedule.passes)), index_bits(schedule.neuron_slots)

    def number(block: str, name: str, width: int, clock: str) -> Field:
        return Field(block=block, name=name, planes=1, width=width, clock=clock)

    def sliced(block: str, name: str, planes: int, lanes: int, clock: str) -> Field:
        return Field(block=block, name=name, planes=planes, width=lanes, clock=clock)

    yield number("controller", "state", 2, FREE)
    yield number("controller", "issue_pass", pass_bits, FREE)
    yield number("controller", "issue_slot", slot_bits, FREE)
    for stage in ("read", "add"):
        yield number("controller", f"{stage}_valid", 1, FREE)
        yield number("controller", f"{stage}_pass", pass_bits, FREE)
        yield number("controller", f"{stage}_slot", slot_bits, FREE)
        if stage == "read":
            yield number("controller", "read_visit", 1, FREE)
        yield number("controller", f"{stage}_enable", spec.pe_sets, FREE)
        yield number("controller", f"{stage}_double", 1, FREE)
        yield number("controller", f"{stage}_last", 1, FREE)
    yield number("controller", "transfer", 1, FREE)
    yield number("controller", "loaded", index_bits(spec.inputs + 1), GATED)
    yield number("controller", "frame_cycles", schedule.cycle_bits, FREE)
    yield number("controller", "overrun", 1, FREE)
    yield number("controller", "done", 1, FREE)
    yield sliced("input_buffer", "codes", schedule.code_planes, spec.inputs, GATED)
    yield number("zero_skip", "pending", schedule.entries, GATED)
    yield number("zero_skip", "index", index_bits(schedule.entries), GATED)
    yield number("weight_buffer", "address", schedule.address_bits, PORT)
    yield number("weight_buffer", "read", 2, PORT)
    for bank in range(2):
        yield sliced("weight_buffer", f"row{bank}", spec.weight_bits, spec.lanes, MEMORY_ROW)
    for pe_set in range(spec.pe_sets):
        yield sliced("pe_array", f"acc{pe_set}", spec.accumulator_bits, spec.lanes, GATED)
    for pe_set in range(spec.pe_sets):
        yield number("pe_array", f"clocked{pe_set}", spec.lanes, PORT)
    for layer in range(len(spec.layers)):
        for tile in range(spec.tiles(layer)):
            yield sliced("neuron_unit", f"membrane{layer}_{tile}", spec.membrane_bits[layer], spec.lanes, GATED)
    for layer, width in enumerate(spec.layers):
        for age in ("this", "last"):
            for step in range(spec.time_steps):
                yield number("spikes", f"{age}{layer}_{step}", width, GATED)
    for pe_set in range(spec.pe_sets):
        yield sliced("output", f"shadow{pe_set}", spec.logit_bits, spec.lanes, GATED)
    yield number("output", "busy", 1, FREE)
    yield number("output", "position", index_bits(schedule.pair_words), GATED)
    yield number("output", "word", index_bits(schedule.frame_words), GATED)
    yield Field(
        block="output",
        name="logits",
        planes=1,
        width=spec.logits_per_cycle * spec.logit_bits,
        clock=PORT,
        lane_bits=spec.logit_bits,
    )
    yield number("output", "best", spec.logit_bits, GATED)
    yield number("output", "best_index", index_bits(spec.outputs), GATED)
