"""Energy inside cells, by Liberty's tables, from what their pins do.

An edge of an output costs what the groups of the pins that may cause it say, each weighted by how often that pin
toggles and by the share of time that the output follows it, and the group's ``when`` holds; an edge of an input costs
what that pin's own groups say besides. Of groups of one rail, pin and related pin, the first counts whose ``when``
holds, else the one without; rails add up. Half of the toggles rise and half fall. This is how OpenSTA does it but for
two things: there a group without ``when`` counts in all states, and states are products of their pins' shares of time.
Of the libraries here only IHP's has pins with both kinds; its conditions cover all states in which the output follows
the pin, so that the group without one, which is about their mean, counts nothing here and as one more of them there.

A flip-flop's second output that nobody connected changes with the first. Whether its table is a part of the cell's edge
or the same edge once more, Liberty leaves to who characterises: in IHP's SG13G2 each table of a flip-flop with two
outputs has about what the one with a single output has (0.030 and 0.030 beside 0.025), in SkyWater's the two add up to
that (0.0077 and 0.0067 beside 0.0153), in NanGate45 both are equal to five digits and nothing says which. So it stands
apart, as the most that may have to be added.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gates.cell_states import CAME, ENABLE, KindStates
from gates.characterisation import CellPower, InternalPower
from gates.liberty_function import evaluate_rows, parse_function
from gates.lookup import Table
from gates.netlist import NO_NET, GateNetlist
from gates.timing_tables import FALL, RISE

__all__ = ["InternalEnergy", "internal_energy"]

Floats = npt.NDArray[np.float64]
Bits = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class InternalEnergy:
    """Of the instances of one cell, over all that was counted.

    Parameters
    ----------
    clock_j, other_j : np.ndarray [shape=(instances,), dtype=float64]
        Joules of the edges of the clock pin, and of all other pins; of a clock gate all is the clock's.
    unconnected_j : np.ndarray [shape=(instances,), dtype=float64]
        What tables say of outputs of flip-flops that nobody connected, in none of these sums.
    outside : np.ndarray [shape=(instances,), dtype=bool]
        Instances one of whose tables was read at its border.
    """

    clock_j: Floats
    other_j: Floats
    unconnected_j: Floats
    outside: Bits


def internal_energy(
    netlist: GateNetlist,
    states: KindStates,
    power: CellPower,
    *,
    probabilities: Floats,
    toggles: Floats,
    slews_s: Floats,
    load_f: Floats,
) -> InternalEnergy:
    """Add up the energy of all edges of the instances of one cell.

    Parameters
    ----------
    netlist : GateNetlist
    states : KindStates
    power : CellPower
    probabilities : np.ndarray [shape=(instances, states), dtype=float64]
        Share of cycles in each state.
    toggles, load_f : np.ndarray [shape=(nets,), dtype=float64]
        Edges and farads by net; of a clock two edges a cycle in which it comes.
    slews_s : np.ndarray [shape=(2, nets), dtype=float64]
        Seconds of rising and falling edges by net.

    Raises
    ------
    LibertyError
        A ``when`` is of what is no pin.
    """
    kind = _Kind(netlist, states, power, probabilities, toggles, slews_s, load_f)
    zero = np.zeros(len(states.instances))
    clock = sum((kind.input_edges(pin) for pin in states.cell.inputs if pin == states.clock), zero)
    other = sum((kind.input_edges(pin) for pin in states.cell.inputs if pin != states.clock), zero)
    other = sum((kind.output_edges(pin) for pin in states.cell.outputs), other)
    if states.cell.clock_gate is not None:
        clock, other = clock + other, zero
    spare = sum((kind.unconnected_edges(pin) for pin in states.cell.outputs), zero)
    return InternalEnergy(clock, other, spare, kind.outside)


class _Kind:
    """What `internal_energy` is given, and the nets of the pins."""

    def __init__(
        self,
        netlist: GateNetlist,
        states: KindStates,
        power: CellPower,
        probabilities: Floats,
        toggles: Floats,
        slews_s: Floats,
        load_f: Floats,
    ) -> None:
        self.states, self.cell, self.power = states, states.cell, power
        self.probabilities, self.slews_s, self.load_f = probabilities, slews_s, load_f
        starts = netlist.starts[states.instances]
        cell = self.cell
        self.nets = {pin: netlist.pins[starts + at] for at, pin in enumerate((*cell.inputs, *cell.outputs))}
        self.toggles = {pin: np.where(nets == NO_NET, 0.0, toggles[nets]) for pin, nets in self.nets.items()}
        self.outside = np.zeros(len(states.instances), bool)

    # ---- which states an edge happens in -------------------------------------------------------------------

    def before(self, pin: str, edge: int) -> tuple[Mapping[str, Bits], Bits]:
        """Return the values of all pins by state right before an edge of a pin, and the states in which it happens.

        Data change after the edge that begins a cycle, while a clock that has come is still high; the clock falls in
        the middle of such a cycle, and rises at the end of one in which it is enabled.
        """
        states = self.states
        every = np.ones(states.states, bool)
        if not states.clock:
            values = states.pins(False)
            return values, values[pin] == (edge == FALL) if pin in self.cell.inputs else every
        low, high = states.pins(False), states.pins(True)
        gate = self.cell.clock_gate
        if gate is None:
            if pin == states.clock:
                return (low, states.values[ENABLE]) if edge == RISE else (high, states.values[CAME])
            if pin in self.cell.outputs:
                return low, states.values[ENABLE]
            came = states.values[CAME]
            values = {name: np.where(came, high[name], low[name]) for name in high}
            return values, values[pin] == (edge == FALL)
        if pin == states.clock:
            return (low if edge == RISE else high), every
        if pin == gate.output:
            return (low, states.values[gate.enable]) if edge == RISE else (high, states.values[CAME])
        return high, high[pin] == (edge == FALL)

    # ---- energies ------------------------------------------------------------------------------------------

    def input_edges(self, pin: str) -> Floats:
        """Return the joules of an input's own groups."""
        found = np.zeros(len(self.outside))
        for _, groups in _by_rail(self.power.internal, pin):
            for edge in (RISE, FALL):
                values, happens = self.before(pin, edge)
                weight = self.probabilities * happens
                share = _of_one(weight.sum(axis=1))
                for group, where in self.chosen(groups, values):
                    table = group.rise if edge == RISE else group.fall
                    energy = self.look_up(table, self.slews_s[edge, self.nets[pin]], 0.0, self.toggles[pin] > 0)
                    found += 0.5 * self.toggles[pin] * share * weight[:, where].sum(axis=1) * energy
        return found

    def unconnected_edges(self, pin: str) -> Floats:
        """Return the joules of the edges of an output of what holds a state, where nobody connected it."""
        if not self.states.clock or self.cell.clock_gate is not None:
            return np.zeros(len(self.outside))
        # It follows the state as the other outputs do.
        most = np.max([self.toggles[other] for other in self.cell.outputs], axis=0)
        return self.output_edges(pin, np.where(self.nets[pin] == NO_NET, most, 0.0))

    def output_edges(self, pin: str, toggles: Floats | None = None) -> Floats:
        """Return the joules of an output's edges: so many, or as many as its net has."""
        nets = self.nets[pin]
        toggles = self.toggles[pin] if toggles is None else toggles
        load = np.where(nets == NO_NET, 0.0, self.load_f[nets])
        found = np.zeros(len(self.outside))
        for _, groups in _by_rail(self.power.internal, pin):
            for edge in (RISE, FALL):
                weighted, total, plain = np.zeros(len(nets)), np.zeros(len(nets)), np.zeros(len(nets))
                tables = 0
                for related in dict.fromkeys(name for group in groups for name in _related(group)):
                    of_pin = [group for group in groups if related in _related(group)]
                    slew = self.cause(pin, related, edge)
                    activity = self.toggles[related] if related else np.ones(len(nets))
                    values, happens = self.before(pin, edge)
                    weight = self.probabilities * (happens & self.follows(pin, related))
                    for group, where in self.chosen(of_pin, values):
                        table = group.rise if edge == RISE else group.fall
                        # No load is no table's border; it is one only where there is a net.
                        energy = self.look_up(table, slew, load, (toggles > 0) & (nets != NO_NET))
                        share = activity * weight[:, where].sum(axis=1)
                        weighted, total = weighted + share * energy, total + share
                        plain, tables = plain + energy, tables + 1
                # An output that toggles although no group's state was seen: all groups alike.
                mean = np.where(total > 0, weighted / np.where(total > 0, total, 1.0), plain / max(1, tables))
                found += 0.5 * toggles * mean
        return found

    def chosen(
        self, groups: Sequence[InternalPower], values: Mapping[str, Bits]
    ) -> Iterator[tuple[InternalPower, Bits]]:
        """Yield groups, and the states in which each counts: the first whose ``when`` holds, else the one without."""
        free = np.ones(self.states.states, bool)
        for group in sorted(groups, key=lambda group: group.when is None):
            where = free & self.power.holds(group.when, values, self.states.states)
            free = free & ~where
            yield group, where

    def follows(self, pin: str, related: str) -> Bits:
        """Return the states in which an output of a gate changes with an input."""
        every = np.ones(self.states.states, bool)
        if self.states.clock or not related:
            return every
        tree, values = parse_function(self.cell.functions[pin]), self.states.values
        either = [np.asarray(evaluate_rows(tree, {**values, related: np.array(value)})) for value in (False, True)]
        return every & (either[0] != either[1])

    def cause(self, pin: str, related: str, edge: int) -> Floats:
        """Return the transition that an output's edge is looked up with: the mean of all that may cause it."""
        pins = [related] if related else list(self.cell.inputs)
        causes = {
            (arc.related_pin, cause)
            for arc in self.power.arcs
            if arc.pin == pin and arc.related_pin in pins
            for cause in arc.causes[edge]
        } or {(name, cause) for name in pins for cause in (RISE, FALL)}
        return np.mean([self.slews_s[cause, self.nets[name]] for name, cause in sorted(causes)], axis=0)

    def look_up(self, table: Table | None, slew: Floats, load: Floats | float, matters: Bits) -> Floats:
        """Return joules of each instance; where the pin toggles, borders are kept."""
        if table is None:
            return np.zeros(len(self.outside))
        energy, outside = table.at(slew, load)
        self.outside |= outside & matters
        return energy


def _by_rail(groups: Sequence[InternalPower], pin: str) -> Iterator[tuple[str, list[InternalPower]]]:
    of_pin = [group for group in groups if group.pin == pin]
    for rail in dict.fromkeys(group.rail for group in of_pin):
        yield rail, [group for group in of_pin if group.rail == rail]


def _related(group: InternalPower) -> list[str]:
    return group.related_pin.split() or [""]


def _of_one(total: Floats) -> Floats:
    """Return what makes a total 1, or 0 where it is 0."""
    return np.where(total > 0, 1.0 / np.where(total > 0, total, 1.0), 0.0)
