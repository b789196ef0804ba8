"""Logic of an accelerator in NAND2 equivalents by block, from synthesis; each leaf is mapped once and kept."""

from __future__ import annotations

from collections.abc import Callable

from gates.liberty import Library
from golden.specification import Specification
from rtl.design import TOP, build_design
from rtl.netlist import MODULE
from rtl.synthesis.hierarchy import instances_of, leaf_names, leaves_in
from rtl.synthesis.synthesise import synthesise_leaf


def gates_by_block(
    spec: Specification, library: Library, *, each: Callable[[str], object] = lambda name: None
) -> dict[str, float]:
    """Return the NAND2 equivalents of every block of the accelerator, memories left out.

    A leaf whose Verilog two accelerators share is mapped once for both: its netlist is kept by what it depends on.

    Parameters
    ----------
    spec : Specification
    library : Library
    each : callable, optional
        Called with the name of each leaf before its turn.

    Returns
    -------
    dict of str to float
        By block as activity names them, those without logic left out.

    Raises
    ------
    SynthesisError
        Yosys is not installed or refuses, or maps to a cell that has no model.
    """
    design = build_design(spec)
    areas: dict[str, float] = {}
    for name in leaf_names(design):
        each(name.removeprefix(MODULE))
        cells = synthesise_leaf(design, name, library).cells
        areas[name] = sum(library.cells[cell].area * count for cell, count in cells.items())
    found = {}
    for block, times in instances_of(design, TOP).items():
        area = sum(areas[leaf] * count for leaf, count in leaves_in(design, block).items())
        if area:
            found[block.removeprefix(MODULE)] = times * area / library.nand2_area
    return found
