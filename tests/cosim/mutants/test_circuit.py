"""The circuit of a module and its mutants, against the table of what it computes."""

from __future__ import annotations

import itertools

import pytest

pytest.importorskip("pyslang", reason="pyslang (extra hdl) is not installed")
pytest.importorskip("pysat", reason="python-sat (extra hdl) is not installed")

from cosim.mutants.circuit import Circuit, circuits
from cosim.mutants.equivalence import equal_numbers
from cosim.mutants.logic import Folding, LoopError
from cosim.mutants.schemata import schemata

MODULE = """
module rsnn_unit (
    a,
    b,
    c,
    out
);

input a;
input b;
input c;
output out;

assign out = ((a & b) | c);
endmodule
"""
# Each change in Python, by what the mutant makes of it.
MEANING = {"&": "and", "|": "or", "^": "!="}


pytestmark = pytest.mark.usefixtures("yosys")


def value(circuit: Circuit, number: int, **inputs: bool) -> bool:
    """Return the output where all inputs are constants: folding leaves nothing else."""
    fixed = [*circuit.chosen(number)]
    fixed += [circuit.logic.inputs[name][0] * (1 if one else -1) for name, one in inputs.items()]
    folded = Folding(circuit.logic).folded(fixed, circuit.outputs)
    assert not folded.gates
    (literal,) = folded.literals
    assert abs(literal) == 1
    return literal == 1


def test_a_mutant_computes_what_it_says() -> None:
    mutants = schemata("unit", MODULE, "0").mutants
    selections, made = circuits({"rsnn_unit": MODULE}, {"rsnn_unit": range(1, len(mutants) + 1)}, "rsnn_unit")
    for number, mutant in enumerate([None, *mutants]):
        written = "(a & b) | c" if mutant is None else mutant.after.removeprefix("out = ")
        if "out" in written:
            # A loop: tests of the proofs look at those.
            continue
        written = written.replace("1'h1", "True")
        for sign, word in MEANING.items():
            written = written.replace(sign, word)
        for circuit in made:
            for a, b, c in itertools.product([False, True], repeat=3):
                expected = bool(eval(written, {"a": a, "b": b, "c": c}))  # noqa: S307 - our own text
                chosen = selections["rsnn_unit", number] if number else 0
                assert value(circuit, chosen, a=a, b=b, c=c) == expected, written


BANKED = """
module rsnn_banked (
    input  wire clk,
    input  wire go,
    input  wire [1:0] place,
    output wire [3:0] row
);
    wire read;

    rsnn_gate the_gate (
        .go(go),
        .read(read)
    );

    rsnn_memory #(.DEPTH(DEPTH_OF_BANK), .WIDTH(4), .ADDRESS_BITS(2)) bank (
        .clk(clk),
        .write(1'b0),
        .write_address(2'd0),
        .write_row(4'd0),
        .read(read),
        .address(place),
        .row(row)
    );
endmodule
"""
GATE = """
module rsnn_gate (
    go,
    read
);

input go;
output read;

assign read = (!go);
endmodule
"""
MEMORY = "module rsnn_memory (); endmodule"


def test_what_is_done_to_a_bank_is_compared_although_its_contents_are_not() -> None:
    modules = {"rsnn_banked": BANKED.replace("DEPTH_OF_BANK", "4"), "rsnn_gate": GATE, "rsnn_memory": MEMORY}
    mutants = schemata("gate", GATE, "0").mutants
    selections, made = circuits(modules, {"rsnn_gate": range(1, len(mutants) + 1)}, "rsnn_banked")
    for circuit in made:
        assert equal_numbers(circuit, list(selections.values())) == frozenset()
        (loop,) = [number for number, one in enumerate(mutants, 1) if one.after == "read = (!read)"]
        with pytest.raises(LoopError, match="depends on itself"):
            Folding(circuit.logic).folded(circuit.chosen(selections["rsnn_gate", loop]), circuit.outputs)


def test_what_a_bank_gives_may_be_anything() -> None:
    """Neither all zeros nor all ones: of those an AND and an OR of two bits of a row are the same."""
    gate = GATE.replace("    go,", "    go,\n    row,").replace("input go;", "input go;\ninput [3:0] row;")
    gate = gate.replace("read = (!go)", "read = (row[0] & row[1])")
    above = BANKED.replace("DEPTH_OF_BANK", "4").replace(".go(go),", ".go(go),\n        .row(row),")
    mutants = schemata("gate", gate, "0").mutants
    (number,) = [number for number, one in enumerate(mutants, 1) if one.after == "read = (row[0] | row[1])"]
    modules = {"rsnn_banked": above, "rsnn_gate": gate, "rsnn_memory": MEMORY}
    selections, made = circuits(modules, {"rsnn_gate": [number]}, "rsnn_banked")
    assert not any(equal_numbers(circuit, list(selections.values())) for circuit in made)


def test_a_read_beyond_the_depth_is_none() -> None:
    """A bank of one row whose address is 2 or 3 at every read: whether it is read makes no difference."""
    beyond = BANKED.replace("DEPTH_OF_BANK", "1").replace(".address(place)", ".address({1'b1, place[0]})")
    modules = {"rsnn_banked": beyond, "rsnn_gate": GATE, "rsnn_memory": MEMORY}
    selections, made = circuits(modules, {"rsnn_gate": [1]}, "rsnn_banked")
    assert all(equal_numbers(circuit, list(selections.values())) for circuit in made)


def test_mutants_of_what_a_bank_stands_for_are_refused() -> None:
    modules = {"rsnn_banked": BANKED.replace("DEPTH_OF_BANK", "4"), "rsnn_gate": GATE, "rsnn_memory": MEMORY}
    with pytest.raises(AssertionError, match="in the place of the memory"):
        circuits(modules, {"rsnn_memory": [1]}, "rsnn_banked")


HIDDEN = """
module rsnn_hidden (
    input  wire clk,
    input  wire a,
    output wire out
);
    wire inside;

    assign out = 1'b0;

    rsnn_gate the_gate (
        .go(a),
        .read(inside)
    );
endmodule
"""


def test_a_net_that_is_watched_is_compared() -> None:
    modules = {"rsnn_hidden": HIDDEN, "rsnn_gate": GATE}
    for watched, equal in ((), True), (("inside",), False):
        selections, made = circuits(modules, {"rsnn_gate": [1]}, "rsnn_hidden", watched=watched)
        assert all(bool(equal_numbers(circuit, list(selections.values()))) == equal for circuit in made)
