"""A module and its mutants as one circuit of gates, registers cut, for a solver.

Each register becomes an input, its state, and an output, its next state. The mutant's number stays an input: the
circuit with 0 for it is the original, with another number that mutant.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cosim.mutants.logic import Folding, Logic, read_logic, renamed_literal
from cosim.mutants.population import populate
from rtl.netlist import MODULE
from rtl.scratch import scratch_folder
from rtl.synthesis.yosys import run_yosys

__all__ = ["Circuit", "circuits"]

_SELECTOR, _SELECTOR_BITS = "rsnn_mutant", 16
_HOLDS = "rsnn_holds"
_STATE, _NEXT, _CLOCK = ".q", ".d", ".c"
_MEMORY = f"{MODULE}memory"
_PREPARED = (
    # Of a table proc would make a memory, whose words are registers. What a mutant holds, a latch, becomes a register.
    *("proc -norom", "async2sync", "opt_expr", "opt_muxtree"),
    # Integers that point into an array have 32 bits, of which few are used; registers stay as they are.
    *("wreduce t:$eq t:$mux t:$pmux", "opt_expr", "opt_clean"),
    *("flatten", "opt_expr", "opt_clean", "memory", "opt_expr", "techmap", "opt_expr"),
    *("dfflegalize -cell $_DFF_P_ x", "techmap", "opt_expr", "opt_clean", f"splitnets -ports w:* w:{_SELECTOR} %d"),
    # A register without a clock is a latch that a mutant made: it may hold anything.
    *("expose -dff -evert-dff", "cutpoint t:$_DFF* t:$_FF_", "opt_merge", "opt_clean -purge"),
)
# Stands for a bank: whatever it may have been made to hold, it has to be read and written as before.
_BANK = f"""
module {_MEMORY} #(parameter DEPTH = 4, parameter WIDTH = 4, parameter ADDRESS_BITS = 2, parameter CONTENTS = "") (
    input wire clk, input wire write, input wire [ADDRESS_BITS-1:0] write_address, input wire [WIDTH-1:0] write_row,
    input wire read, input wire [ADDRESS_BITS-1:0] address, output wire [WIDTH-1:0] row
);
    // What it gives may be anything: a register's state is cut, and of this one no more is asked.
    reg [WIDTH-1:0] rsnn_anything;
    assign row = rsnn_anything;
    (* keep *) reg rsnn_written, rsnn_taken;
    (* keep *) reg [ADDRESS_BITS-1:0] rsnn_written_address, rsnn_taken_address;
    (* keep *) reg [WIDTH-1:0] rsnn_written_row;
    localparam [31:0] ROWS = DEPTH;
    // Beyond its depth a bank is neither written nor read.
    wire writes = write && {{1'b0, write_address}} < ROWS[ADDRESS_BITS:0];
    wire reads = read && {{1'b0, address}} < ROWS[ADDRESS_BITS:0];
    always @(posedge clk) begin
        rsnn_written <= writes;
        rsnn_written_address <= writes ? write_address : 0;
        rsnn_written_row <= writes ? write_row : 0;
        rsnn_taken <= reads;
        rsnn_taken_address <= reads ? address : 0;
        rsnn_anything <= ~rsnn_anything;
    end
endmodule
"""


# What Verilog leaves unknown.
_UNKNOWN = ("zero", "one")
_DONE_TO_A_BANK, _FROM_A_BANK = re.compile(r"\brsnn_(written|taken)"), re.compile(r"\brsnn_anything\b")
_INSTANCES = re.compile(rf"^ +({MODULE}\w+)\b[^;]*?\(\n", re.MULTILINE)


@dataclass(frozen=True)
class Circuit:
    """A circuit with a number that chooses the mutant.

    Parameters
    ----------
    logic : Logic
        May have loops: of a mutant, or of two that are never chosen together.
    selector : tuple of int
        Literals of the bits of the mutant's number, lowest first.
    outputs : tuple of int
        Literals of outputs, and of nets that are watched besides.
    following : dict of int to int
        Literal of the next state by the variable of the state, of each bit of a register.
    holds : tuple of int
        Literals of expressions (`circuits`).
    """

    logic: Logic
    selector: tuple[int, ...]
    outputs: tuple[int, ...]
    following: dict[int, int]
    holds: tuple[int, ...] = ()

    def chosen(self, number: int) -> list[int]:
        """Return the literals that are true where a mutant is at work."""
        return [bit if number >> place & 1 else -bit for place, bit in enumerate(self.selector)]

    def states(self, folding: Folding, *, also: Sequence[int] = ()) -> frozenset[int]:
        """Return the states that the original's outputs depend on, in whichever cycle; a mutant may have others.

        Parameters
        ----------
        folding : Folding
            Of this circuit's logic.
        also : sequence of int
            Literals besides the outputs.
        """
        found: set[int] = set()
        waiting = [*self.outputs, *also]
        while waiting:
            folded = folding.folded(self.chosen(0), waiting)
            read = {abs(each) for given in folded.gates.values() for each in given}
            new = (read | set(map(abs, folded.literals))) & set(self.following) - found
            found |= new
            waiting = [self.following[state] for state in new]
        return frozenset(found)


def circuits(
    modules: Mapping[str, str],
    mutants: Mapping[str, Sequence[int]],
    top: str,
    *,
    watched: Sequence[str] = (),
    holds: Sequence[str] = (),
) -> tuple[dict[tuple[str, int], int], tuple[Circuit, ...]]:
    """Return a design with mutants of some of its modules.

    There are two circuits: in one all that Verilog leaves unknown is 0, in the other 1. What is known in the original
    and unknown in a mutant differs in one of them, and an unknown that nobody looks at in neither.

    Parameters
    ----------
    modules : mapping of str to str
        Text by name, of `top` and of all that stands in it.
    mutants : mapping of str to sequence of int
        Their numbers by module, as `cosim.mutants.schemata.schemata` counts them.
    top : str
        What it instantiates is seen as one with it; of banks of memory what is done to them is an output, and what they
        give may be anything.
    watched : sequence of str
        Nets of `top` that are outputs besides; no ports.
    holds : sequence of str
        Expressions over nets of `top`.

    Returns
    -------
    selections : dict of (str, int) to int
        The number that the circuits take for a module's mutant; 0 is the original.
    circuits : tuple of Circuit

    Raises
    ------
    SynthesisError
        Yosys is not installed, or fails.
    """
    population = populate(modules, _SELECTOR, mutants)
    assert max(population.selections.values(), default=0) < 1 << _SELECTOR_BITS, "the selector has fewer bits"
    texts = {**modules, **population.texts}
    # A memory that is looked at itself is a small one.
    narrow = [f"chparam -set DEPTH 5 -set WIDTH 3 -set ADDRESS_BITS 3 {_MEMORY}"] if top == _MEMORY else []
    if top != _MEMORY:
        assert _MEMORY not in mutants, "a bank stands in the place of the memory and of its mutants"
        texts[_MEMORY] = _BANK
    stated = "".join(f"    wire {_HOLDS}_{at} = ({each}) != 0;\n" for at, each in enumerate(holds))
    body, end = texts[top].rsplit("endmodule", 1)
    texts[top] = f"{body}{stated}endmodule{end}"
    exposed = " ".join(f"w:{net}" for net in (*watched, *(f"{_HOLDS}_{at}" for at in range(len(holds)))))
    with scratch_folder("mutants") as folder:
        (folder / "mutated.v").write_text("".join(_selected(texts, mutants).values()))
        script = ["read_verilog -mem2reg -DSYNTHESIS mutated.v", *narrow, f"hierarchy -check -top {top}"]
        script += [f"cd {top}", f"expose {exposed}", "cd .."] if exposed else []
        script += _PREPARED
        for unknown in _UNKNOWN:
            script += ["design -save cut", f"setundef -undriven -{unknown}", f"setundef -{unknown}"]
            script += ["aigmap", "opt_merge", "opt_clean -purge", f"write_json {unknown}.json", "design -load cut"]
        run_yosys(script, folder)
        made = [json.loads((folder / f"{unknown}.json").read_text())["modules"][top] for unknown in _UNKNOWN]
    return population.selections, tuple(_circuit(read_logic(module)) for module in made)


def _circuit(logic: Logic) -> Circuit:
    following: dict[int, int] = {}
    outputs: list[int] = []
    holds: dict[int, int] = {}
    # A register has a state for each of its names. What takes the same at every edge is the same from the first one on.
    first: dict[int, int] = {}
    same: dict[int, int] = {}
    anything = {bits[0] for name, bits in logic.outputs.items() if name.endswith(_NEXT) and _FROM_A_BANK.search(name)}
    for name, bits in logic.outputs.items():
        if name.endswith(_NEXT):
            (state,), (new,) = logic.inputs[name.removesuffix(_NEXT) + _STATE], bits
            same[state] = first.setdefault(new, state)
            if new in anything:
                continue
            following[same[state]] = new
            if _DONE_TO_A_BANK.search(name):
                outputs.append(new)
        elif name.endswith(_CLOCK):
            continue
        elif name.startswith(_HOLDS):
            (holds[int(name.removeprefix(f"{_HOLDS}_"))],) = bits
        else:
            outputs += bits

    def renamed(literals: Iterable[int]) -> tuple[int, ...]:
        return tuple(renamed_literal(literal, same) for literal in literals)

    gates = {out: renamed(given) for out, given in logic.gates.items()}

    return Circuit(
        Logic(gates, logic.inputs, logic.outputs),
        logic.inputs.get(_SELECTOR, ()),
        renamed(outputs),
        {state: renamed([new])[0] for state, new in following.items()},
        renamed(holds[at] for at in sorted(holds)),
    )


def _selected(texts: Mapping[str, str], chosen: Iterable[str]) -> dict[str, str]:
    """Return modules that hand the mutant's number down from every one of them to those chosen."""
    have, inside = set(chosen), {name: set(_INSTANCES.findall(text)) for name, text in texts.items()}
    while more := {parent for parent in texts if parent not in have and have & inside[parent]}:
        have |= more
    changed = {}
    for name, text in texts.items():
        for child in sorted(have & inside[name]):
            instance = re.compile(rf"^ *{child}\b\s*(?:#\((?:[^()]|\([^()]*\))*\)\s*)?\w+ \(", re.MULTILINE)
            text = instance.sub(rf"\g<0>\n        .{_SELECTOR}({_SELECTOR}),", text)
        changed[name] = _with_input(text, name) if name in have else text
    return changed


def _with_input(text: str, module: str) -> str:
    """Return a module with the mutant's number as its first input."""
    head = re.search(rf"module {module}\b\s*(?:#\(.*?\)\s*)?\(\n", text, re.DOTALL)
    assert head is not None, "modules of a design have ports"
    ansi = re.match(r"\s*(input|output)\b", text[head.end() :]) is not None
    width = f"[{_SELECTOR_BITS - 1}:0]"
    port = f"    {f'input wire {width} ' if ansi else ''}{_SELECTOR},\n"
    text = text[: head.end()] + port + text[head.end() :]
    if ansi:
        return text
    end = text.index("\n);\n", head.end()) + len("\n);\n")
    return f"{text[:end]}\ninput {width} {_SELECTOR};\n{text[end:]}"
