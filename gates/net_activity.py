"""What each net of a netlist did, clocks among them, from what slots did."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gates.evaluation import Counts
from gates.operations import Operations

__all__ = ["NetActivity", "net_activity"]


@dataclass(frozen=True)
class NetActivity:
    """Activity by net.

    Parameters
    ----------
    toggles : np.ndarray [shape=(nets,), dtype=int64]
        Changes of what has settled; of the clock and gated clocks two for each cycle in which they come.
    highs : np.ndarray [shape=(nets,), dtype=float64]
        Cycles high; half a cycle for each in which a clock comes.
    cycles : int
    annotated : np.ndarray [shape=(nets,), dtype=bool]
        Of which something is known; others are ports that go to memories alone.
    """

    toggles: npt.NDArray[np.int64]
    highs: npt.NDArray[np.float64]
    cycles: int
    annotated: npt.NDArray[np.bool_]


def net_activity(operations: Operations, counts: Counts) -> NetActivity:
    """Return the activity of every net from that of the slots."""
    slots, cycles = operations.net_slots, counts.cycles
    known = slots >= 0
    toggles = np.where(known, counts.toggles[slots], 0)
    highs = np.where(operations.net_inverted, cycles - counts.highs[slots], counts.highs[slots]).astype(np.float64)
    highs[~known] = 0.0
    comes = {operations.clock: cycles} if operations.clock >= 0 else {}
    for net, (slot, inverted) in operations.gated_clocks.items():
        comes[net] = cycles - int(counts.highs[slot]) if inverted else int(counts.highs[slot])
    for net, times in comes.items():
        toggles[net], highs[net], known[net] = 2 * times, times / 2, True
    return NetActivity(toggles, highs, cycles, known)
