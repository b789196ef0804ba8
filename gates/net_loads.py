"""What each net of a netlist has to charge: the pins that it drives, and a wire by a wire-load model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gates.characterisation import CellPower
from gates.errors import LibertyError
from gates.netlist import HIGH, LOW, NO_NET, GateNetlist
from gates.wire_load import WireLoad

__all__ = ["NetLoads", "net_loads"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class NetLoads:
    """Loads by net, in farads.

    Parameters
    ----------
    pins_f, wire_f : np.ndarray [shape=(nets,), dtype=float64]
        Of the input pins that a net drives, memories' and ports' included, and of its wire.
    fanouts : np.ndarray [shape=(nets,), dtype=int64]
        Those pins.
    """

    pins_f: Floats
    wire_f: Floats
    fanouts: npt.NDArray[np.int64]

    @property
    def total_f(self) -> Floats:
        """Pins and wire."""
        return self.pins_f + self.wire_f


def net_loads(
    netlist: GateNetlist,
    cells: Mapping[str, CellPower],
    wires: WireLoad | None,
    *,
    port_f: float = 0.0,
    memory_pin_f: float = 0.0,
) -> NetLoads:
    """Add up what nets drive.

    Parameters
    ----------
    netlist : GateNetlist
    cells : mapping of str to CellPower
    wires : WireLoad or None
        None: no wires.
    port_f, memory_pin_f : float
        Farads of an output port, and of an input of a memory.

    Raises
    ------
    LibertyError
        A cell, or the capacitance of an input, is not in the library.
    """
    pins_f = np.zeros(netlist.nets)
    fanouts = np.zeros(netlist.nets, np.int64)
    for kind, cell in enumerate(netlist.cells):
        power = cells.get(cell.name)
        if power is None:
            raise LibertyError(f"cell {cell.name} of the netlist is not in the library that gives power")
        starts = netlist.starts[:-1][netlist.kinds == kind]
        for place, pin in enumerate(cell.inputs):
            if pin not in power.capacitance_f:
                raise LibertyError(f"{power.where}: cell {cell.name}: pin {pin} has no capacitance")
            driven = np.bincount(netlist.pins[starts + place], minlength=netlist.nets)
            fanouts += driven
            pins_f += driven * power.capacitance_f[pin]
    given = {net for nets in netlist.inputs.values() for net in nets}
    for _, pins in netlist.boxes.values():
        for nets in pins.values():
            for net in nets:
                # A memory's own outputs are driven by nothing else.
                if net != NO_NET and (netlist.drivers[net] >= 0 or net in given):
                    fanouts[net] += 1
                    pins_f[net] += memory_pin_f
    for nets in netlist.outputs.values():
        for net in nets:
            if net != NO_NET:
                fanouts[net] += 1
                pins_f[net] += port_f
    # What is tied is tied where it is needed.
    fanouts[[LOW, HIGH]] = 0
    pins_f[[LOW, HIGH]] = 0
    wire_f = np.zeros(netlist.nets) if wires is None else wires.capacitance_f(fanouts)
    return NetLoads(pins_f, wire_f, fanouts)
