"""Clock gates in a netlist: flip-flops of the same enable get their clock through one gate, not a multiplexer each.

Yosys' ``clockgate`` takes flip-flops with an enable and no reset. Nearly all here have a synchronous reset, too, and
become such first: the reset turns into data, and enables.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gates.liberty import Library
from gates.liberty_function import parse_function, pins_of
from rtl.synthesis.yosys import SynthesisError

# A gate serves at least so many flip-flops: below, its own clock pin and latch take what it saves.
LEAST_SERVED = 4
RESET_MAP = "reset_as_data.v"
_TYPES = " ".join(f"$_SDFFE_P{reset}{value}{enable}_" for reset in "PN" for value in "01" for enable in "PN")
# The last characters of a type's name: reset's polarity and value, enable's polarity, and an underscore.
RESET_AS_DATA = f"""(* techmap_celltype = "{_TYPES}" *)
module reset_as_data (input C, input D, input R, input E, output Q);
    parameter _TECHMAP_CELLTYPE_ = "";
    wire reset = _TECHMAP_CELLTYPE_[4*8-1:3*8] == "N" ? ~R : R;
    wire value = _TECHMAP_CELLTYPE_[3*8-1:2*8] == "1";
    wire enable = _TECHMAP_CELLTYPE_[2*8-1:1*8] == "N" ? ~E : E;
    wire _TECHMAP_REMOVEINIT_Q_ = 1'b1;
    \\$_DFFE_PP_ _TECHMAP_REPLACE_ (.C(C), .D(reset ? value : D), .E(enable | reset), .Q(Q));
endmodule
"""


def clock_gating_commands(library: Library, least: int = LEAST_SERVED) -> list[str]:
    """Return Yosys' commands after ``synth``; none for a library without a clock gate. They read `RESET_MAP`."""
    cell = library.clock_gate
    if cell is None or cell.clock_gate is None:
        return []
    pins = cell.clock_gate
    test = "" if pins.test is None else f" -tie_lo {pins.test}"
    return [
        *(f"techmap -map {RESET_MAP}", "simplemap", "opt_expr", "opt_merge", "opt_clean"),
        f"clockgate -min_net_size {least} -pos {cell.name} {pins.enable}:{pins.clock}:{pins.output}{test}",
        "opt_clean",
    ]


def gated_flip_flops(module: Mapping[str, Any], library: Library) -> int:
    """Return how many flip-flops of a netlist (Yosys' JSON) get their clock from a clock gate.

    A gate is right if its enable is stable while the clock is low and from there to the rising edge. It is, where all
    flip-flops have their edge where one clock of the netlist rises, through a gate or directly, and gates are clocked
    by that one, too: then an enable is gates alone of flip-flops and ports, and what drives ports is of the same kind.

    Raises
    ------
    SynthesisError
        A netlist with clock gates is not so.
    """
    cells = [
        (name, library.cells[cell["type"]], cell["connections"])
        for name, cell in module["cells"].items()
        if cell["type"] in library.cells
    ]
    gates = {
        wires[cell.clock_gate.output][0]: wires[cell.clock_gate.clock][0] for _, cell, wires in cells if cell.clock_gate
    }
    count, roots = 0, set(gates.values())
    for name, cell, wires in cells:
        if cell.flip_flop:
            edge = cell.flip_flop["clocked_on"]
            pins = pins_of(parse_function(edge))
            clock = wires[min(pins)][0]
            if gates and (len(pins) != 1 or parse_function(edge) != parse_function(min(pins))):
                raise SynthesisError(f"{name} is clocked on {edge}, expected a rising edge beside clock gates")
            count += clock in gates
            roots.add(gates.get(clock, clock))
    inputs = {bit for port in module["ports"].values() if port["direction"] == "input" for bit in port["bits"]}
    if gates and (len(roots) != 1 or not roots <= inputs):
        raise SynthesisError(f"{len(roots)} clocks, expected one, a port, beside clock gates")
    return count
