"""How fast each net of a netlist changes: transitions by Liberty's tables, from inputs and clock on, gate after gate.

Of all arcs to an output, and all edges that may cause its edge, the slowest counts, as timing analysers have it. The
clock is ideal: gated or not, it has one transition everywhere, as a clock tree would give it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gates.characterisation import CellPower
from gates.clock_pins import clock_pin_of
from gates.compiled import compiled
from gates.errors import NetlistError
from gates.liberty import Cell
from gates.lookup import Table
from gates.netlist import NO_NET, GateNetlist

__all__ = ["Slews", "net_slews"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Slews:
    """Transitions by net.

    Parameters
    ----------
    seconds : np.ndarray [shape=(2, nets), dtype=float64]
        Of rising and of falling edges.
    outside : np.ndarray [shape=(instances,), dtype=bool]
        Instances one of whose tables was read at its border, since load or transition are beyond it.
    """

    seconds: Floats
    outside: npt.NDArray[np.bool_]


def net_slews(
    netlist: GateNetlist, cells: Mapping[str, CellPower], load_f: Floats, *, input_s: float, clock_s: float
) -> Slews:
    """Propagate transitions.

    Parameters
    ----------
    netlist : GateNetlist
    cells : mapping of str to CellPower
    load_f : np.ndarray [shape=(nets,), dtype=float64]
        Farads of each net.
    input_s, clock_s : float
        Seconds, of all ports and memory outputs and of what no arc leads to; of clocks.

    Raises
    ------
    NetlistError
        Gates form a loop.
    """
    slews = np.full((2, netlist.nets), -1.0)
    clocks = set()
    sequential = np.zeros(len(netlist.cells), bool)
    for kind, cell in enumerate(netlist.cells):
        clock = clock_pin_of(cell)
        sequential[kind] = bool(clock)
        starts = netlist.starts[:-1][netlist.kinds == kind]
        if clock:
            clocks.update(netlist.pins[starts + cell.inputs.index(clock)].tolist())
        if cell.clock_gate is not None:
            clocks.update(netlist.pins[starts + len(cell.inputs)].tolist())
    clocks.discard(NO_NET)
    slews[:, netlist.drivers < 0] = input_s
    fixed = np.zeros(netlist.nets, bool)
    fixed[list(clocks)] = True
    slews[:, fixed] = clock_s
    packed = _Packed()
    arcs = [row for kind, cell in enumerate(netlist.cells) for row in packed.arcs(kind, cell, cells[cell.name])]
    table = np.array(arcs, np.int64).reshape(-1, 7)
    order = _order(netlist, sequential)
    outside = np.zeros(len(netlist.names), bool)
    first = np.searchsorted(table[:, 0], np.arange(len(netlist.cells) + 1))
    _propagate(
        *(order, netlist.kinds, netlist.starts, netlist.pins, first, table, *packed.arrays(), load_f, fixed),
        *(float(input_s), slews, outside),
    )
    slews[slews < 0] = input_s
    return Slews(slews, outside)


class _Packed:
    """Tables one after another in one array, for the kernel."""

    def __init__(self) -> None:
        self.numbers: list[Floats] = []
        self.places: list[tuple[int, int, int]] = []
        self.size = 0

    def arcs(self, kind: int, cell: Cell, power: CellPower) -> list[tuple[int, ...]]:
        """Return rows of kind, places of input and output, causes of rising and falling as bits, and two tables."""
        place = {pin: at for at, pin in enumerate((*cell.inputs, *cell.outputs))}
        rows = []
        for arc in power.arcs:
            if arc.pin in cell.outputs and arc.related_pin in cell.inputs:
                causes = [sum(1 << edge for edge in edges) for edges in arc.causes]
                tables = [self._add(arc.rise), self._add(arc.fall)]
                rows.append((kind, place[arc.related_pin], place[arc.pin], *causes, *tables))
        return rows

    def _add(self, table: Table | None) -> int:
        if table is None:
            return -1
        self.places.append((self.size, table.slews.size, table.loads.size))
        self.numbers += [table.slews, table.loads, table.values.ravel()]
        self.size += table.slews.size + table.loads.size + table.values.size
        return len(self.places) - 1

    def arrays(self) -> tuple[Floats, npt.NDArray[np.int64]]:
        """Return all numbers, and where each table's begin and how many slews and loads it has."""
        numbers = np.concatenate(self.numbers) if self.numbers else np.zeros(0)
        return numbers, np.array(self.places, np.int64).reshape(-1, 3)


def _order(netlist: GateNetlist, sequential: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return instances, those with a clock first, then each gate after those that it reads."""
    inputs = np.array([len(cell.inputs) for cell in netlist.cells], np.int64)
    clocked = sequential[netlist.kinds] if len(netlist.kinds) else np.zeros(0, bool)
    owner = np.repeat(np.arange(len(netlist.names)), np.diff(netlist.starts))
    place = np.arange(len(netlist.pins)) - netlist.starts[owner]
    reads = (place < inputs[netlist.kinds[owner]]) & ~clocked[owner]
    driver = netlist.drivers[netlist.pins]
    edges = reads & (driver >= 0)
    edges[edges] = ~clocked[driver[edges]]
    # Sorted by what drives, so that each gate finds what waits for it.
    by_driver = np.argsort(driver[edges], kind="stable")
    waits = owner[edges][by_driver]
    begin = np.searchsorted(driver[edges][by_driver], np.arange(len(netlist.names) + 1))
    pending = np.bincount(waits, minlength=len(netlist.names)).astype(np.int64)
    order = np.zeros(len(netlist.names), np.int64)
    done = int(_sort(clocked, begin, waits, pending, order))
    if done < len(order):
        raise NetlistError(f"gates of the netlist form a loop, {len(order) - done} of them are in it or after it")
    return order


@compiled
def _sort(clocked: Any, begin: Any, waits: Any, pending: Any, order: Any) -> int:
    done = 0
    for instance in range(len(clocked)):
        if clocked[instance]:
            order[done] = instance
            done += 1
    at = done
    for instance in range(len(clocked)):
        if not clocked[instance] and pending[instance] == 0:
            order[done] = instance
            done += 1
    while at < done:
        for edge in range(begin[order[at]], begin[order[at] + 1]):
            pending[waits[edge]] -= 1
            if pending[waits[edge]] == 0:
                order[done] = waits[edge]
                done += 1
        at += 1
    return done


@compiled
def _place(numbers: Any, begin: Any, size: Any, at: Any) -> tuple[int, float, bool]:
    """Return the point below on an axis, the way to the next as a fraction, and whether that is beyond its ends."""
    if size == 1:
        return 0, 0.0, False
    below = 0
    while below < size - 2 and numbers[begin + below + 1] <= at:
        below += 1
    low, high = numbers[begin + below], numbers[begin + below + 1]
    fraction = (at - low) / (high - low)
    return below, min(max(fraction, 0.0), 1.0), at < numbers[begin] or at > numbers[begin + size - 1]


@compiled
def _look_up(numbers: Any, places: Any, table: Any, slew: Any, load: Any) -> tuple[float, bool]:
    begin, rows, columns = places[table, 0], places[table, 1], places[table, 2]
    row, along, beyond = _place(numbers, begin, rows, slew)
    column, across, above = _place(numbers, begin + rows, columns, load)
    values = begin + rows + columns
    next_row, next_column = min(row + 1, rows - 1), min(column + 1, columns - 1)
    near = numbers[values + row * columns + column] * (1 - across)
    near += numbers[values + row * columns + next_column] * across
    far = numbers[values + next_row * columns + column] * (1 - across)
    far += numbers[values + next_row * columns + next_column] * across
    return near * (1 - along) + far * along, beyond or above


@compiled
def _propagate(
    order: Any, kinds: Any, starts: Any, pins: Any, first: Any, arcs: Any, numbers: Any, places: Any, load_f: Any,
    fixed: Any, input_s: Any, slews: Any, outside: Any,
) -> None:  # fmt: skip
    for instance in order:
        start, kind = starts[instance], kinds[instance]
        for arc in range(first[kind], first[kind + 1]):
            read, net = pins[start + arcs[arc, 1]], pins[start + arcs[arc, 2]]
            if net < 0 or fixed[net]:
                continue
            for edge in range(2):
                table = arcs[arc, 5 + edge]
                if table < 0:
                    continue
                slew = 0.0
                for cause in range(2):
                    if arcs[arc, 3 + edge] >> cause & 1:
                        slew = max(slew, slews[cause, read] if slews[cause, read] >= 0 else input_s)
                found, beyond = _look_up(numbers, places, table, slew, load_f[net])
                # What drives nothing changes nothing, wherever its table begins.
                outside[instance] |= beyond and load_f[net] > 0.0
                # Characterisation leaves a negative transition here and there at a table's corner.
                slews[edge, net] = max(slews[edge, net], max(found, 0.0))
