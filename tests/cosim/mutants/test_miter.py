"""The circuit of a module and its mutants, against the table of what it computes."""

from __future__ import annotations

import itertools

import pytest

pytest.importorskip("pyslang", reason="pyslang (extra hdl) is not installed")
pytest.importorskip("pysat", reason="python-sat (extra hdl) is not installed")

from pysat.solvers import Minisat22

from cosim.mutants.miter import Circuit, loops_of, miter
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


def may_differ(circuit: Circuit, number: int) -> bool:
    chosen = [bit if number >> place & 1 else -bit for place, bit in enumerate(circuit.selector)]
    with Minisat22(bootstrap_with=circuit.clauses) as solver:
        return bool(solver.solve(assumptions=[*chosen, circuit.differs]))


def test_a_mutant_differs_where_its_table_does() -> None:
    mutants = schemata("unit", MODULE, "0").mutants
    selections, circuits = miter({"rsnn_unit": MODULE}, {"rsnn_unit": range(1, len(mutants) + 1)}, "rsnn_unit")
    assert not any(may_differ(circuit, 0) for circuit in circuits)
    seen = set()
    for number, mutant in enumerate(mutants, 1):
        if "out" in mutant.after.removeprefix("out = "):
            # A loop: tests of the proofs look at those.
            continue
        written = mutant.after.removeprefix("out = ").replace("1'h1", "True")
        for sign, word in MEANING.items():
            written = written.replace(sign, word)
        rows = itertools.product([False, True], repeat=3)
        differs = any(
            bool(eval(written, {"a": a, "b": b, "c": c})) != ((a and b) or c)  # noqa: S307 - our own text
            for a, b, c in rows
        )
        assert {may_differ(circuit, selections["rsnn_unit", number]) for circuit in circuits} == {differs}, mutant.what
        seen.add(differs)
    assert seen == {True}


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

    rsnn_memory #(.DEPTH(4), .WIDTH(4), .ADDRESS_BITS(2)) bank (
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


def test_what_is_done_to_a_bank_is_compared_although_its_contents_are_not() -> None:
    modules = {"rsnn_banked": BANKED, "rsnn_gate": GATE, "rsnn_memory": "module rsnn_memory (); endmodule"}
    mutants = schemata("gate", GATE, "0").mutants
    selections, circuits = miter(modules, {"rsnn_gate": range(1, len(mutants) + 1)}, "rsnn_banked")
    for circuit in circuits:
        assert not may_differ(circuit, 0)
        told = {mutants[number - 1].after: may_differ(circuit, at) for (_, number), at in selections.items()}
        # The last one is a loop.
        assert told == {"read = (go)": True, "read = (!read)": False, "read = ((!go)) ^ 1'h1": True}
        assert circuit.loops


def test_a_loop_is_what_is_left_of_a_graph() -> None:
    edges = [(1, 2), (2, 3), (3, 4), (4, 2), (4, 5), (5, 6), (7, 8)]
    assert loops_of(edges) == ((2, 3), (3, 4), (4, 2))
    assert loops_of([(1, 1), (1, 2)]) == ((1, 1),)
    assert loops_of([(1, 2), (2, 3), (1, 3)]) == ()
