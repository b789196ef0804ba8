"""Power of a netlist from what its nets do: internal, switching, of the clock and leakage, cell by cell.

All energies are Liberty's own (`gates.internal_power`, `gates.net_loads`, `gates.slews`); a net costs half its
capacitance times the voltage squared an edge. What belongs to the clock stands apart: edges of flip-flops' clock pins,
clock gates, and the clock's nets, without a clock tree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from gates.cell_states import CAME, ENABLE, CellStates, KindStates, kind_states
from gates.characterisation import CellPower, Characterisation
from gates.errors import NetlistError
from gates.internal_power import internal_energy
from gates.net_loads import NetLoads, net_loads
from gates.netlist import HIGH, LOW, GateNetlist
from gates.slews import net_slews
from gates.wire_load import WireLoad

__all__ = ["NOT_IN_A_CELL", "Conditions", "Coverage", "NetlistPower", "Watts", "netlist_power"]

# What drives ports' and memories' nets.
NOT_IN_A_CELL = "ports and memories"
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Conditions:
    """What a netlist's power is stated at; all of it is assumed but the clock.

    Parameters
    ----------
    clock_hz : float
    wires : WireLoad or None
        None: no wires.
    input_s, clock_s : float
        Seconds that ports and memory outputs, and the clock, take to change.
    port_f, memory_pin_f : float
        Farads of an output port and of a memory's input.
    """

    clock_hz: float
    wires: WireLoad | None
    input_s: float = 5e-11
    clock_s: float = 5e-11
    port_f: float = 0.0
    memory_pin_f: float = 0.0


@dataclass
class Watts:
    """Components of power.

    Parameters
    ----------
    gates, flip_flops : float
        Internal, of gates, and of flip-flops without their clock pins.
    switching : float
        Of the nets, without those of the clock.
    clock_pins, clock_gates, clock_nets : float
        Internal of flip-flops' clock pins, of clock gates, and switching of the clock's nets.
    leakage : float
        By the states that were measured.
    averaged_leakage : float
        As the library averages it; beside `leakage`, not added to it.
    unconnected : float
        The most that flip-flops' outputs which lead nowhere may take besides (`gates.internal_power`), not added.
    """

    gates: float = 0.0
    flip_flops: float = 0.0
    switching: float = 0.0
    clock_pins: float = 0.0
    clock_gates: float = 0.0
    clock_nets: float = 0.0
    leakage: float = 0.0
    averaged_leakage: float = 0.0
    unconnected: float = 0.0

    @property
    def clock(self) -> float:
        """Of all that the clock does."""
        return self.clock_pins + self.clock_gates + self.clock_nets

    @property
    def dynamic(self) -> float:
        """All but leakage."""
        return self.gates + self.flip_flops + self.switching + self.clock

    @property
    def total(self) -> float:
        """With leakage by state."""
        return self.dynamic + self.leakage


@dataclass(frozen=True)
class Coverage:
    """What a power rests on, as counts.

    Parameters
    ----------
    cells, cells_with_energy, cells_with_leakage : int
        Instances, and those whose cell has tables of internal energy, and leakage.
    nets, nets_annotated : int
        That something drives, and those whose activity was given.
    cells_outside : int
        Instances whose transition or energy was read at a table's border at least once.
    states_measured : bool
        States were counted, not taken for products of the pins' shares of time.
    """

    cells: int
    cells_with_energy: int
    cells_with_leakage: int
    nets: int
    nets_annotated: int
    cells_outside: int
    states_measured: bool


@dataclass(frozen=True)
class NetlistPower:
    """Watts of each instance and net.

    Parameters
    ----------
    netlist : GateNetlist
    clock_w, other_w : np.ndarray [shape=(instances,), dtype=float64]
        Internal, of clock pins and clock gates, and of all else.
    leakage_w, averaged_w : np.ndarray [shape=(instances,), dtype=float64]
        By state, and averaged.
    unconnected_w : np.ndarray [shape=(instances,), dtype=float64]
        Of flip-flops' outputs that lead nowhere.
    net_w : np.ndarray [shape=(nets,), dtype=float64]
        Switching.
    clock_net : np.ndarray [shape=(nets,), dtype=bool]
    loads : NetLoads
    slews_s : np.ndarray [shape=(2, nets), dtype=float64]
        Of rising and falling edges.
    coverage : Coverage
    """

    netlist: GateNetlist
    clock_w: Floats
    other_w: Floats
    leakage_w: Floats
    averaged_w: Floats
    unconnected_w: Floats
    net_w: Floats
    clock_net: npt.NDArray[np.bool_]
    loads: NetLoads
    slews_s: Floats
    coverage: Coverage

    def total(self) -> Watts:
        """Return the power of the whole."""
        found = Watts()
        for part in self.by_block({}).values():
            for entry in fields(Watts):
                setattr(found, entry.name, getattr(found, entry.name) + getattr(part, entry.name))
        return found

    def by_block(self, blocks: Mapping[str, str]) -> dict[str, Watts]:
        """Return the power of each block; a net is its driver's.

        Parameters
        ----------
        blocks : mapping of str to str
            Block by path of instance names, joined by dots; what is in none of them is of the block "".
        """
        names = [*dict.fromkeys([*blocks.values(), ""]), NOT_IN_A_CELL]
        number = {name: at for at, name in enumerate(names)}
        block = np.array([number[block_of(name, blocks)] for name in self.netlist.names], np.int64)
        flop = np.array([bool(cell.flip_flop) for cell in self.netlist.cells], bool)[self.netlist.kinds]
        gate = np.array([cell.clock_gate is not None for cell in self.netlist.cells], bool)[self.netlist.kinds]
        driver = self.netlist.drivers
        of_net = np.where(driver >= 0, np.append(block, len(names) - 1)[driver], len(names) - 1)

        def summed(watts: Floats, where: npt.NDArray[np.int64]) -> Floats:
            return np.bincount(where, weights=watts, minlength=len(names)).astype(np.float64)

        columns = {
            "gates": summed(self.other_w * ~flop, block),
            "flip_flops": summed(self.other_w * flop, block),
            "switching": summed(self.net_w * ~self.clock_net, of_net),
            "clock_pins": summed(self.clock_w * ~gate, block),
            "clock_gates": summed(self.clock_w * gate, block),
            "clock_nets": summed(self.net_w * self.clock_net, of_net),
            "leakage": summed(self.leakage_w, block),
            "averaged_leakage": summed(self.averaged_w, block),
            "unconnected": summed(self.unconnected_w, block),
        }
        found = {
            name: Watts(**{key: float(column[at]) for key, column in columns.items()}) for name, at in number.items()
        }
        return {name: watts for name, watts in found.items() if name or watts.total or watts.averaged_leakage}


def block_of(instance: str, blocks: Mapping[str, str]) -> str:
    """Return the block that an instance is in: that of the longest path that its name begins with."""
    path = instance
    while path:
        path = path.rpartition(".")[0]
        if path in blocks:
            return blocks[path]
    return ""


def netlist_power(
    netlist: GateNetlist,
    library: Characterisation,
    conditions: Conditions,
    *,
    toggles: npt.ArrayLike,
    highs: npt.ArrayLike,
    cycles: int,
    states: CellStates | None = None,
    annotated: npt.ArrayLike | None = None,
) -> NetlistPower:
    """Return the power of a netlist.

    Parameters
    ----------
    netlist : GateNetlist
    library : Characterisation
        Of all its cells.
    conditions : Conditions
    toggles, highs : array_like [shape=(nets,)]
        Edges of each net, and cycles in which it was high; of a clock two edges a cycle in which it comes, and half
        of these cycles.
    cycles : int
        That were counted, from 1.
    states : CellStates, optional
        What was counted with them; without it states are products of their pins' shares of time.
    annotated : array_like of bool [shape=(nets,)], optional
        Nets whose activity is known; the others are taken to rest. By default all.

    Raises
    ------
    LibertyError
        A cell is not in the library, or has no leakage in some state.
    NetlistError
        Activity is of another netlist, or of more toggles or highs than cycles allow.
    """
    edges, ones = (np.asarray(array, np.float64) for array in (toggles, highs))
    known = np.ones(netlist.nets, bool) if annotated is None else np.asarray(annotated, bool)
    _check(netlist, edges, ones, known, cycles, states)
    edges, ones = np.where(known, edges, 0.0), np.where(known, ones, 0.0)
    edges[[LOW, HIGH]], ones[LOW], ones[HIGH] = 0.0, 0.0, cycles
    wires = conditions.wires
    loads = net_loads(
        netlist, library.cells, wires, port_f=conditions.port_f, memory_pin_f=conditions.memory_pin_f
    )
    load_f = loads.total_f
    slews = net_slews(netlist, library.cells, load_f, input_s=conditions.input_s, clock_s=conditions.clock_s)
    kinds = kind_states(netlist) if states is None else states.kinds
    shares = None if states is None else states.probabilities()
    clock_j, other_j, leakage_w, averaged_w, spare_j = np.zeros((5, len(netlist.names)))
    outside, clocks = slews.outside.copy(), np.zeros(netlist.nets, bool)
    with_energy = with_leakage = 0
    for at, kind in enumerate(kinds):
        power, cell = library.cells[kind.cell.name], kind.cell
        share = _products(netlist, kind, edges, ones, cycles) if shares is None else shares[at]
        energy = internal_energy(
            netlist, kind, power, probabilities=share, toggles=edges, slews_s=slews.seconds, load_f=load_f,
            fanouts=loads.fanouts,
        )  # fmt: skip
        clock_j[kind.instances], other_j[kind.instances] = energy.clock_j, energy.other_j
        spare_j[kind.instances] = energy.unconnected_j
        outside[kind.instances] |= energy.outside
        if power.leakage or power.averaged_w is not None:
            leakage_w[kind.instances] = leakage_of(kind, power, share)
            averaged_w[kind.instances] = power.leakage_by_state(cell).mean() if power.averaged_w is None else (
                power.averaged_w
            )
            with_leakage += len(kind.instances)
        with_energy += len(kind.instances) * bool(power.internal)
        if kind.clock:
            clocks[netlist.pins[netlist.starts[kind.instances] + cell.inputs.index(kind.clock)]] = True
    driven = (netlist.drivers >= 0) | (loads.fanouts > 0)
    coverage = Coverage(
        cells=len(netlist.names),
        cells_with_energy=with_energy,
        cells_with_leakage=with_leakage,
        nets=int(driven.sum()),
        nets_annotated=int((driven & known).sum()),
        cells_outside=int(outside.sum()),
        states_measured=states is not None,
    )
    per_second = conditions.clock_hz / cycles
    net_w = 0.5 * load_f * library.voltage_v**2 * edges * per_second
    watts = clock_j * per_second, other_j * per_second, leakage_w, averaged_w, spare_j * per_second, net_w
    return NetlistPower(netlist, *watts, clocks, loads, slews.seconds, coverage)


def leakage_of(kind: KindStates, power: CellPower, share: Floats) -> Floats:
    """Return the watts of each instance by its states.

    A clock that comes is high for half of the cycle after it.

    Parameters
    ----------
    kind : KindStates
    power : CellPower
    share : np.ndarray [shape=(instances, states), dtype=float64]
        Of the cycles in each state.

    Raises
    ------
    LibertyError
        The library says nothing of a state.
    """
    low = power.leakage_in(kind.pins(False), kind.states)[0]
    if not kind.clock:
        return share @ low
    high = power.leakage_in(kind.pins(True), kind.states)[0]
    came = np.ones(kind.states, bool) if kind.cell.clock_gate is not None else kind.values[CAME]
    return share @ np.where(came, 0.5 * (low + high), low)


def _products(netlist: GateNetlist, kind: KindStates, edges: Floats, ones: Floats, cycles: int) -> Floats:
    """Return states' shares as if all pins were independent of each other."""
    share = np.ones((len(kind.instances), kind.states))
    for at, name in enumerate(kind.variables):
        high = ones[kind.nets[:, at]] / cycles
        if name in (ENABLE, CAME) and kind.cell.flip_flop:
            clock = netlist.pins[netlist.starts[kind.instances] + kind.cell.inputs.index(kind.clock)]
            high = edges[clock] / (2 * cycles)
        high = np.clip(np.where(kind.inverted[:, at], 1.0 - high, high), 0.0, 1.0)[:, None]
        share *= np.where(kind.values[name], high, 1.0 - high)
    return share


def _check(
    netlist: GateNetlist, edges: Floats, ones: Floats, known: Any, cycles: int, states: CellStates | None
) -> None:
    for what, array in (("toggles", edges), ("highs", ones), ("annotated", known)):
        if array.shape != (netlist.nets,):
            raise NetlistError(f"{what} of shape {array.shape}, expected one for each of {netlist.nets} nets")
    if cycles < 1:
        raise NetlistError(f"activity of {cycles} cycles, expected at least one")
    for what, array, most in (("toggles", edges, np.inf), ("highs", ones, cycles)):
        wrong = np.flatnonzero(~((array >= 0) & (array <= most) & np.isfinite(array)))
        if len(wrong):
            got = f"net {wrong[0]} has {array[wrong[0]]} {what}"
            raise NetlistError(f"{got}, expected from 0 to {most} in {cycles} cycles")
    if states is not None and states.cycles != cycles:
        raise NetlistError(f"states of {states.cycles} cycles, expected {cycles} as of the nets")
