"""Logic depth of a mapped netlist."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from gates.errors import NetlistError
from gates.liberty import Library


def logic_depth(module: Mapping[str, Any], library: Library) -> int:
    """Return the most gates in a row between ports, flip-flops and memories.

    Parameters
    ----------
    module : mapping
        Of a netlist that Yosys wrote as JSON.
    library : Library

    Raises
    ------
    NetlistError
        Gates form a loop.
    """
    gates = [cell for cell in module["cells"].values() if _is_gate(cell["type"], library)]
    driver: dict[Any, int] = {}
    for number, gate in enumerate(gates):
        for pin in library.cells[gate["type"]].outputs:
            driver.update(dict.fromkeys(gate["connections"].get(pin, ()), number))
    before = {
        number: {
            driver[bit]
            for pin in library.cells[gate["type"]].inputs
            for bit in gate["connections"].get(pin, ())
            if bit in driver
        }
        for number, gate in enumerate(gates)
    }
    level = [0] * len(gates)
    try:
        for number in TopologicalSorter(before).static_order():
            level[number] = 1 + max((level[earlier] for earlier in before[number]), default=0)
    except CycleError as error:
        raise NetlistError(f"{len(error.args[1]) - 1} gates of the netlist form a loop") from error
    return max(level, default=0)


def _is_gate(kind: str, library: Library) -> bool:
    # A clock gate's latch is an end, too.
    return kind in library.cells and not library.cells[kind].flip_flop and not library.cells[kind].clock_gate
