"""A netlist as a list of two-input operations, each after those that it reads: what `gates.evaluation` carries out.

Every function of two bits is ``c0 ^ c1 a ^ c2 b ^ c3 ab`` (Reed-Muller form), so that one kernel without a branch does
all gates; larger cells become a few operations, the last of which is the cell's output. A net that is another one or
its inverse needs none. State comes in at the flip-flops and what they take next goes out there: nothing in between has
memory.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gates.errors import NetlistError
from gates.liberty import Cell
from gates.liberty_function import Tree, evaluate, parse_function, pins_of
from gates.netlist import HIGH, LOW, NO_NET, GateNetlist

__all__ = ["FlipFlop", "Literal", "Operations", "compile_netlist"]

# A slot, and whether its inverse is meant.
Literal = tuple[int, bool]
_ZERO, _ONE = (0, False), (0, True)
# Values inside a cell; the next cell uses their slots again.
_INSIDE = 32


@dataclass(frozen=True)
class FlipFlop:
    """A flip-flop.

    Parameters
    ----------
    instance : int
        Of the netlist.
    state : int
        Slot of the state (Liberty's first).
    following : tuple of int and bool
        What it takes at the next edge, if its clock comes.
    enable : tuple of int and bool
        High if its clock comes; constant if nothing gates it.
    """

    instance: int
    state: int
    following: Literal
    enable: Literal


@dataclass(frozen=True)
class Operations:
    """Straight-line code over slots, whose numbers grow in the order in which they are written.

    Parameters
    ----------
    reads : np.ndarray [shape=(operations, 2), dtype=int32]
    writes : np.ndarray [shape=(operations,), dtype=int32]
        Slots.
    codes : np.ndarray [shape=(operations,), dtype=uint8]
        ``c0 + 2 c1 + 4 c2 + 8 c3``.
    slots : int
        Slot 0 is constant, low.
    net_slots : np.ndarray [shape=(nets,), dtype=int32]
        Slot of each net; -1: the clock, a gated one, and what no gate reads or makes.
    net_inverted : np.ndarray [shape=(nets,), dtype=bool]
        Whether the net is the slot's inverse.
    sources : tuple of int
        Nets that nothing in here writes: inputs, outputs of memories.
    flip_flops : tuple of FlipFlop
    clock : int
        Net of the clock; `gates.netlist.NO_NET` without a flip-flop.
    gated_clocks : dict of int to tuple of int and bool
        By net of a gated clock, what is high if it comes.
    gates : np.ndarray [shape=(outputs of gates, 2), dtype=int32]
        First operation of each, and the one after its last, which writes its slot; only if every gate has some.
    """

    reads: npt.NDArray[np.int32]
    writes: npt.NDArray[np.int32]
    codes: npt.NDArray[np.uint8]
    slots: int
    net_slots: npt.NDArray[np.int32]
    net_inverted: npt.NDArray[np.bool_]
    sources: tuple[int, ...]
    flip_flops: tuple[FlipFlop, ...]
    clock: int
    gated_clocks: Mapping[int, Literal]
    gates: npt.NDArray[np.int32]


def compile_netlist(netlist: GateNetlist, *, every_gate: bool = False) -> Operations:
    """Compile a netlist of gates, flip-flops and clock gates of one clock.

    Parameters
    ----------
    netlist : GateNetlist
    every_gate : bool
        Every gate's output gets a slot and operations of its own, inverters and buffers too.

    Raises
    ------
    NetlistError
        Gates form a loop, a net that a gate reads has no driver, there are several clocks, flip-flops take a falling
        edge, or a clear or preset is not tied off.
    """
    writer = _Writer(netlist, every_gate)
    for instance in netlist.flip_flops:
        writer.give_state(instance)
    flip_flops = tuple(writer.flip_flop(instance) for instance in netlist.flip_flops)
    gated = {net: writer.enable_of(gate) for net, gate in writer.gated.items()}
    # Whatever has a net toggles, whether or not anything reads it.
    for instance in range(len(netlist.names)):
        writer.settle(instance)
    for nets in netlist.outputs.values():
        for net in nets:
            writer.value_of(net)
    slots = np.full(netlist.nets, -1, np.int32)
    inverted = np.zeros(netlist.nets, bool)
    for net, (slot, inverse) in writer.values.items():
        slots[net], inverted[net] = slot, inverse
    return Operations(
        np.array(writer.reads, np.int32).reshape(-1, 2),
        np.array(writer.writes, np.int32),
        np.array(writer.codes, np.uint8),
        writer.slots,
        slots,
        inverted,
        tuple(sorted(writer.sources)),
        flip_flops,
        writer.clock,
        gated,
        np.array(writer.gates, np.int32).reshape(-1, 2),
    )


class _Writer:
    """Writes operations cell by cell, each after the cells that drive its inputs."""

    def __init__(self, netlist: GateNetlist, every_gate: bool) -> None:
        self.netlist, self.every_gate = netlist, every_gate
        self.gates: list[tuple[int, int]] = []
        self.drivers = netlist.drivers.tolist()
        self.reads: list[tuple[int, int]] = []
        self.writes: list[int] = []
        self.codes: list[int] = []
        self.slots = 1 + _INSIDE
        self._used = 0
        # By net.
        self.values: dict[int, Literal] = {LOW: _ZERO, HIGH: _ONE}
        self.states: dict[int, int] = {}
        self.sources: set[int] = set()
        self._given = {net for nets in netlist.inputs.values() for net in nets}
        for _, pins in netlist.boxes.values():
            self._given.update(net for nets in pins.values() for net in nets)
        memory = [bool(cell.flip_flop or cell.clock_gate) for cell in netlist.cells]
        self._done = [memory[kind] for kind in netlist.kinds.tolist()]
        self._busy: set[int] = set()
        self._trees: dict[str, Tree] = {}
        self._pins: dict[int, tuple[str, ...]] = {}
        self._codes_by_function: dict[tuple[Tree, tuple[tuple[int, bool], ...], bool], int] = {}
        self._enables: dict[int, Literal] = {}
        self.gated = {self._net(gate, netlist.cell(gate).outputs[0]): gate for gate in netlist.clock_gates}
        self.clock = self._clock()

    # ---- clocks and states ---------------------------------------------------------------------------------

    def _clock(self) -> int:
        """Return the one clock; refuse what is clocked by another."""
        roots = {self._net(gate, self._gate_pin(gate, "clock")) for gate in self.netlist.clock_gates}
        for instance in self.netlist.flip_flops:
            net = self._clock_net(instance)
            # The root of a gated one is its gate's, which is there already.
            roots |= set() if net in self.gated else {net}
        if len(roots) > 1 or roots & set(self.gated):
            raise NetlistError(f"{len(roots)} clocks, or a gated clock gated again, expected one clock")
        return roots.pop() if roots else NO_NET

    def _gate_pin(self, gate: int, what: str) -> str:
        return str(getattr(self.netlist.cell(gate).clock_gate, what))

    def _clock_net(self, instance: int) -> int:
        said = self.netlist.cell(instance).flip_flop["clocked_on"]
        edge = self._tree(said)
        if edge[0] != "pin":
            raise NetlistError(f"{self.netlist.names[instance][:80]} is clocked on {said[:40]}, expected a rising edge")
        return self._net(instance, edge[1])

    def give_state(self, instance: int) -> None:
        """Give a flip-flop's state a slot, and its outputs their values."""
        cell = self.netlist.cell(instance)
        for kind in ("clear", "preset"):
            if kind in cell.flip_flop:
                tree = self._tree(cell.flip_flop[kind])
                nets = {pin: self._net(instance, pin) for pin in pins_of(tree)}
                if not set(nets.values()) <= {LOW, HIGH} or evaluate(tree, {p: n == HIGH for p, n in nets.items()}):
                    raise NetlistError(f"{self.netlist.names[instance][:80]} has a {kind} that is not tied off")
        self.states[instance] = self._slot()
        self._outputs(instance, cell, self._state_values(instance, cell))

    def flip_flop(self, instance: int) -> FlipFlop:
        """Write what a flip-flop takes next, after all that this depends on."""
        cell = self.netlist.cell(instance)
        tree = self._tree(cell.flip_flop["next_state"])
        values = self._state_values(instance, cell)
        nets = {pin: self._net(instance, pin) for pin in cell.inputs}
        values |= {pin: self.value_of(nets[pin]) for pin in sorted(pins_of(tree) & set(nets))}
        self._used = 0
        following = self._write(tree, values, keep=True)
        gate = self.gated.get(self._clock_net(instance))
        return FlipFlop(instance, self.states[instance], following, _ONE if gate is None else self.enable_of(gate))

    def _state_values(self, instance: int, cell: Cell) -> dict[str, Literal]:
        names = cell.flip_flop["states"].split()
        return {name: (self.states[instance], place == 1) for place, name in enumerate(names[:2])}

    def enable_of(self, gate: int) -> Literal:
        """Return what is high if a clock gate lets the clock through."""
        if gate not in self._enables:
            pins = self.netlist.cell(gate).clock_gate
            assert pins is not None
            found = self.value_of(self._net(gate, pins.enable))
            if pins.test is not None:
                either = self._tree("enable + test")
                values = {"enable": found, "test": self.value_of(self._net(gate, pins.test))}
                found = self._write(either, values, keep=True)
            self._enables[gate] = found
        return self._enables[gate]

    # ---- gates ---------------------------------------------------------------------------------------------

    def value_of(self, net: int) -> Literal:
        """Return a net's value, after all gates before it are written."""
        if net not in self.values:
            driver = self.drivers[net]
            if driver >= 0 and net not in self.gated:
                self.settle(driver)
            else:
                self._source(net)
        return self.values[net]

    def settle(self, instance: int) -> None:
        """Write a gate and all before it that is not yet written."""
        waiting = [instance]
        while waiting:
            at = waiting[-1]
            if self._done[at]:
                waiting.pop()
                continue
            self._busy.add(at)
            cell = self.netlist.cells[self.netlist.kinds[at]]
            start = int(self.netlist.starts[at])
            before = []
            for net in self.netlist.pins[start : start + len(cell.inputs)].tolist():
                if net not in self.values:
                    driver = self.drivers[net]
                    if driver < 0 or net in self.gated:
                        self._source(net)
                    else:
                        before.append(driver)
            if any(driver in self._busy for driver in before):
                raise NetlistError(f"gates of the netlist form a loop, one of them {self.netlist.names[at][:80]}")
            waiting += before
            if not before:
                nets = self.netlist.nets_of(at)
                self._outputs(at, cell, {pin: self.values[nets[pin]] for pin in cell.inputs})
                self._busy.discard(at)
                self._done[at] = True
                waiting.pop()

    def _outputs(self, instance: int, cell: Cell, values: Mapping[str, Literal]) -> None:
        nets = self.netlist.nets_of(instance)
        for pin in cell.outputs:
            if nets[pin] == NO_NET:
                continue
            self._used, begin = 0, len(self.writes)
            found = self._write(self._tree(cell.functions[pin]), values, keep=True)
            if self.every_gate and not cell.flip_flop:
                if begin == len(self.writes):
                    found = self._copied(found)
                self.gates.append((begin, len(self.writes)))
            self.values[nets[pin]] = found

    def _source(self, net: int) -> None:
        if net == self.clock or net in self.gated or net not in self._given:
            what = "the clock, as data" if net in (self.clock, *self.gated) else "driven by nothing"
            raise NetlistError(f"a net that gates read is {what}, expected a gate, flip-flop, port or memory")
        self.sources.add(net)
        self.values[net] = (self._slot(), False)

    # ---- functions -----------------------------------------------------------------------------------------

    def _write(
        self, tree: Tree, values: Mapping[str, Literal], *, keep: bool = False, invert: bool = False
    ) -> Literal:
        """Write a function, or its inverse; what is to be kept gets a slot of its own, if it needs one."""
        kind, *operands = tree
        if kind == "pin":
            slot, inverted = values[operands[0]]
            return slot, inverted ^ invert
        if kind == "constant":
            return 0, bool(operands[0]) ^ invert
        if kind == "not":
            return self._write(operands[0], values, keep=keep, invert=not invert)
        pins = self._pins_of(tree)
        slots = sorted({values[pin][0] for pin in pins} - {0})
        if len(slots) <= 2:
            # One operation, whatever the expression looks like.
            first, second = (slots * 2)[:2] if slots else (0, 0)
            which = {0: 0, first: 1, second: 2} | {0: 0}
            said = tuple((which[slot], inverted) for slot, inverted in (values[pin] for pin in pins))
            code = self._code_of(tree, pins, said, invert)
            return self._operation(first, second, code, keep)
        # Values inside one operand are used up before those of the other are written, but for its result.
        (a, not_a), (b, not_b) = (self._write(operand, values) for operand in operands)
        code = self._code_of((kind, ("pin", "a"), ("pin", "b")), ("a", "b"), ((1, not_a), (2, not_b)), invert)
        return self._operation(a, b, code, keep)

    def _pins_of(self, tree: Tree) -> tuple[str, ...]:
        # Trees live as long as this does.
        if id(tree) not in self._pins:
            self._pins[id(tree)] = tuple(sorted(pins_of(tree)))
        return self._pins[id(tree)]

    def _code_of(self, tree: Tree, pins: tuple[str, ...], said: tuple[tuple[int, bool], ...], invert: bool) -> int:
        """Return the code of a function of two bits; of each pin is said which (0: neither, low), and if inverted."""
        key = tree, said, invert
        if key not in self._codes_by_function:
            values = []
            for b, a in itertools.product((False, True), repeat=2):
                bits = (False, a, b)
                values.append(evaluate(tree, {pin: bits[at] ^ no for pin, (at, no) in zip(pins, said, strict=True)}))
            f00, f10, f01, f11 = (int(value ^ invert) for value in values)
            code = f00 | (f00 ^ f10) << 1 | (f00 ^ f01) << 2 | (f00 ^ f10 ^ f01 ^ f11) << 3
            self._codes_by_function[key] = code
        return self._codes_by_function[key]

    def _operation(self, a: int, b: int, code: int, keep: bool) -> Literal:
        if a == b:
            # ``c0 ^ c a``: of one bit, and that needs none.
            reads_it = (code >> 1 ^ code >> 2 ^ code >> 3) & 1
            return (a if reads_it else 0), bool(code & 1)
        self.reads.append((a, b))
        self.codes.append(code)
        self.writes.append(self._slot() if keep else self._inside())
        return self.writes[-1], False

    def _copied(self, literal: Literal) -> Literal:
        slot, inverted = literal
        self.reads.append((slot, 0))
        self.codes.append(0b10 | int(inverted))
        self.writes.append(self._slot())
        return self.writes[-1], False

    def _inside(self) -> int:
        self._used += 1
        if self._used > _INSIDE:
            raise NetlistError(f"a cell's function has more than {_INSIDE} parts")
        return self._used

    def _slot(self) -> int:
        self.slots += 1
        return self.slots - 1

    def _net(self, instance: int, pin: str) -> int:
        return self.netlist.nets_of(instance)[pin]

    def _tree(self, text: str) -> Tree:
        if text not in self._trees:
            self._trees[text] = parse_function(text)
        return self._trees[text]
