"""A netlist as a list of two-input operations, each after those that it reads: what `gates.evaluation` carries out.

Every function of two bits is ``c0 ^ c1 a ^ c2 b ^ c3 ab`` (Reed-Muller form), so that one kernel without a branch does
all gates; larger cells become a few operations, the last of which is the cell's output. State comes in at the
flip-flops and what they take next goes out there: nothing in between has memory.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gates.errors import NetlistError
from gates.liberty_function import Tree, evaluate, parse_function, pins_of
from gates.netlist import HIGH, LOW, NO_NET, GateNetlist

__all__ = ["FlipFlop", "Operations", "compile_netlist"]

# A slot and whether its inverse is meant.
_Literal = tuple[int, bool]


@dataclass(frozen=True)
class FlipFlop:
    """A flip-flop, by slots.

    Parameters
    ----------
    instance : int
        Of the netlist.
    state : int
        Holds the state (Liberty's first).
    following : int
        What it takes at the next edge, if its clock comes.
    enable : int
        High if its clock comes; `gates.netlist.HIGH` if nothing gates it.
    """

    instance: int
    state: int
    following: int
    enable: int


@dataclass(frozen=True)
class Operations:
    """Straight-line code over slots: nets first, by number, then states and values inside cells.

    Parameters
    ----------
    reads : np.ndarray [shape=(operations, 2), dtype=int32]
    writes : np.ndarray [shape=(operations,), dtype=int32]
        Slots.
    codes : np.ndarray [shape=(operations,), dtype=uint8]
        ``c0 + 2 c1 + 4 c2 + 8 c3``.
    slots : int
    nets : int
        The first slots, those of nets.
    sources : tuple of int
        Nets that nothing in here writes: inputs, outputs of memories.
    flip_flops : tuple of FlipFlop
    clock : int
        Net of the clock, which has no slot's value.
    gated_clocks : dict of int to int
        Net of each gated clock, and the slot that is high if it comes.
    instances : np.ndarray [shape=(operations,), dtype=int32]
        Which instance an operation is of.
    """

    reads: npt.NDArray[np.int32]
    writes: npt.NDArray[np.int32]
    codes: npt.NDArray[np.uint8]
    slots: int
    nets: int
    sources: tuple[int, ...]
    flip_flops: tuple[FlipFlop, ...]
    clock: int
    gated_clocks: Mapping[int, int]
    instances: npt.NDArray[np.int32]


def compile_netlist(netlist: GateNetlist) -> Operations:
    """Compile a netlist of gates, flip-flops and clock gates of one clock.

    Raises
    ------
    NetlistError
        Gates form a loop, a net that a gate reads has no driver, there are several clocks, flip-flops take a falling
        edge, or a clear or preset is not tied off.
    """
    writer = _Writer(netlist)
    writer.clocks()
    for instance in netlist.flip_flops:
        writer.states(instance)
    targets = [writer.after(instance) for instance in netlist.flip_flops]
    # Whatever has a net toggles, whether or not anything reads it.
    for instance in range(len(netlist.names)):
        writer.settle(instance)
    flip_flops = tuple(
        FlipFlop(instance, writer.state[instance], *writer.next_of(instance, target))
        for instance, target in zip(netlist.flip_flops, targets, strict=True)
    )
    gated = {
        writer.net_of(gate, netlist.cell(gate).outputs[0]): writer.enable_of(gate) for gate in netlist.clock_gates
    }
    return Operations(
        np.array(writer.reads, np.int32).reshape(-1, 2),
        np.array(writer.writes, np.int32),
        np.array(writer.codes, np.uint8),
        writer.slots,
        netlist.nets,
        tuple(sorted(writer.sources)),
        flip_flops,
        writer.clock,
        gated,
        np.array(writer.instances, np.int32),
    )


class _Writer:
    """Writes operations cell by cell, each after the cells that drive its inputs."""

    def __init__(self, netlist: GateNetlist) -> None:
        self.netlist = netlist
        self.drivers = netlist.drivers.tolist()
        self.reads: list[tuple[int, int]] = []
        self.writes: list[int] = []
        self.codes: list[int] = []
        self.instances: list[int] = []
        self.slots = netlist.nets
        self.state: dict[int, int] = {}
        self.sources: set[int] = set()
        self.clock = NO_NET
        self._given = {net for nets in netlist.inputs.values() for net in nets}
        for _, pins in netlist.boxes.values():
            self._given.update(net for nets in pins.values() for net in nets)
        self._values_inside: list[int] = []
        self._used = 0
        self._done = [False] * len(netlist.names)
        self._busy: set[int] = set()
        self._trees: dict[str, Tree] = {}
        self._enables: dict[int, int] = {}
        self._is_flop = [bool(cell.flip_flop) for cell in netlist.cells]
        self._is_gate = [cell.clock_gate is not None for cell in netlist.cells]

    # ---- clocks and states ---------------------------------------------------------------------------------

    def clocks(self) -> None:
        """Find the one clock, and check that nothing else is clocked."""
        roots = set()
        for instance in self.netlist.clock_gates:
            pins = self.netlist.cell(instance).clock_gate
            assert pins is not None
            roots.add(self.net_of(instance, pins.clock))
        self._gates = {
            self.net_of(gate, self.netlist.cell(gate).outputs[0]): gate for gate in self.netlist.clock_gates
        }
        for instance in self.netlist.flip_flops:
            roots.add(self._clock_root(instance))
        if len(roots) > 1 or roots & set(self._gates):
            raise NetlistError(f"{len(roots)} clocks, or a gated clock gated again, expected one clock")
        self.clock = roots.pop() if roots else NO_NET

    def _clock_root(self, instance: int) -> int:
        cell = self.netlist.cell(instance)
        edge = self._tree(cell.flip_flop["clocked_on"])
        if edge[0] != "pin":
            said = cell.flip_flop["clocked_on"]
            raise NetlistError(f"{self.netlist.names[instance][:80]} is clocked on {said[:40]}, expected a rising edge")
        net = self.net_of(instance, edge[1])
        gate = self._gates.get(net)
        if gate is None:
            return net
        pins = self.netlist.cell(gate).clock_gate
        assert pins is not None
        return self.net_of(gate, pins.clock)

    def states(self, instance: int) -> None:
        """Give a flip-flop's state a slot, and its outputs their operations."""
        self.state[instance] = self._slot()
        cell = self.netlist.cell(instance)
        for kind in ("clear", "preset"):
            if kind in cell.flip_flop:
                tree = self._tree(cell.flip_flop[kind])
                nets = {pin: self.net_of(instance, pin) for pin in pins_of(tree)}
                if not set(nets.values()) <= {LOW, HIGH} or evaluate(tree, {p: n == HIGH for p, n in nets.items()}):
                    raise NetlistError(f"{self.netlist.names[instance][:80]} has a {kind} that is not tied off")
        names = cell.flip_flop["states"].split()
        for pin in cell.outputs:
            net = self.net_of(instance, pin)
            if net != NO_NET:
                values = {name: (self.state[instance], place == 1) for place, name in enumerate(names[:2])}
                self._used = 0
                self._copy(self._write(self._tree(cell.functions[pin]), values, instance, net), net, instance)
        self._done[instance] = True

    def after(self, instance: int) -> _Literal:
        """Write what a flip-flop takes next, after all that this depends on."""
        cell = self.netlist.cell(instance)
        tree = self._tree(cell.flip_flop["next_state"])
        nets = {pin: self.net_of(instance, pin) for pin in cell.inputs}
        for pin in pins_of(tree):
            if pin in nets:
                self._need(nets[pin])
        states = cell.flip_flop["states"].split()
        values = {pin: (net, False) for pin, net in nets.items()}
        values |= {name: (self.state[instance], place == 1) for place, name in enumerate(states[:2])}
        self._used = 0
        return self._write(tree, values, instance, None if tree[0] == "pin" else self._slot())

    def next_of(self, instance: int, literal: _Literal) -> tuple[int, int]:
        """Return the slots of what a flip-flop takes next and of its clock's enable."""
        slot, inverted = literal
        if inverted:
            slot = self._slot()
            self._copy(literal, slot, instance)
        cell = self.netlist.cell(instance)
        gate = self._gates.get(self.net_of(instance, self._tree(cell.flip_flop["clocked_on"])[1]))
        return slot, HIGH if gate is None else self.enable_of(gate)

    def enable_of(self, gate: int) -> int:
        """Return the slot that is high if a clock gate lets the clock through."""
        if gate not in self._enables:
            pins = self.netlist.cell(gate).clock_gate
            assert pins is not None
            slot = self.net_of(gate, pins.enable)
            self._need(slot)
            test = LOW if pins.test is None else self.net_of(gate, pins.test)
            if test != LOW:
                self._need(test)
                both = self._slot()
                self._emit(slot, test, both, 0b1110, gate)
                slot = both
            self._enables[gate] = slot
        return self._enables[gate]

    # ---- gates ---------------------------------------------------------------------------------------------

    def settle(self, instance: int) -> None:
        """Write a gate and all before it that is not yet written."""
        waiting = [instance]
        while waiting:
            at = waiting[-1]
            kind = int(self.netlist.kinds[at])
            if self._done[at] or self._is_gate[kind]:
                self._done[at] = True
                waiting.pop()
                continue
            self._busy.add(at)
            cell = self.netlist.cells[kind]
            start = int(self.netlist.starts[at])
            before = []
            for net in self.netlist.pins[start : start + len(cell.inputs)].tolist():
                driver = self.drivers[net]
                if driver < 0:
                    self._source(net)
                elif not self._done[driver]:
                    before.append(driver)
            if before:
                if any(driver in self._busy for driver in before):
                    raise NetlistError(f"gates of the netlist form a loop, one of them {self.netlist.names[at][:80]}")
                waiting += before
                continue
            self._gate(at)
            self._busy.discard(at)
            self._done[at] = True
            waiting.pop()

    def _gate(self, instance: int) -> None:
        cell = self.netlist.cell(instance)
        nets = self.netlist.nets_of(instance)
        values = {name: (nets[name], False) for name in cell.inputs}
        for pin in cell.outputs:
            if nets[pin] != NO_NET:
                self._used = 0
                literal = self._write(self._tree(cell.functions[pin]), values, instance, nets[pin])
                self._copy(literal, nets[pin], instance)

    def net_of(self, instance: int, pin: str) -> int:
        """Return the net of one pin."""
        return self.netlist.nets_of(instance)[pin]

    def _need(self, net: int) -> None:
        driver = self.drivers[net]
        if driver < 0:
            self._source(net)
        else:
            self.settle(driver)

    def _source(self, net: int) -> None:
        if net in (LOW, HIGH):
            return
        if net == self.clock or net in self._gates or net not in self._given:
            what = "the clock, as data" if net in (self.clock, *self._gates) else "driven by nothing"
            raise NetlistError(f"a net that gates read is {what}, expected a gate, flip-flop, port or memory")
        self.sources.add(net)

    def _write(
        self,
        tree: Tree,
        values: Mapping[str, _Literal],
        instance: int,
        to: int | None = None,
        invert: bool = False,
    ) -> _Literal:
        """Write a function, or its inverse; its last operation, if it needs one, goes to the slot `to`."""
        kind, *operands = tree
        if kind == "pin":
            slot, inverted = values[operands[0]]
            return slot, inverted ^ invert
        if kind == "constant":
            return (HIGH if operands[0] else LOW), invert
        if kind == "not":
            return self._write(operands[0], values, instance, to, not invert)
        slots = sorted({values[pin][0] for pin in pins_of(tree)})
        if len(slots) <= 2:
            # One operation, whatever the expression looks like.
            first, second = (slots * 2)[:2] if slots else (LOW, LOW)

            def value(a: bool, b: bool) -> bool:
                bits = {first: a, second: b} | {LOW: False, HIGH: True}
                return evaluate(tree, {pin: bits[values[pin][0]] ^ values[pin][1] for pin in pins_of(tree)}) ^ invert

            return self._two(first, second, value, instance, to), False
        # The values inside one operand are used up before those of the other are written, but for its result.
        (a, not_a), (b, not_b) = (self._write(operand, values, instance) for operand in operands)
        joined: dict[str, Callable[[bool, bool], bool]] = {
            "and": lambda x, y: x and y,
            "or": lambda x, y: x or y,
            "xor": lambda x, y: x != y,
        }
        return self._two(a, b, lambda x, y: joined[kind](x ^ not_a, y ^ not_b) ^ invert, instance, to), False

    def _two(self, a: int, b: int, function: Callable[[bool, bool], bool], instance: int, to: int | None) -> int:
        f00, f10, f01, f11 = (int(function(bool(x), bool(y))) for y, x in itertools.product((0, 1), repeat=2))
        code = f00 | (f00 ^ f10) << 1 | (f00 ^ f01) << 2 | (f00 ^ f10 ^ f01 ^ f11) << 3
        slot = self._inside() if to is None else to
        self._emit(a, b, slot, code, instance)
        return slot

    def _inside(self) -> int:
        """Return a slot for a value inside a cell; the next cell uses it again."""
        if self._used == len(self._values_inside):
            self._values_inside.append(self._slot())
        self._used += 1
        return self._values_inside[self._used - 1]

    def _copy(self, literal: _Literal, to: int, instance: int) -> None:
        slot, inverted = literal
        if slot != to or inverted:
            self._emit(slot, slot, to, 0b0010 | int(inverted), instance)

    def _emit(self, a: int, b: int, to: int, code: int, instance: int) -> None:
        self.reads.append((a, b))
        self.writes.append(to)
        self.codes.append(code)
        self.instances.append(instance)

    def _slot(self) -> int:
        self.slots += 1
        return self.slots - 1

    def _tree(self, text: str) -> Tree:
        if text not in self._trees:
            self._trees[text] = parse_function(text)
        return self._trees[text]
