"""Mutants that make a process without memory keep a value: an assignment that is left out leaves the latest one.

A simulation may never tell, where it was the same; in hardware it would be a latch, or, of a local variable, anything.
Yosys says which signals a process may keep. What is clocked is read as if it were not, and its registers, which may,
are left out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from cosim.mutants.schemata import inputs_of, schemata
from rtl.netlist import MODULE
from rtl.scratch import scratch_folder
from rtl.synthesis.yosys import run_yosys

__all__ = ["held_values"]

_NAME = "rsnn_mutant_"
# What may leave an assignment out. Yosys takes a second for each mutant of a large block.
_LEAVE_OUT = ("assignment", "turn", "condition")
# A register is what is assigned at an edge.
_REGISTER = re.compile(r"^\s*(\w+)(?:\[[^;]*?\])?\s*<=", re.MULTILINE)
_HELD = re.compile(rf"Latch inferred for signal `\\{_NAME}(\d+)\.\\([\w.]+)")


def held_values(modules: Mapping[str, str], module: str, numbers: Sequence[int]) -> dict[int, str]:
    """Return those mutants of a module that keep a value which the original does not, with the name of a signal.

    Parameters
    ----------
    modules : mapping of str to str
        Text by name, of `module` and of what it instantiates.
    module : str
    numbers : sequence of int
        Of mutants, as `cosim.mutants.schemata.schemata` counts them.

    Raises
    ------
    SynthesisError
        Yosys is not installed, or refuses a mutant.
    """
    inputs = {name: inputs_of(text) for name, text in modules.items()}
    kinds = [mutant.kind for mutant in schemata(module.removeprefix(MODULE), modules[module], "0", inputs).mutants]
    numbers = [number for number in numbers if kinds[number - 1] in _LEAVE_OUT]
    if not numbers:
        return {}
    with scratch_folder("held") as folder:
        for number in (0, *numbers):
            # The number is a constant here: what is not chosen is not there.
            text = schemata(module.removeprefix(MODULE), modules[module], f"{number}", inputs, only={number}).text
            text = re.sub(rf"\bmodule {module}\b", f"module {_NAME}{number}", text)
            (folder / f"{number}.v").write_text(text.replace("@(posedge clk)", "@*"))
        log = run_yosys([*(f"read_verilog -DSYNTHESIS {number}.v" for number in (0, *numbers)), "proc"], folder)
    registers = set(_REGISTER.findall(modules[module]))
    held: dict[int, set[str]] = defaultdict(set)
    for number, signal in _HELD.findall(log):
        if signal not in registers:
            held[int(number)].add(signal)
    return {number: min(held[number] - held[0]) for number in numbers if held[number] - held[0]}
