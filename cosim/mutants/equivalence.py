"""Mutants that no stimulus can tell from the original: proved by a SAT solver, registers cut.

The module as it is and the module with its survivors in it, the mutant's number an input of both, go into one miter:
each register that both have becomes an input, its state, and an output, its next state. For each number the solver then
looks for a state and an input for which an output differs. A mutant that differs may still be equal where it stands:
its neighbours may never bring that state or input about.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from cosim.mutants.schemata import inputs_of, schemata
from rtl.netlist import MODULE
from rtl.scratch import scratch_folder
from rtl.synthesis.yosys import LOG, run_yosys

__all__ = ["proved_equal"]

_SELECTOR = "rsnn_mutant"
_PREPARED = (
    # Nothing that looks at what a register may hold: both sides have to keep all of them.
    *("proc", "flatten", "opt_expr", "opt_clean", "memory", "opt_expr", "techmap", "opt_expr"),
    *("dfflegalize -cell $_DFF_P_ x -cell $_DLATCH_P_ x", "techmap", "techmap -map latch.v", "opt_expr", "opt_clean"),
    f"splitnets -ports w:* w:{_SELECTOR} %d",
)
# A mutant that leaves an assignment out may make a latch: what it holds while it is closed may be anything.
_LATCH = """
module \\$_DLATCH_P_ (input E, input D, output Q);
    wire held;
    \\$anyseq #(.WIDTH(1)) any (.Y(held));
    assign Q = E ? D : held;
endmodule
"""
_MARK = "rsnn: mutant"
# In Yosys' words. Were they others some day, nothing would be proved.
_EQUAL = re.compile(r"no model found: SUCCESS!$")
# For one mutant, and for all of a module: what takes longer is not proved.
_SECONDS, MOST_SECONDS = 20, 600


def proved_equal(modules: Mapping[str, str], module: str, numbers: Sequence[int]) -> frozenset[int]:
    """Return those mutants of a module that are the module, whatever its inputs and the state of its registers.

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
        Yosys is not installed, or fails.
    """
    if not numbers:
        return frozenset()
    with scratch_folder("mutants") as folder:
        script = _script(folder, modules, module, numbers)
        try:
            log = run_yosys(script, folder, timeout_s=MOST_SECONDS)
        except TimeoutError:
            # What was proved until then is.
            log = (folder / LOG).read_text(errors="replace") if (folder / LOG).is_file() else ""
    equal, asked = set(), 0
    for line in log.splitlines():
        if line.startswith(_MARK):
            asked = int(line.split()[-1])
        elif asked and _EQUAL.search(line):
            equal.add(asked)
    return frozenset(equal)


def _script(folder: Path, modules: Mapping[str, str], module: str, numbers: Sequence[int]) -> list[str]:
    """Write the files of a run and return what Yosys is to do with them."""
    inputs = {name: inputs_of(text) for name, text in modules.items()}
    mutated = schemata(module.removeprefix(MODULE), modules[module], _SELECTOR, inputs, only=frozenset(numbers))
    sides = {"original": modules[module], "mutated": mutated.text}
    (folder / "latch.v").write_text(_LATCH)
    script = []
    for side, text in sides.items():
        (folder / f"{side}.v").write_text(_with_input(text, module))
        script += [f"read_verilog -mem2reg -DSYNTHESIS {side}.v"]
        for name, other in modules.items():
            if name != module:
                (folder / f"{name}.v").write_text(other)
                script.append(f"read_verilog -mem2reg -DSYNTHESIS {name}.v")
        script += [f"hierarchy -check -top {module}", *_PREPARED, f"design -stash {side}"]
    script += [f"design -copy-from {side} -as {side} {module}" for side in sides]
    script += [
        "expose -dff -evert-dff -shared original mutated",
        "miter -equiv -flatten original mutated miter",
        "hierarchy -top miter",
        *("techmap", "opt_clean -purge"),
        # Registers that only one side has may hold anything.
        *("cutpoint t:$_DFF*", "opt_clean -purge"),
    ]
    for number in numbers:
        proof = f"sat -timeout {_SECONDS} -set in_{_SELECTOR} {number} -prove trigger 0 miter"
        script += [f"log {_MARK} {number}", proof]
    return script


def _with_input(text: str, module: str) -> str:
    """Return a module with the mutant's number as its first input."""
    head = re.search(rf"module {module}\b\s*(?:#\(.*?\)\s*)?\(\n", text, re.DOTALL)
    assert head is not None, "modules of a design have ports"
    ansi = re.match(r"\s*(input|output)\b", text[head.end() :]) is not None
    port = f"    {'input wire [15:0] ' if ansi else ''}{_SELECTOR},\n"
    text = text[: head.end()] + port + text[head.end() :]
    if ansi:
        return text
    end = text.index("\n);\n", head.end()) + len("\n);\n")
    return f"{text[:end]}\ninput [15:0] {_SELECTOR};\n{text[end:]}"
