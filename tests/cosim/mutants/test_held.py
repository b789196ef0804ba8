"""Assignments that are left out: where the value stays, and where another one covers them."""

from __future__ import annotations

import pytest

pytest.importorskip("pyslang", reason="pyslang (extra hdl) is not installed")

from cosim.mutants.designs import DESIGNS
from cosim.mutants.held import held_values
from cosim.mutants.schemata import schemata
from rtl.design import build_design

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


pytestmark = pytest.mark.usefixtures("yosys")


def test_a_default_that_is_left_out_holds_and_so_does_a_branch_of_what_is_clocked() -> None:
    mutants = schemata("unit", MODULE, "0").mutants
    found = held_values({"rsnn_unit": MODULE}, "rsnn_unit", range(1, len(mutants) + 1))
    told = {(mutants[number - 1].process, mutants[number - 1].before): signal for number, signal in found.items()}
    assert told == {
        ("choose", "out = 0;"): "out",
        ("take", "chosen = b;"): "take.chosen",
        ("take", "chosen = a;"): "take.chosen",
    }
    assert {mutants[number - 1].kind for number in found} == {"assignment"}


@pytest.mark.parametrize("block", ["controller", "spikes", "zero_skip", "operation_decoder"])
def test_a_table_whose_entry_is_left_out_holds_the_one_before(off_the_stack, block: str) -> None:
    design = off_the_stack(build_design, DESIGNS["small"].specification)
    texts = {name: module.text for name, module in design.modules.items()}
    mutants = schemata(block, texts[f"rsnn_{block}"], "0").mutants
    entries = [number for number, one in enumerate(mutants, 1) if one.kind == "assignment" and one.occurrence > 2]
    found = held_values(texts, f"rsnn_{block}", entries)
    assert len(found) > len(entries) / 2
    assert held_values(texts, f"rsnn_{block}", ()) == {}
