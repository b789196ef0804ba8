"""Reading an accelerator's signals as one list of integers a cycle, in the order of a trace's record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from golden.layout import Field, Layout, build_layout
from rtl.registers import Registers


@dataclass(frozen=True)
class Slot:
    """One signal of the RTL and where its value stands in a record.

    Parameters
    ----------
    field : Field
    part : int
        Plane of the field, or tile of a spike register.
    offset, words : int
        64-bit words of the record that hold it.
    shift, bits : int
        Where it begins in those words and how wide it is.
    """

    field: Field
    part: int
    offset: int
    words: int
    shift: int
    bits: int


class Sampler:
    """Read every architectural register and port of an accelerator between two clock edges.

    Parameters
    ----------
    registers : Registers
        The signals that the accelerator drives.
    """

    def __init__(self, registers: Registers) -> None:
        self.layout: Layout = build_layout(registers.specification)
        lanes = registers.specification.lanes
        self.slots: list[Slot] = []
        signals_read: list[Any] = []
        for field in self.layout:
            signals = registers.planes[field.path]
            tiled = field.block == "spikes"
            for part, signal in enumerate(signals):
                if tiled:
                    start = part * lanes
                    bits = min(lanes, field.width - start)
                    offset, words, shift = field.offset, field.plane_words, start
                else:
                    offset, words, shift = field.offset + part * field.plane_words, field.plane_words, 0
                    bits = field.width
                self.slots.append(Slot(field, part, offset, words, shift, bits))
                signals_read.append(signal)
        self._signals = [(signal, isinstance(signal.val, bool)) for signal in signals_read]
        # No range begins above 0: one that does not begin there has negative numbers.
        self._signed = [at for at, signal in enumerate(signals_read) if signal.min]

    def read(self) -> list[int]:
        """Return the settled value of each slot, unsigned."""
        # MyHDL keeps a signal's value in `_val`, an intbv's integer in its `_val`: reading both directly takes a
        # fifth of the time of the public conversions, and this runs for every signal at every cycle.
        values = [signal._val if is_bool else signal._val._val for signal, is_bool in self._signals]
        for at in self._signed:
            values[at] &= (1 << self.slots[at].bits) - 1
        return values

    def expected(self, records: np.ndarray) -> list[list[int]]:
        """Return records [cycles, words] as the lists that `read` would return."""
        columns: list[list[int]] = []
        for slot in self.slots:
            low = records[:, slot.offset].tolist()
            for word in range(1, slot.words):
                high = records[:, slot.offset + word].tolist()
                place = 64 * word
                low = [value + (above << place) for value, above in zip(low, high, strict=True)]
            if slot.bits != slot.field.width:
                mask = (1 << slot.bits) - 1
                low = [(value >> slot.shift) & mask for value in low]
            columns.append(low)
        return [list(row) for row in zip(*columns, strict=True)]

    def record(self, values: list[int]) -> np.ndarray:
        """Return one cycle's values as a record of 64-bit words."""
        record = np.zeros(self.layout.words, dtype=np.uint64)
        for slot, value in zip(self.slots, values, strict=True):
            raw = (int(value) << slot.shift).to_bytes(8 * slot.words, "little")
            record[slot.offset : slot.offset + slot.words] |= np.frombuffer(raw, dtype="<u8")
        return record
