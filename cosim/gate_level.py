"""The accelerator in gates: every block's mapped netlist in place of its RTL, for the same engines and scoreboard.

What joins the blocks and the memory wrapper stay as they are, so a difference is in a netlist or in its cells.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from rtl.design import Design
from rtl.netlist import MODULE, Module
from rtl.synthesis.liberty import Library
from rtl.synthesis.synthesise import Netlist, leaf_names

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
    gates = {name: dataclasses.replace(design.modules[name], text=netlists[name].text) for name in leaf_names(design)}
    cells = Module(CELLS, (), library.verilog())
    return dataclasses.replace(design, modules={CELLS: cells} | design.modules | gates)
