"""Assignments that are left out: where the value stays, and where another one covers them."""

from __future__ import annotations

import pytest

pytest.importorskip("pyslang", reason="pyslang (extra hdl) is not installed")

from cosim.mutants.designs import DESIGNS
from cosim.mutants.held import held_signals, held_values
from cosim.mutants.schemata import schemata
from rtl.design import build_design, build_stream_modules

MODULE = """
module rsnn_unit (
    clk,
    a,
    b,
    held,
    out
);

input clk;
input a;
input b;
output held;
reg held;
output out;
reg out;

always @(a, b) begin: choose
    out = 0;
    if (a) begin
        out = b;
    end
end

always @(posedge clk) begin: take
    reg chosen;
    if (a) begin
        chosen = b;
    end
    else begin
        chosen = a;
    end
    held <= chosen;
end
endmodule
"""


def test_a_default_that_is_left_out_holds_and_so_does_a_branch_of_what_is_clocked() -> None:
    mutants = schemata("unit", MODULE, "0").mutants
    found = held_values({"rsnn_unit": MODULE}, "rsnn_unit", range(1, len(mutants) + 1))
    told = {(mutants[number - 1].process, mutants[number - 1].before): signal for number, signal in found.items()}
    assert told == {
        ("choose", "out = 0;"): "out",
        ("take", "chosen = b;"): "chosen",
        ("take", "chosen = a;"): "chosen",
    }
    assert {mutants[number - 1].kind for number in found} == {"assignment"}


def test_a_word_of_an_array_that_a_loop_leaves_out_is_named() -> None:
    text = """
module rsnn_words (a, out);
input [3:0] a;
output [3:0] out;
reg [3:0] out;
reg words [0:4-1];

always @(a) begin: spread
    integer w;
    for (w=0; w<4; w=w+1) begin
        words[w] = a[w];
    end
    if (a[0]) begin
        words[3] = 0;
    end
    out = {words[3], words[2], words[1], words[0]};
end
endmodule
"""
    assert held_signals(text) == frozenset()
    assert held_signals(text.replace("w<4", "w<3")) == {"words[3]"}


@pytest.mark.parametrize("name", DESIGNS)
def test_no_design_keeps_a_value(off_the_stack, name: str) -> None:
    """What a mutant that leaves an assignment out is told by, where no simulation may tell."""
    design = off_the_stack(build_design, DESIGNS[name].specification, DESIGNS[name].architecture)
    held = {module: held_signals(given.text) for module, given in design.modules.items()}
    assert held == dict.fromkeys(design.modules, frozenset())


@pytest.mark.parametrize("arg_max", [False, True])
def test_no_stream_keeps_a_value(off_the_stack, arg_max: bool) -> None:
    modules = off_the_stack(build_stream_modules, DESIGNS["small"].specification, arg_max=arg_max)
    assert {held_signals(given.text) for given in modules.values()} == {frozenset()}


@pytest.mark.parametrize("block", ["controller", "spikes", "zero_skip", "operation_decoder"])
def test_a_table_whose_entry_is_left_out_holds_the_one_before(off_the_stack, block: str) -> None:
    design = off_the_stack(build_design, DESIGNS["small"].specification)
    texts = {name: module.text for name, module in design.modules.items()}
    mutants = schemata(block, texts[f"rsnn_{block}"], "0").mutants
    entries = [number for number, one in enumerate(mutants, 1) if one.kind == "assignment" and one.occurrence > 2]
    found = held_values(texts, f"rsnn_{block}", entries)
    assert len(found) > len(entries) / 2
    assert held_values(texts, f"rsnn_{block}", ()) == {}
