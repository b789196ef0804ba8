"""Mutants that Verilator does not tell, once more in Icarus: what is unknown there is 0 or cut short in Verilator.

A signal that nobody assigns, a word beyond an array's end: to an event-driven simulator with four values these are X,
and no output of the record may be.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from cosim.engines.icarus import IcarusEngine
from cosim.mutants.driven import Driven
from cosim.mutants.schemata import inputs_of, schemata
from rtl.build_cache import EngineError
from rtl.design import Design
from rtl.netlist import MODULE

__all__ = ["told_by_icarus"]


def told_by_icarus(
    design: Design, mutants: Mapping[str, Sequence[int]], driven: Sequence[Driven]
) -> dict[tuple[str, int], tuple[str, str]]:
    """Return scenario and first difference of each mutant that Icarus tells from the original.

    Parameters
    ----------
    design : Design
    mutants : mapping of str to sequence of int
        Numbers by module, as the design names it.
    driven : sequence of Driven
        Scenarios; those that write weights meanwhile are left out, Icarus' bench has no such port.

    Raises
    ------
    EngineError
        Icarus is missing, or tells the original from golden.
    """
    quiet = [each for each in driven if not each.scenario.weights]
    wanted = [(module, number) for module, numbers in mutants.items() for number in numbers]
    if not wanted:
        return {}
    if found := _first(design, quiet):
        raise EngineError(f"Icarus, no mutant at work, {found[0]}: {found[1]}")
    inputs = {name: inputs_of(module.text) for name, module in design.modules.items()}
    told = {}
    for module, number in wanted:
        original = design.modules[module]
        text = schemata(module.removeprefix(MODULE), original.text, f"{number}", inputs, only={number}).text
        mutated = dataclasses.replace(
            design, modules={**design.modules, module: dataclasses.replace(original, text=text)}
        )
        if found := _first(mutated, quiet):
            told[module, number] = found
    return told


def _first(design: Design, driven: Sequence[Driven]) -> tuple[str, str] | None:
    for each in driven:
        engine = IcarusEngine(design)
        try:
            difference = each.compared(engine)
        except EngineError as error:
            # What it printed names the field that is unknown.
            difference = str(error).splitlines()[0]
        finally:
            engine.close()
        if difference:
            return each.scenario.name, difference
    return None
