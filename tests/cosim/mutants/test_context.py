"""Invariants of a counter: those that hold, those that do not, and those that need another."""

from __future__ import annotations

import pytest

pytest.importorskip("pyslang", reason="pyslang (extra hdl) is not installed")
pytest.importorskip("pysat", reason="python-sat (extra hdl) is not installed")

from cosim.mutants.circuit import circuits
from cosim.mutants.context import prove_context
from cosim.mutants.equivalence import proved_equal
from cosim.mutants.schemata import schemata

# Counts 0, 2, 4, 6, 0, ...; `late` is what it was before.
COUNTER = """
module rsnn_counter (
    input  wire clk,
    input  wire reset,
    input  wire go,
    output reg  [2:0] count,
    output reg  [2:0] late,
    output wire odd
);

assign odd = count[0];

always @(posedge clk) begin: tick
    if (reset) begin
        count <= 0;
        late <= 0;
    end
    else begin
        if (go) begin
            late <= count;
            count <= count + 2;
        end
    end
end
endmodule
"""
MODULES = {"rsnn_counter": COUNTER}


pytestmark = pytest.mark.usefixtures("yosys")


def test_what_holds_after_a_reset_and_from_then_on_is_proved() -> None:
    invariants = {"even": "!count[0]", "behind": "!late[0]", "small": "count < 6", "from reset": "count != 2"}
    _, made = circuits(MODULES, {}, "rsnn_counter", holds=list(invariants.values()))
    for circuit in made:
        context = prove_context(circuit, list(invariants))
        assert context.proved == ("even", "behind")
        assert context.refuted == ("small", "from reset")
        assert len(context.holds) == 2


def test_one_that_needs_another_is_not_proved_without_it() -> None:
    _, made = circuits(MODULES, {}, "rsnn_counter", holds=["!late[0]"])
    assert all(prove_context(circuit, ["behind"]).refuted == ("behind",) for circuit in made)


def test_what_does_not_hold_after_a_reset_is_refuted() -> None:
    _, made = circuits(MODULES, {}, "rsnn_counter", holds=["count[0]"])
    assert all(prove_context(circuit, ["odd"]).refuted == ("odd",) for circuit in made)


def test_a_mutant_that_differs_in_no_state_that_is_reached_is_equal_with_invariants_alone() -> None:
    mutants = schemata("counter", COUNTER, "0").mutants
    numbers = range(1, len(mutants) + 1)
    alone = proved_equal(MODULES, {"rsnn_counter": numbers}, "rsnn_counter")["rsnn_counter"]
    told = proved_equal(MODULES, {"rsnn_counter": numbers}, "rsnn_counter", invariants={"even": "!count[0]"})
    more = told["rsnn_counter"] - alone
    assert alone <= told["rsnn_counter"]
    # Bit 0 of an even count is that of an even number: 0.
    assert all("odd" in mutants[number - 1].after or "count" in mutants[number - 1].after for number in more)
