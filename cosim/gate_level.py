"""The accelerator in gates: every block's mapped netlist in place of its RTL, for the same engines and scoreboard.

What joins the blocks and the memory wrapper stay as they are, so a difference is in a netlist or in its cells.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping

from gates.liberty import Library
from rtl.design import Design
from rtl.netlist import MODULE, Module
from rtl.synthesis.hierarchy import leaf_names
from rtl.synthesis.synthesise import Netlist

CELLS = f"{MODULE}cells"


def gate_level(design: Design, netlists: Mapping[str, Netlist], library: Library) -> Design:
    """Return a design whose leaves are netlists, with models of their cells made from the library's functions.

    Parameters
    ----------
    design : Design
    netlists : mapping of str to Netlist
        Of every leaf of `design`, by module; others are ignored.
    library : Library

    Returns
    -------
    Design
        Zero delay: what a gate costs in time is for timing analysis.

    Raises
    ------
    KeyError
        A leaf has no netlist.
    """
    gates = {
        name: dataclasses.replace(design.modules[name], text=with_scalar_outputs(netlists[name].text))
        for name in leaf_names(design)
    }
    cells = Module(CELLS, (), library.verilog())
    return dataclasses.replace(design, modules={CELLS: cells} | design.modules | gates)


def with_scalar_outputs(text: str) -> str:
    """Return a netlist whose gates drive a wire a bit, joined once for each output.

    Icarus resolves a vector anew for each driver of one of its bits: with a gate a bit, a register of thousands of bits
    costs a million steps a cycle.
    """
    for signed, high, name in re.findall(r"^  output (signed )?\[(\d+):0\] (\w+);$", text, re.MULTILINE):
        bits = [f"{name}_bit_{bit}" for bit in range(int(high) + 1)]
        declared = f"  output {signed}[{high}:0] {name};\n"
        text = re.sub(rf"\b{name}\[(\d+)\]", rf"{name}_bit_\1", text)
        # Bits that come straight from an input are assigned several at once.
        for high_bit, low_bit in set(re.findall(rf"\b{name}\[(\d+):(\d+)\]", text)):
            parts = ", ".join(bits[bit] for bit in range(int(high_bit), int(low_bit) - 1, -1))
            text = re.sub(rf"\b{name}\[{high_bit}:{low_bit}\]", f"{{{parts}}}", text)
        text = text.replace(declared, declared + "".join(f"  wire {bit};\n" for bit in bits))
        joined = f"  assign {name} = {{{', '.join(reversed(bits))}}};\nendmodule"
        text = text.replace("endmodule", joined)
    return text
