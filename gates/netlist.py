"""A netlist of standard cells as arrays: nets by number, cells with the nets of their pins, what is no cell apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from gates.errors import NetlistError
from gates.liberty import Cell, Library

__all__ = ["HIGH", "LOW", "NO_NET", "GateNetlist", "read_netlist"]

# Nets that every netlist has: tied low, tied high. A pin without a net has this number.
LOW, HIGH, NO_NET = 0, 1, -1
# Nets and cells that arrays are made for; the accelerator at full size has 150,000.
MOST = 1 << 24


@dataclass(frozen=True)
class GateNetlist:
    """A flat netlist.

    Parameters
    ----------
    cells : tuple of Cell
        The cells of the library that it has instances of.
    names : tuple of str
        Of the instances.
    kinds : np.ndarray [shape=(instances,), dtype=int32]
        Which of `cells`.
    starts : np.ndarray [shape=(instances + 1,), dtype=int64]
        Where an instance's pins begin in `pins`: inputs, then outputs, in the order of the library's cell.
    pins : np.ndarray [shape=(all pins,), dtype=int32]
        Nets, or `NO_NET` for an output that is not connected.
    nets : int
        Nets, `LOW` and `HIGH` among them.
    wires : dict of str to tuple of int
        Nets by name, bit 0 first.
    inputs, outputs : dict of str to tuple of int
        Nets of ports.
    boxes : dict of str to tuple of str and dict
        What is no cell of the library, memories: its type, and nets by pin.
    """

    cells: tuple[Cell, ...]
    names: tuple[str, ...]
    kinds: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]
    pins: npt.NDArray[np.int32]
    nets: int
    wires: Mapping[str, tuple[int, ...]]
    inputs: Mapping[str, tuple[int, ...]]
    outputs: Mapping[str, tuple[int, ...]]
    boxes: Mapping[str, tuple[str, Mapping[str, tuple[int, ...]]]]

    def cell(self, instance: int) -> Cell:
        """Return an instance's cell."""
        return self.cells[self.kinds[instance]]

    def nets_of(self, instance: int) -> dict[str, int]:
        """Return an instance's nets by pin."""
        cell = self.cell(instance)
        found = self.pins[self.starts[instance] : self.starts[instance + 1]].tolist()
        return dict(zip((*cell.inputs, *cell.outputs), found, strict=True))

    @cached_property
    def drivers(self) -> npt.NDArray[np.int32]:
        """The instance that drives each net [shape=(nets,)], or -1: a port, a memory, or tied."""
        found = np.full(self.nets, -1, np.int32)
        for kind, cell in enumerate(self.cells):
            instances = np.flatnonzero(self.kinds == kind)
            for place in range(len(cell.inputs), len(cell.inputs) + len(cell.outputs)):
                nets = self.pins[self.starts[instances] + place]
                connected = nets != NO_NET
                if np.any(found[nets[connected]] >= 0) or len(np.unique(nets[connected])) < connected.sum():
                    raise NetlistError("a net has two drivers, expected one")
                found[nets[connected]] = instances[connected]
        return found

    @cached_property
    def flip_flops(self) -> list[int]:
        """Instances that are flip-flops."""
        return self._of([kind for kind, cell in enumerate(self.cells) if cell.flip_flop])

    @cached_property
    def clock_gates(self) -> list[int]:
        """Instances that are clock gates."""
        return self._of([kind for kind, cell in enumerate(self.cells) if cell.clock_gate])

    def _of(self, kinds: list[int]) -> list[int]:
        return [int(instance) for instance in np.flatnonzero(np.isin(self.kinds, kinds))]


def read_netlist(module: Mapping[str, Any], library: Library) -> GateNetlist:
    """Return a netlist from Yosys' JSON.

    Parameters
    ----------
    module : mapping
        ``ports``, ``cells`` and ``netnames`` of a flat module.
    library : Library
        What is not among its cells becomes a box.

    Raises
    ------
    NetlistError
        An input of a cell is not connected or unknown (x), a pin has several nets, or there is too much of it.
    """
    if len(module["cells"]) > MOST:
        raise NetlistError(f"{len(module['cells']):,} instances, expected at most {MOST:,}")
    number: dict[Any, int] = {"0": LOW, "1": HIGH}

    def net(bit: Any, where: str) -> int:
        if bit in ("x", "z"):
            raise NetlistError(f"{where} is {bit}, expected a net, 0 or 1")
        return number.setdefault(bit, len(number))

    kinds: dict[str, int] = {}
    names, which, starts, pins = [], [], [0], []
    boxes: dict[str, tuple[str, Mapping[str, tuple[int, ...]]]] = {}
    for name, instance in module["cells"].items():
        kind, connections = instance["type"], instance["connections"]
        cell = library.cells.get(kind)
        if cell is None:
            boxes[name] = (
                kind,
                {
                    pin: tuple(NO_NET if bit in ("x", "z") else net(bit, "") for bit in bits)
                    for pin, bits in connections.items()
                },
            )
            continue
        for pin in cell.inputs:
            bits = connections.get(pin, ())
            if len(bits) != 1:
                raise NetlistError(f"{name[:80]} ({kind}): pin {pin} has {len(bits)} nets, expected one")
            pins.append(net(bits[0], f"{name[:80]} ({kind}): pin {pin}"))
        for pin in cell.outputs:
            bits = connections.get(pin, ())
            if len(bits) > 1:
                raise NetlistError(f"{name[:80]} ({kind}): pin {pin} has {len(bits)} nets, expected one at most")
            pins.append(net(bits[0], f"{name[:80]} ({kind}): pin {pin}") if bits else NO_NET)
        names.append(name)
        which.append(kinds.setdefault(kind, len(kinds)))
        starts.append(len(pins))
    ports: dict[str, dict[str, tuple[int, ...]]] = {"input": {}, "output": {}}
    for name, port in module["ports"].items():
        if port["direction"] not in ports:
            raise NetlistError(f"port {name[:80]} is {port['direction']}, expected input or output")
        ports[port["direction"]][name] = tuple(net(bit, f"port {name[:80]}") for bit in port["bits"])
    wires = {
        # Bits of a vector that nothing reads are left out of a netlist.
        name: tuple(NO_NET if bit in ("x", "z") else net(bit, name) for bit in wire["bits"])
        for name, wire in module["netnames"].items()
    }
    if len(number) > MOST:
        raise NetlistError(f"{len(number):,} nets, expected at most {MOST:,}")
    return GateNetlist(
        tuple(library.cells[kind] for kind in kinds),
        tuple(names),
        np.array(which, np.int32),
        np.array(starts, np.int64),
        np.array(pins, np.int32),
        len(number),
        wires,
        ports["input"],
        ports["output"],
        boxes,
    )
