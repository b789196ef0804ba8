from __future__ import annotations

import pytest

pytest.importorskip("pyslang", reason="pyslang (extra hdl) is not installed")

from cosim.mutants.designs import DESIGNS
from cosim.mutants.schemata import schemata
from cosim.mutants.unassigned import unassigned, unassigned_by
from rtl.design import build_design, build_stream_modules

MODULE = """
module rsnn_unit (clk, a, one, two, word);
input clk;
input a;
output one;
reg one;
output two;
reg two;
output signed [3:0] word;
reg signed [3:0] word;

always @(a) begin: choose
    one = a;
    two = a;
    if (a == 1) begin
        two = 0;
    end
end

always @(posedge clk) begin: take
    word[1] <= a;
end
endmodule
"""


def test_the_only_assignment_is_told_from_one_of_several() -> None:
    assert unassigned(MODULE) == frozenset()
    assert unassigned(MODULE.replace("    one = a;\n", "")) == {"one"}
    assert unassigned(MODULE.replace("    word[1] <= a;\n", "")) == {"word"}
    # A comparison is no assignment.
    assert unassigned(MODULE.replace("    one = a;\n", "    if (one == a) two = 1;\n")) == {"one"}
    mutants = schemata("unit", MODULE, "0").mutants
    found = unassigned_by(MODULE, mutants, range(1, len(mutants) + 1))
    told = {mutants[number - 1].before: name for number, name in found.items()}
    assert told == {"one = a;": "one", "word[1] <= a;": "word"}


@pytest.mark.parametrize("name", DESIGNS)
def test_every_variable_of_every_design_is_assigned(off_the_stack, name: str) -> None:
    """What such a mutant is told by."""
    design = off_the_stack(build_design, DESIGNS[name].specification, DESIGNS[name].architecture)
    assert {module: unassigned(given.text) for module, given in design.modules.items()} == dict.fromkeys(
        design.modules, frozenset()
    )


@pytest.mark.parametrize("arg_max", [False, True])
def test_every_variable_of_every_stream_is_assigned(off_the_stack, arg_max: bool) -> None:
    modules = off_the_stack(build_stream_modules, DESIGNS["small"].specification, arg_max=arg_max)
    assert {unassigned(given.text) for given in modules.values()} == {frozenset()}
