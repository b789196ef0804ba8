"""Every net of a netlist at every cycle, 512 cycles at once: a bit of a machine word a cycle, no time in between.

What a netlist remembers is given (by golden's records), so that its gates need no simulation: each block of cycles is
settled by itself, toggles and highs of each net are counted, and each flip-flop's next state is held against the state
that was given for the cycle after.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gates.compiled import compiled
from gates.operations import Operations

__all__ = ["CYCLES", "MASKS", "WORDS", "Counts", "Difference", "Evaluator", "lanes", "ones", "transposed"]

# Words a slot: as long as the widest vector registers, and half of a cache line's pair.
WORDS = 8
# Cycles a block; the first is the last of the block before, so that blocks are independent of each other.
CYCLES = 64 * WORDS

# Of the constants c0 to c3 by code.
MASKS = np.array([[0 - (code >> bit & 1) for bit in range(4)] for code in range(16)], np.int64).view(np.uint64)


@dataclass
class Counts:
    """What nets did.

    Parameters
    ----------
    toggles, highs : np.ndarray [shape=(slots,), dtype=int64]
        Cycles at whose end a slot's settled value changed, and cycles in which it was high.
    cycles : int
    """

    toggles: npt.NDArray[np.int64]
    highs: npt.NDArray[np.int64]
    cycles: int = 0

    @classmethod
    def of(cls, operations: Operations) -> Counts:
        """Return counts of no cycle."""
        return cls(np.zeros(operations.slots, np.int64), np.zeros(operations.slots, np.int64))

    def __iadd__(self, other: Counts) -> Counts:
        self.toggles += other.toggles
        self.highs += other.highs
        self.cycles += other.cycles
        return self


@dataclass(frozen=True)
class Difference:
    """A flip-flop that would have taken another value than was given.

    Parameters
    ----------
    flip_flop : int
        Which of the operations' flip-flops.
    cycle : int
        Of the block: at its end.
    expected, got : int
        The state given for the next cycle, and what the gates make.
    """

    flip_flop: int
    cycle: int
    expected: int
    got: int


class Evaluator:
    """Settles blocks of cycles; its counts go on from block to block.

    Parameters
    ----------
    operations : Operations

    Attributes
    ----------
    values : np.ndarray [shape=(slots, WORDS), dtype=uint64]
        Bit i of word w: cycle 64 w + i of the block.
    counts : Counts
        By slot.
    """

    def __init__(self, operations: Operations) -> None:
        self.operations = operations
        self.values = np.zeros((operations.slots, WORDS), np.uint64)
        self.counts = Counts.of(operations)
        flops = operations.flip_flops
        self._flops = np.array([(f.state, *f.following, *f.enable) for f in flops], np.int32).reshape(-1, 5)
        # Unsigned, so that the kernel need not ask whether an index counts from the end.
        self._reads, self._writes = operations.reads.astype(np.uint64), operations.writes.astype(np.uint64)

    def load(self, planes: npt.NDArray[np.uint64], loads: npt.NDArray[np.int32]) -> None:
        """Write states and sources.

        Parameters
        ----------
        planes : np.ndarray [shape=(any, WORDS), dtype=uint64]
            As `transposed` writes them.
        loads : np.ndarray [shape=(any, 3), dtype=int32]
            Slot, row of `planes`, and 1 where its inverse is meant.
        """
        _load(planes, loads, self.values)

    def settle(self, cycles: int, *, first: bool = False) -> None:
        """Settle all nets, and count.

        Parameters
        ----------
        cycles : int
            Of the block, from 1 to `CYCLES`.
        first : bool
            The block begins a run: its first cycle counts. Otherwise that belongs to the block before.
        """
        _settle(self._reads, self._writes, self.operations.codes, MASKS, self.values)
        counts, moves, seen = self.counts, lanes(0, cycles - 1), lanes(0 if first else 1, cycles)
        _count(self.values, moves, seen, counts.toggles, counts.highs)
        counts.cycles += cycles - (not first)

    def unequal(
        self, planes: npt.NDArray[np.uint64], checks: npt.NDArray[np.int32], cycles: int
    ) -> tuple[int, int] | None:
        """Return which of `checks`, shaped as `loads` of `load`, differs first, and at which cycle, or None."""
        which, cycle = _unequal(planes, checks, self.values, cycles)
        return None if which < 0 else (int(which), int(cycle))

    def difference(self, cycles: int) -> Difference | None:
        """Return the first flip-flop whose next state is not what was given, or None."""
        found = _differ(self._flops, self.values, cycles)
        if found[0] < 0:
            return None
        flip_flop, cycle = int(found[0]), int(found[1])
        state = self.operations.flip_flops[flip_flop].state
        given = int(self.values[state, (cycle + 1) // 64] >> np.uint64((cycle + 1) % 64)) & 1
        return Difference(flip_flop, cycle, given, 1 - given)


def lanes(begin: int, end: int) -> npt.NDArray[np.uint64]:
    """Return words with the bits of cycles from `begin` to before `end`."""
    bits = np.zeros(CYCLES, np.uint8)
    bits[begin:end] = 1
    return np.packbits(bits, bitorder="little").view(np.uint64)


@compiled
def _inverse(inverted: Any) -> Any:
    return np.uint64(0) if inverted == 0 else ~np.uint64(0)


@compiled
def _load(planes: Any, loads: Any, values: Any) -> None:
    for at in range(len(loads)):
        inverse = _inverse(loads[at, 2])
        for word in range(WORDS):
            values[loads[at, 0], word] = planes[loads[at, 1], word] ^ inverse


@compiled
def _unequal(planes: Any, checks: Any, values: Any, cycles: Any) -> tuple[int, int]:
    found, earliest = -1, cycles
    for which in range(len(checks)):
        inverse = _inverse(checks[which, 2])
        for word in range(WORDS):
            wrong = planes[checks[which, 1], word] ^ values[checks[which, 0], word] ^ inverse
            if wrong != np.uint64(0):
                for bit in range(64):
                    if wrong >> np.uint64(bit) & np.uint64(1) and 64 * word + bit < earliest:
                        found, earliest = which, 64 * word + bit
    return found, earliest


@compiled
def ones(word: Any) -> Any:
    """Return the number of ones of a 64-bit word."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@compiled
def _settle(reads: Any, writes: Any, codes: Any, masks: Any, values: Any) -> None:
    for at in range(len(writes)):
        a, b, to, code = reads[at, 0], reads[at, 1], writes[at], codes[at]
        c0, c1, c2, c3 = masks[code, 0], masks[code, 1], masks[code, 2], masks[code, 3]
        for word in range(WORDS):
            x, y = values[a, word], values[b, word]
            values[to, word] = c0 ^ (c1 & x) ^ (c2 & y) ^ (c3 & x & y)


@compiled
def _count(values: Any, moves: Any, seen: Any, toggles: Any, highs: Any) -> None:
    """Add each slot's toggles between the cycles of the block, and its highs."""
    for slot in range(len(values)):
        changed = high = 0
        for word in range(WORDS - 1):
            value = values[slot, word]
            after = (value >> np.uint64(1)) | (values[slot, word + 1] << np.uint64(63))
            changed += ones((value ^ after) & moves[word])
            high += ones(value & seen[word])
        value = values[slot, WORDS - 1]
        changed += ones((value ^ (value >> np.uint64(1))) & moves[WORDS - 1])
        high += ones(value & seen[WORDS - 1])
        toggles[slot] += changed
        highs[slot] += high


@compiled
def _differ(flops: Any, values: Any, cycles: Any) -> tuple[int, int]:
    """Return the flip-flop and cycle of the earliest difference, or -1 and 0."""
    found, earliest = -1, cycles
    for which in range(len(flops)):
        state, following, enable = flops[which, 0], flops[which, 1], flops[which, 3]
        invert_following, invert_enable = _inverse(flops[which, 2]), _inverse(flops[which, 4])
        for word in range(WORDS):
            value, gate = values[state, word], values[enable, word] ^ invert_enable
            given = value >> np.uint64(1)
            if word < WORDS - 1:
                given |= values[state, word + 1] << np.uint64(63)
            taken = values[following, word] ^ invert_following
            wrong = ((value & ~gate) | (taken & gate)) ^ given
            if wrong != np.uint64(0):
                for bit in range(64):
                    cycle = 64 * word + bit
                    if wrong >> np.uint64(bit) & np.uint64(1) and cycle < min(cycles - 1, earliest):
                        found, earliest = which, cycle
    return found, earliest


@compiled
def transposed(records: Any, planes: Any) -> None:
    """Write each bit of packed records as a row over cycles.

    Parameters
    ----------
    records : np.ndarray [shape=(cycles, words), dtype=uint64]
        At most `CYCLES`.
    planes : np.ndarray [shape=(64 * words, WORDS), dtype=uint64]
        Gets bit b of word w over the cycles as row 64 w + b; cycles beyond the last are 0.
    """
    square = np.zeros(64, np.uint64)
    for word in range(records.shape[1]):
        for group in range(WORDS):
            for row in range(64):
                cycle = 64 * group + row
                square[row] = records[cycle, word] if cycle < len(records) else np.uint64(0)
            # Halves of the square change places, then halves of its halves (Warren, Hacker's Delight, 7-3).
            step, mask = 32, np.uint64(0x00000000FFFFFFFF)
            while step:
                row = 0
                while row < 64:
                    low, high = square[row], square[row + step]
                    swap = ((low >> np.uint64(step)) ^ high) & mask
                    square[row] = low ^ (swap << np.uint64(step))
                    square[row + step] = high ^ swap
                    row = (row + step + 1) & ~step
                step >>= 1
                mask ^= mask << np.uint64(step)
            for row in range(64):
                planes[64 * word + row, group] = square[row]
