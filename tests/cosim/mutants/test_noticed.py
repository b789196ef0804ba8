"""Which mutants break a property: told by a counter, whose every mutant can be thought through."""

from __future__ import annotations

import pytest

from cosim.mutants.noticed import module_mutants, noticed
from rtl.formal.harness import RESET, Property, property_module
from rtl.formal.properties import build_properties
from rtl.formal.sizes import SIZES
from rtl.netlist import Module, Port

COUNTER = """module rsnn_counter (
    clk,
    reset,
    up,
    count,
    full
);

input clk;
input reset;
input up;
output [2:0] count;
reg [2:0] count;
output full;
wire full;

assign full = (count == 5);

always @(posedge clk) begin: step
    if (reset) begin
        count <= 0;
    end
    else if ((up && (!full))) begin
        count <= (count + 1);
    end
end

endmodule
"""
PORTS = (
    Port("clk", 1, False),
    Port("reset", 1, False),
    Port("up", 1, False),
    Port("count", 3, True),
    Port("full", 1, True),
)
MODULES = {"rsnn_counter": Module("rsnn_counter", PORTS, COUNTER)}


@pytest.fixture(scope="session", autouse=True)
def tools(yosys):
    """Need Yosys."""


def stated(body: str) -> Property:
    return Property(
        name="counts",
        says="",
        modules={"counter": MODULES["rsnn_counter"]},
        text=property_module(MODULES, ("counter",), RESET + body),
        depth=1,
        mutants=(),
    )


def what(wanted: Property, numbers: dict[int, int]) -> set[str]:
    mutants = enumerate(module_mutants(wanted, "counter"), 1)
    return {f"{one.before} -> {one.after}" for at, one in mutants if at in numbers}


def test_a_property_of_everything_notices_every_mutant_that_differs():
    wanted = stated("""
    reg [3:0] expected = 0;
    always @(posedge clk) expected <= reset ? 0 : expected + (up && expected != 5);
    always @* if (begun) assert (count == expected && expected < 6 && full == (expected == 5));
""")
    numbers = noticed(wanted, "counter")
    missed = set(range(1, len(module_mutants(wanted, "counter")) + 1)) - set(numbers)
    # Each differs somewhere on the way to 5.
    assert what(wanted, dict.fromkeys(missed, 0)) == set()
    # The count has to come to 5: reset, five steps, and the cycle that shows it.
    assert max(numbers.values()) > 6
    assert set(noticed(wanted, "counter", cycles=3)) < set(numbers)


def test_a_property_of_one_output_notices_what_reaches_it():
    wanted = stated("    always @* if (begun) assert (full == (count == 5));\n")
    assert {said.split(" = ")[0] for said in what(wanted, noticed(wanted, "counter"))} == {"full"}


def test_some_mutants_alone():
    wanted = stated("    always @* if (begun) assert (full == (count == 5));\n")
    every = noticed(wanted, "counter")
    some = sorted(every)[:2]
    assert noticed(wanted, "counter", some) == {number: every[number] for number in some}


def test_a_property_that_does_not_hold_is_refused():
    with pytest.raises(AssertionError, match="counts is not proved without a mutant"):
        noticed(stated("    always @* if (begun) assert (!full);\n"), "counter")


@pytest.mark.slow
def test_what_words_of_one_logit_cannot_tell_words_of_two_do(off_the_stack):
    """The last word of the small network has no logit beyond the outputs; this one's has."""
    wanted = off_the_stack(build_properties, SIZES["one-step"])["keeps_the_first_greatest"]
    beyond = ("(number <= 7)", "(number < 8)", "if (((fresh || (value > greatest))))")
    numbers = [
        number
        for number, mutant in enumerate(module_mutants(wanted, "output"), 1)
        if mutant.after.startswith("if (((") and any(part in mutant.after for part in beyond)
    ]
    assert len(numbers) == 3
    assert set(noticed(wanted, "output", numbers)) == set(numbers)
