"""Glitches: what nets do on the way from one settled state to the next, if every gate takes one unit of time.

The same words as in `gates.evaluation`, a bit a cycle: all lanes start as they had settled in the cycle before, states
and ports take their new values at once, and step by step each gate follows what its inputs were a step ago, as with
transport delays. It ends in the settled values of the cycle, which is checked.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from gates.compiled import compiled
from gates.errors import NetlistError
from gates.evaluation import MASKS, WORDS, Evaluator, lanes, ones
from gates.operations import Operations

__all__ = ["GlitchCounter", "arrival_steps"]

# Bits of a mask of steps; gates in a row, at most (the deepest netlist here has 120).
_MOST_STEPS = 1024


def arrival_steps(operations: Operations) -> npt.NDArray[np.uint64]:
    """Return at which steps each gate's output may change: the lengths of all ways to it from states and ports.

    Returns
    -------
    np.ndarray [shape=(gates, words), dtype=uint64]
        Bit i of word w: at step 64 w + i; step 0 is that of states and ports.

    Raises
    ------
    NetlistError
        There are more than 1,024 gates in a row.
    """
    steps: dict[int, int] = {}
    found = []
    reads, writes = operations.reads.tolist(), operations.writes.tolist()
    for begin, end in operations.gates.tolist():
        inside = set(writes[begin : end - 1])
        arriving = 0
        for operation in reads[begin:end]:
            for slot in operation:
                if slot not in inside and slot != 0:
                    # States and ports, which no gate writes, at step 0.
                    arriving |= steps.get(slot, 1)
        steps[writes[end - 1]] = arriving << 1
        found.append(arriving << 1)
    if max((mask.bit_length() for mask in found), default=0) > _MOST_STEPS:
        raise NetlistError(f"more than {_MOST_STEPS - 1} gates in a row")
    words = max(1, -(-max((mask.bit_length() for mask in found), default=0) // 64))
    raw = b"".join(mask.to_bytes(8 * words, "little") for mask in found)
    return np.frombuffer(raw, "<u8").reshape(-1, words).astype(np.uint64)


class GlitchCounter:
    """Counts changes of every net under unit delay, block by block.

    Parameters
    ----------
    operations : Operations
        With `every_gate`.

    Attributes
    ----------
    changes : np.ndarray [shape=(slots,), dtype=int64]
        As toggles, glitches included; of inside a cell: 0.
    steps : int
        Until all has settled, in the worst case.
    """

    def __init__(self, operations: Operations) -> None:
        self.operations = operations
        self.changes = np.zeros(operations.slots, np.int64)
        self._arrivals = arrival_steps(operations)
        self.steps = int(max((int(row[-1]).bit_length() for row in self._arrivals), default=0))
        self.steps += 64 * (self._arrivals.shape[1] - 1)
        self._values = np.zeros((operations.slots, WORDS), np.uint64)
        self._gates = operations.gates.astype(np.uint64)
        self._reads, self._writes = operations.reads.astype(np.uint64), operations.writes.astype(np.uint64)
        written = np.zeros(operations.slots, bool)
        written[operations.writes] = True
        # Slot 0 is constant.
        self._given = np.flatnonzero(~written)[1:]
        self._outputs = operations.writes[operations.gates[:, 1] - 1]

    def count(self, evaluator: Evaluator, cycles: int, first: bool) -> None:
        """Count the changes on the way to each cycle of a block that is settled.

        Parameters
        ----------
        evaluator : Evaluator
            Of the same operations; its `values` are those of the block.
        cycles : int
        first : bool
            Ignored: the first cycle of a block is only where it starts from.

        Raises
        ------
        NetlistError
            It does not settle to the same values.
        """
        settled = evaluator.values
        _begin(settled, self._values)
        seen = lanes(1, cycles)
        given = self._given
        changed = (self._values[given] ^ settled[given]) & seen
        self.changes[given] += np.bitwise_count(changed).sum(axis=1, dtype=np.int64)
        self._values[given] = settled[given]
        codes = self.operations.codes
        for step in range(1, self.steps):
            _step(step, self._arrivals, self._gates, self._reads, self._writes, codes, MASKS, self._values, seen,
                  self.changes)  # fmt: skip
        if np.any((self._values[self._outputs] ^ settled[self._outputs]) & seen):
            raise NetlistError("gates with unit delays do not settle to what they are without")


@compiled
def _begin(settled: Any, values: Any) -> None:
    """Give each cycle's lane what had settled in the cycle before."""
    for slot in range(len(settled)):
        carry = np.uint64(0)
        for word in range(WORDS):
            value = settled[slot, word]
            values[slot, word] = (value << np.uint64(1)) | carry
            carry = value >> np.uint64(63)


@compiled
def _step(
    step: Any, arrivals: Any, gates: Any, reads: Any, writes: Any, codes: Any, masks: Any, values: Any, seen: Any,
    changes: Any,
) -> None:  # fmt: skip
    """Let each gate that may change at this step follow its inputs.

    From the last gate to the first: a gate comes after those that it reads, which so still are as a step ago.
    """
    result = np.zeros(WORDS, np.uint64)
    word_of, bit_of = step // 64, np.uint64(step % 64)
    for gate in range(len(gates) - 1, -1, -1):
        if arrivals[gate, word_of] >> bit_of & np.uint64(1):
            end = gates[gate, 1] - np.uint64(1)
            for at in range(gates[gate, 0], end):
                a, b, to, code = reads[at, 0], reads[at, 1], writes[at], codes[at]
                c0, c1, c2, c3 = masks[code, 0], masks[code, 1], masks[code, 2], masks[code, 3]
                for word in range(WORDS):
                    x, y = values[a, word], values[b, word]
                    values[to, word] = c0 ^ (c1 & x) ^ (c2 & y) ^ (c3 & x & y)
            a, b, to, code = reads[end, 0], reads[end, 1], writes[end], codes[end]
            c0, c1, c2, c3 = masks[code, 0], masks[code, 1], masks[code, 2], masks[code, 3]
            for word in range(WORDS):
                x, y = values[a, word], values[b, word]
                result[word] = c0 ^ (c1 & x) ^ (c2 & y) ^ (c3 & x & y)
            changed = 0
            for word in range(WORDS):
                changed += ones((result[word] ^ values[to, word]) & seen[word])
                values[to, word] = result[word]
            changes[to] += changed
