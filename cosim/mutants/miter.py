"""A module and its mutants side by side as one circuit of gates, registers cut, for a solver.

Yosys reads both; each register that both have becomes an input, its state, and an output, its next state; one output
says whether anything differs. The mutant's number stays an input, so that one circuit serves for all of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cosim.mutants.population import populate
from rtl.netlist import MODULE
from rtl.scratch import scratch_folder
from rtl.synthesis.yosys import run_yosys

__all__ = ["Circuit", "loops_of", "miter"]

_SELECTOR, _SELECTOR_BITS = "rsnn_mutant", 16
_UNKNOWN = ("zero", "one")
_MEMORY = f"{MODULE}memory"
_PREPARED = (
    # Nothing that looks at what a register may hold: both sides have to keep all of them. Of a table proc would make a
    # memory, whose words are registers. What two mutants together hold, a latch, becomes a register that one side has.
    *("proc -norom", "async2sync", "flatten", "opt_expr", "opt_clean", "memory", "opt_expr", "techmap", "opt_expr"),
    *("dfflegalize -cell $_DFF_P_ x", "techmap", "opt_expr", "opt_clean", f"splitnets -ports w:* w:{_SELECTOR} %d"),
)
# Stands for a bank: whatever it may have been made to hold, it has to be read and written as before.
_BANK = f"""
module {_MEMORY} #(parameter DEPTH = 4, parameter WIDTH = 4, parameter ADDRESS_BITS = 2, parameter CONTENTS = "") (
    input wire clk, input wire write, input wire [ADDRESS_BITS-1:0] write_address, input wire [WIDTH-1:0] write_row,
    input wire read, input wire [ADDRESS_BITS-1:0] address, output reg [WIDTH-1:0] row
);
    (* keep *) reg written, taken;
    (* keep *) reg [ADDRESS_BITS-1:0] written_address, taken_address;
    (* keep *) reg [WIDTH-1:0] written_row;
    localparam [31:0] ROWS = DEPTH;
    // Beyond its depth a bank is neither written nor read.
    wire writes = write && {{1'b0, write_address}} < ROWS[ADDRESS_BITS:0];
    wire reads = read && {{1'b0, address}} < ROWS[ADDRESS_BITS:0];
    always @(posedge clk) begin
        written <= writes;
        written_address <= writes ? write_address : 0;
        written_row <= writes ? write_row : 0;
        taken <= reads;
        taken_address <= reads ? address : 0;
        row <= ~row;
    end
endmodule
"""


_INSTANCES = re.compile(rf"^ +({MODULE}\w+)\b[^;]*?\(\n", re.MULTILINE)


@dataclass(frozen=True)
class Circuit:
    """A circuit as a formula for a solver, with a number that chooses the mutant and one output.

    Parameters
    ----------
    clauses : tuple of tuple of int
        Of literals: a variable's number, from 1, or its negative.
    selector : tuple of int
        Literals of the bits of the mutant's number, lowest first.
    differs : int
        Literal that is true where anything differs.
    loops : tuple of (int, int)
        Variables of a gate's input and output, of the gates that lie on combinational loops: two mutants may make one
        that are never chosen together, or one mutant alone. Of a loop the formula says nothing that can be used: one
        that inverts has no solution at all.
    """

    clauses: tuple[tuple[int, ...], ...]
    selector: tuple[int, ...]
    differs: int
    loops: tuple[tuple[int, int], ...] = ()


def miter(
    modules: Mapping[str, str], mutants: Mapping[str, Sequence[int]], top: str
) -> tuple[dict[tuple[str, int], int], tuple[Circuit, ...]]:
    """Return the circuits that compare a design with one that has mutants of some of its modules.

    There are two: in one all that Verilog leaves unknown is 0, in the other 1. What is known in the original and
    unknown in a mutant differs in one of them, and an unknown that nobody looks at in neither.

    Parameters
    ----------
    modules : mapping of str to str
        Text by name, of `top` and of all that stands in it.
    mutants : mapping of str to sequence of int
        Their numbers by module, as `cosim.mutants.schemata.schemata` counts them.
    top : str
        What is compared. What it instantiates is seen as one with it; banks of memory are compared by what is done to
        them.

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
    banks = {} if top == _MEMORY else {_MEMORY: _BANK}
    population = populate(modules, _SELECTOR, mutants)
    assert max(population.selections.values(), default=0) < 1 << _SELECTOR_BITS, "the selector has fewer bits"
    sides = {"original": dict(modules) | banks, "mutated": dict(modules) | banks | population.texts}
    script = []
    with scratch_folder("mutants") as folder:
        for side, texts in sides.items():
            (folder / f"{side}.v").write_text("".join(_selected(texts, mutants).values()))
            # A memory that is compared itself is a small one.
            narrow = [f"chparam -set DEPTH 5 -set WIDTH 3 -set ADDRESS_BITS 3 {_MEMORY}"] if top == _MEMORY else []
            script += [f"read_verilog -mem2reg -DSYNTHESIS {side}.v", *narrow, f"hierarchy -check -top {top}"]
            script += [*_PREPARED, f"rename {top} {side}", f"design -stash {side}"]
        script += [f"design -copy-from {side} -as {side} {side}" for side in sides]
        script += [
            "expose -dff -evert-dff -shared original mutated",
            "miter -equiv -flatten original mutated miter",
            "hierarchy -top miter",
            *("techmap", "opt_expr", "opt_merge", "opt_clean -purge"),
            # Registers that only one side has may hold anything.
            *("cutpoint t:$_DFF* t:$_FF_", "opt_clean -purge"),
        ]
        for unknown in _UNKNOWN:
            script += ["design -save cut", f"setundef -undriven -{unknown}", f"setundef -{unknown}"]
            script += ["aigmap", "opt_merge", "opt_clean -purge", f"write_json {unknown}.json", "design -load cut"]
        run_yosys(script, folder)
        made = [json.loads((folder / f"{unknown}.json").read_text())["modules"]["miter"] for unknown in _UNKNOWN]
    return population.selections, tuple(map(_circuit, made))


def _circuit(module: dict[str, Any]) -> Circuit:
    """Read a module of ANDs and inverters from Yosys' JSON."""
    # Yosys numbers nets from 2: 1 is free, and stands for true.
    true = 1
    constants = {"0": -true, "1": true}

    def literal(bit: int | str) -> int:
        return constants[bit] if isinstance(bit, str) else bit

    clauses: list[tuple[int, ...]] = [(true,)]
    edges = []
    for cell in module["cells"].values():
        pins = {pin: literal(bits[0]) for pin, bits in cell["connections"].items()}
        if cell["type"] == "$_AND_":
            out, left, right = pins["Y"], pins["A"], pins["B"]
            clauses += [(-out, left), (-out, right), (out, -left, -right)]
            edges += [(abs(left), out), (abs(right), out)]
        elif cell["type"] == "$_NOT_":
            clauses += [(-pins["Y"], -pins["A"]), (pins["Y"], pins["A"])]
            edges.append((abs(pins["A"]), pins["Y"]))
        else:
            # Anything at all.
            assert cell["type"] == "$anyseq", f"{cell['type']}: expected ANDs and inverters"
    ports = {name: [literal(bit) for bit in port["bits"]] for name, port in module["ports"].items()}
    (differs,) = ports["trigger"]
    selector = ports.get(f"in_{_SELECTOR}", [])
    return Circuit(tuple(clauses), tuple(selector), differs, loops_of(edges))


def loops_of(edges: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return what is left of a graph without all that begins at no edge's end or ends at no edge's beginning.

    Parameters
    ----------
    edges : iterable of (int, int)
        Of one node to another.
    """
    left = set(edges)
    while True:
        begins, ends = {begin for begin, _ in left}, {end for _, end in left}
        inside = begins & ends
        kept = {edge for edge in left if edge[0] in inside and edge[1] in inside}
        if len(kept) == len(left):
            return tuple(sorted(kept))
        left = kept


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
