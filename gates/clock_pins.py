"""Which pin of a cell is its clock."""

from __future__ import annotations

from gates.errors import NetlistError
from gates.liberty import Cell
from gates.liberty_function import parse_function, pins_of

__all__ = ["clock_pin_of"]


def clock_pin_of(cell: Cell) -> str:
    """Return the clock pin of a flip-flop or clock gate; nothing of a gate.

    Raises
    ------
    NetlistError
        A flip-flop is not clocked by one pin.
    """
    if cell.clock_gate is not None:
        return str(cell.clock_gate.clock)
    if not cell.flip_flop:
        return ""
    pins = pins_of(parse_function(cell.flip_flop["clocked_on"]))
    if len(pins) != 1:
        raise NetlistError(f"{cell.name} is clocked on {cell.flip_flop['clocked_on'][:40]}, expected one pin")
    return str(*pins)
