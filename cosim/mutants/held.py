"""Mutants that make a process without memory keep a value: an assignment that is left out leaves the latest one.

A simulation may never tell, where it was the same; in hardware it would be a latch, or, of a local variable, anything.
Slang follows every path of a process and says what may not be assigned on it. What is clocked is read as if it were
not, and its registers, which may keep their value, are left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pyslang.analysis import AnalysisManager
from pyslang.ast import Compilation
from pyslang.syntax import SyntaxTree

from cosim.mutants.schemata import inputs_of, schemata
from rtl.netlist import MODULE

__all__ = ["held_signals", "held_values"]

# What may leave an assignment out.
_LEAVE_OUT = ("assignment", "turn", "condition")
# A register is what is assigned at an edge.
_REGISTER = re.compile(r"^\s*(\w+)(?:\[[^;]*?\])?\s*<=", re.MULTILINE)
_PROCESS = re.compile(r"\balways @(?:\*|\([^)]*\))")
# Only a loop with a variable of its own is gone through turn by turn.
_LOOP = re.compile(r"\bfor \((?=\w+=)")


def held_signals(text: str) -> frozenset[str]:
    """Return the signals of a Verilog module that keep a value and are no registers; a word of an array each.

    Parameters
    ----------
    text : str
        A Verilog file of one module.
    """
    changed = _LOOP.sub("for (int ", _PROCESS.sub("always_comb", text))
    compilation = Compilation()
    compilation.addSyntaxTree(SyntaxTree.fromText(changed))
    # Analysis is of what is complete.
    compilation.getSemanticDiagnostics()
    manager = AnalysisManager()
    manager.analyze(compilation)
    found = {str(each.args[0]) for each in manager.getDiagnostics() if "InferredLatch" in str(each.code)}
    registers = set(_REGISTER.findall(text))
    return frozenset(name for name in found if name.split("[")[0] not in registers)


def held_values(modules: Mapping[str, str], module: str, numbers: Sequence[int]) -> dict[int, str]:
    """Return those mutants of a module that keep a value which the original does not, with the name of a signal.

    Parameters
    ----------
    modules : mapping of str to str
        Text by name, of `module` and of what it instantiates.
    module : str
    numbers : sequence of int
        Of mutants, as `cosim.mutants.schemata.schemata` counts them.
    """
    inputs = {name: inputs_of(text) for name, text in modules.items()}
    name, text = module.removeprefix(MODULE), modules[module]
    mutants = schemata(name, text, "0", inputs, only=()).mutants
    original = held_signals(text)
    held = {}
    for number in numbers:
        if mutants[number - 1].kind not in _LEAVE_OUT:
            continue
        # The number is a constant here: what is not chosen is not there.
        more = held_signals(schemata(name, text, f"{number}", inputs, only={number}).text) - original
        if more:
            held[number] = min(more)
    return held
