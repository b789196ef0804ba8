"""How often each cell of a netlist is in each of its states: all its inputs at once, not one by one.

Leakage and internal power depend on what all pins of a cell are together, which the share of time that each of them is
high does not say: the inputs of a gate hang together. A state of a gate is the value of its inputs; of a flip-flop also
what it holds, whether the clock comes at the cycle's end, and whether it came at its beginning (so that the clock is
high in the first half of the cycle); of a clock gate, its enable, and whether that was high at the beginning.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from gates.clock_pins import clock_pin_of
from gates.compiled import compiled
from gates.errors import NetlistError
from gates.evaluation import ones
from gates.liberty import Cell
from gates.liberty_function import evaluate_rows, parse_function
from gates.netlist import HIGH, LOW, NO_NET, GateNetlist

__all__ = ["CellStates", "KindStates", "kind_states"]

# Of one cell; 2 ** 10 counts an instance.
MOST_VARIABLES = 10
# Variables of flip-flops and clock gates that are no pins.
ENABLE, CAME = "clock comes", "clock came"
Bits = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class KindStates:
    """The states of all instances of one cell.

    Parameters
    ----------
    cell : Cell
    instances : np.ndarray [shape=(any,), dtype=int64]
    variables : tuple of str
        Inputs but the clock, then what else the state is made of; variable i is bit i of a state's number.
    nets : np.ndarray [shape=(instances, variables), dtype=int32]
        Whose value a variable is.
    inverted : np.ndarray [shape=(instances, variables), dtype=bool]
        Where it is the net's inverse.
    """

    cell: Cell
    instances: npt.NDArray[np.int64]
    variables: tuple[str, ...]
    nets: npt.NDArray[np.int32]
    inverted: Bits

    @property
    def states(self) -> int:
        """How many."""
        return 1 << len(self.variables)

    @cached_property
    def clock(self) -> str:
        """The clock pin, or nothing."""
        return clock_pin_of(self.cell)

    @cached_property
    def values(self) -> dict[str, Bits]:
        """Values of the variables by state."""
        numbers = np.arange(self.states)
        return {name: (numbers >> bit & 1).astype(bool) for bit, name in enumerate(self.variables)}

    def pins(self, clock: bool) -> dict[str, Bits]:
        """Return the values of all pins by state; of those with a clock, with the clock high or low.

        A clock gate's latch holds what was at the edge while the clock is high, and follows the enable while it is low;
        its output is then low.
        """
        found = dict(self.values)
        cell = self.cell
        if self.clock:
            found[self.clock] = np.full(self.states, clock)
        if cell.clock_gate is not None:
            found[cell.clock_gate.output] = found[CAME] & clock
            return found
        names = cell.flip_flop.get("states", "").split()
        if len(names) > 1:
            found[names[1]] = ~found[names[0]]
        outputs = {pin: evaluate_rows(parse_function(text), found) for pin, text in cell.functions.items()}
        return found | {pin: np.array(np.broadcast_to(value, self.states)) for pin, value in outputs.items()}


def kind_states(netlist: GateNetlist) -> tuple[KindStates, ...]:
    """Return what the states of a netlist's cells are made of, cell by cell of the library.

    Raises
    ------
    NetlistError
        A cell has too many inputs, a flip-flop's output is no state, or a clock gate's test pin is not tied low.
    """
    return tuple(_kind_states(netlist, kind) for kind in range(len(netlist.cells)))


def _kind_states(netlist: GateNetlist, kind: int) -> KindStates:
    cell = netlist.cells[kind]
    instances = np.flatnonzero(netlist.kinds == kind)
    clock = clock_pin_of(cell)
    variables = tuple(pin for pin in cell.inputs if pin != clock)
    pins = {pin: netlist.pins[netlist.starts[instances] + at] for at, pin in enumerate((*cell.inputs, *cell.outputs))}
    nets = [pins[pin] for pin in variables]
    nothing = np.zeros(len(instances), bool)
    inverted = [nothing] * len(nets)
    if cell.clock_gate is not None:
        if cell.clock_gate.test is not None and np.any(pins[cell.clock_gate.test] != LOW):
            raise NetlistError(f"{cell.name}: the test pin of a clock gate is not tied low")
        variables += (CAME,)
        nets.append(pins[cell.clock_gate.enable])
        inverted.append(nothing)
    elif clock:
        names = cell.flip_flop["states"].split()
        state, inverse = np.full(len(instances), LOW, np.int32), nothing
        for pin in cell.outputs:
            said = cell.functions[pin].strip("() ")
            if said not in names:
                raise NetlistError(f"{cell.name}: output {pin} is {said[:40]}, expected a state")
            use = (pins[pin] != NO_NET) & (state == LOW)
            state, inverse = np.where(use, pins[pin], state), np.where(use, names.index(said) == 1, inverse)
        enable = _enables(netlist)[pins[clock]]
        variables += (names[0], ENABLE, CAME)
        nets += [state, enable, enable]
        inverted += [inverse, nothing, nothing]
    if len(variables) > MOST_VARIABLES:
        raise NetlistError(f"{cell.name}: {len(variables)} inputs and states, expected at most {MOST_VARIABLES}")
    shape = len(instances), len(variables)
    return KindStates(
        cell,
        instances,
        variables,
        np.array(nets, np.int32).T.reshape(shape),
        np.array(inverted, bool).T.reshape(shape),
    )


def _enables(netlist: GateNetlist) -> npt.NDArray[np.int32]:
    """Return by net of a clock the net that is high if the clock comes."""
    found = np.full(netlist.nets, HIGH, np.int32)
    for kind, cell in enumerate(netlist.cells):
        if cell.clock_gate is not None:
            starts = netlist.starts[:-1][netlist.kinds == kind]
            outputs = netlist.pins[starts + len(cell.inputs)]
            enables = netlist.pins[starts + cell.inputs.index(cell.clock_gate.enable)]
            found[outputs[outputs != NO_NET]] = enables[outputs != NO_NET]
    return found


class CellStates:
    """Counts the states of all cells over blocks of cycles.

    Parameters
    ----------
    netlist : GateNetlist
    slots, inverted : np.ndarray [shape=(nets,)], optional
        Row of the values that holds a net, and whether it holds its inverse; by default a net's row is its number.

    Attributes
    ----------
    kinds : tuple of KindStates
    counts : list of np.ndarray [shape=(instances, states), dtype=int64]
        Of each kind.
    cycles : int
    """

    def __init__(
        self,
        netlist: GateNetlist,
        slots: npt.NDArray[np.integer[Any]] | None = None,
        inverted: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        self.kinds = kind_states(netlist)
        self.counts = [np.zeros((len(kind.instances), kind.states), np.int64) for kind in self.kinds]
        self.cycles = 0
        self._slots = [(kind.nets if slots is None else np.asarray(slots)[kind.nets]) for kind in self.kinds]
        flips = [np.zeros(0, bool) if inverted is None else np.asarray(inverted)[kind.nets] for kind in self.kinds]
        self._masks = [
            np.where(kind.inverted if inverted is None else kind.inverted ^ flip, ~np.uint64(0), np.uint64(0))
            for kind, flip in zip(self.kinds, flips, strict=True)
        ]

    def add(self, values: npt.NDArray[np.uint64], cycles: int, *, first: bool = False) -> None:
        """Count a block of cycles.

        Parameters
        ----------
        values : np.ndarray [shape=(any, words), dtype=uint64]
            Bit i of word w: cycle 64 w + i of the block.
        cycles : int
            Of the block.
        first : bool
            The block begins a run: its first cycle counts, and the clock came before it if it comes after it. Otherwise
            that belongs to the block before.
        """
        for kind, counts, slots, masks in zip(self.kinds, self.counts, self._slots, self._masks, strict=True):
            delayed = np.array([name == CAME for name in kind.variables], bool)
            _count(values, slots, masks, delayed, cycles, 0 if first else 1, counts)
        self.cycles += cycles - (not first)

    def __iadd__(self, other: CellStates) -> CellStates:
        for mine, others in zip(self.counts, other.counts, strict=True):
            mine += others
        self.cycles += other.cycles
        return self

    def probabilities(self) -> list[Floats]:
        """Return the share of cycles in each state, of each kind [shape=(instances, states)]."""
        return [counts / max(1, self.cycles) for counts in self.counts]


@compiled
def _count(values: Any, slots: Any, masks: Any, delayed: Any, cycles: Any, begin: Any, counts: Any) -> None:
    words = values.shape[1]
    chosen = np.zeros(words, np.uint64)
    for cycle in range(begin, cycles):
        chosen[cycle // 64] |= np.uint64(1) << np.uint64(cycle % 64)
    # In which cycles the variables so far have the values that the place says.
    which = np.zeros(counts.shape[1], np.uint64)
    for instance in range(len(slots)):
        for word in range(words):
            if chosen[word] == np.uint64(0):
                continue
            which[0] = chosen[word]
            for variable in range(slots.shape[1]):
                slot = slots[instance, variable]
                value = values[slot, word]
                if delayed[variable]:
                    before = values[slot, word - 1] >> np.uint64(63) if word else value & np.uint64(1)
                    value = (value << np.uint64(1)) | before
                value ^= masks[instance, variable]
                for place in range(1 << variable):
                    high = which[place] & value
                    which[place | 1 << variable] = high
                    which[place] ^= high
            for place in range(len(which)):
                counts[instance, place] += ones(which[place])
