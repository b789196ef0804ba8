"""Proofs on modules small enough to see the answer: alone, and where they stand."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

import numpy as np
import pytest

pytest.importorskip("pyslang", reason="pyslang (extra hdl) is not installed")
pytest.importorskip("pysat", reason="python-sat (extra hdl) is not installed")

from cosim.mutants import equivalence
from cosim.mutants.circuit import Circuit
from cosim.mutants.equivalence import equal_numbers, proved_equal
from cosim.mutants.logic import Folded, Logic
from cosim.mutants.schemata import schemata

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

assign out = (a | (a & b));

always @(posedge clk) begin: take
    held <= ((a & b) | held);
end
endmodule
"""
# Never both: an OR of them is an exclusive one.
ABOVE = """
module rsnn_above (
    input  wire clk,
    input  wire one,
    output wire held,
    output wire out
);
    wire a;
    wire b;

    assign a = one;
    assign b = ~one;

    rsnn_or the_or (
        .a(a),
        .b(b),
        .out(out)
    );

    assign held = out;
endmodule
"""
OR = """
module rsnn_or (
    a,
    b,
    out
);

input a;
input b;
output out;

assign out = (a | b);
endmodule
"""


pytestmark = pytest.mark.usefixtures("yosys")


def equal_in(modules: dict[str, str], module: str, top: str) -> set[str]:
    mutants = schemata(module.removeprefix("rsnn_"), modules[module], "bench.mutant").mutants
    equal = proved_equal(modules, {module: range(1, len(mutants) + 1)}, top)
    return {mutants[number - 1].after for number in equal[module]}


def test_absorption_is_proved_and_nothing_else() -> None:
    """Of a or (a and b), which is a, the inner product may be anything that a covers."""
    found = equal_in({"rsnn_unit": MODULE}, "rsnn_unit", "rsnn_unit")
    assert found == {"out = (a)", "out = (a | (a))", "out = (a | (a & held))"}


def test_what_its_neighbours_never_bring_about_is_equal_in_place_alone() -> None:
    modules = {"rsnn_or": OR, "rsnn_above": ABOVE}
    assert equal_in(modules, "rsnn_or", "rsnn_or") == set()
    assert equal_in(modules, "rsnn_or", "rsnn_above") == {"out = (a ^ b)"}


def test_mutants_of_two_modules_keep_their_numbers_apart() -> None:
    """`out` of the outer module is 1 whatever happens; its own changes are not."""
    modules = {"rsnn_or": OR, "rsnn_above": ABOVE}
    both = {name: range(1, 4) for name in ("rsnn_above", "rsnn_or")}
    found = proved_equal(modules, both, "rsnn_above")
    assert found == {name: proved_equal(modules, {name: both[name]}, "rsnn_above")[name] for name in both}


def test_a_loop_is_not_equal_although_it_has_no_solution_that_differs() -> None:
    """`out = !out` has none at all."""
    loop = OR.replace("(a | b)", "(!b)")
    mutants = schemata("or", loop, "bench.mutant").mutants
    assert "out = (!out)" in {mutant.after for mutant in mutants}
    found = proved_equal({"rsnn_or": loop}, {"rsnn_or": range(1, len(mutants) + 1)}, "rsnn_or")
    assert found == {"rsnn_or": frozenset()}


def test_none_asked_none_proved() -> None:
    assert proved_equal({"rsnn_unit": MODULE}, {"rsnn_unit": ()}, "rsnn_unit") == {}


def test_a_solver_that_is_not_given_conflicts_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """That eight pigeons fit seven holes is never true, which takes a solver many conflicts."""
    gates: dict[int, tuple[int, ...]] = {}

    def every(literals: Iterable[int]) -> int:
        def both(left: int, right: int) -> int:
            gates[100 + len(gates)] = (left, right)
            return 99 + len(gates)

        return reduce(both, literals)

    holes, pigeons = range(7), range(8)
    at = {(pigeon, hole): 2 + 7 * pigeon + hole for pigeon in pigeons for hole in holes}
    housed = [-every(-at[pigeon, hole] for hole in holes) for pigeon in pigeons]
    apart = [-every((at[one, hole], at[other, hole])) for hole in holes for one in pigeons for other in range(one)]
    chooser = 90
    circuit = Circuit(Logic(gates, {}, {}), (chooser,), (every([chooser, *housed, *apart]),), {})
    assert equal_numbers(circuit, [1]) == {1}
    monkeypatch.setattr(equivalence, "MOST_CONFLICTS", 1)
    monkeypatch.setattr(equivalence, "MOST_GATES", 0)
    assert equal_numbers(circuit, [1]) == frozenset()


@pytest.mark.parametrize(
    ("answers", "same"), [((False, False), True), ((False, None), False), ((None,), False), ((True,), False)]
)
def test_a_gate_is_merged_only_if_neither_may_be_without_the_other(
    answers: tuple[bool | None, ...], same: bool
) -> None:
    """What the solver does not know is no proof."""

    class Solver:
        def __init__(self) -> None:
            self.left = list(answers)

        def add_clause(self, clause: object) -> None: ...

        def conf_budget(self, conflicts: int) -> None: ...

        def solve_limited(self, assumptions: object) -> bool | None:
            return self.left.pop(0)

        def get_model(self) -> list[int]:
            return [1, 2]

    assert equivalence._Same(Solver(), np.zeros((0, 10), np.uint64)).same(9, (2, 3), 5) is same


@pytest.mark.parametrize("words", [0, 1, 8])
def test_random_places_spare_a_solver_work_and_decide_nothing(monkeypatch: pytest.MonkeyPatch, words: int) -> None:
    monkeypatch.setattr(equivalence, "RANDOM_WORDS", words)
    found = equal_in({"rsnn_unit": MODULE}, "rsnn_unit", "rsnn_unit")
    assert found == {"out = (a)", "out = (a | (a))", "out = (a | (a & held))"}


def test_random_places_are_such_as_the_gates_allow() -> None:
    gates = {4: (2, -3), 5: (-4, 2), 6: (-5, -2)}
    seen = equivalence._random_places(Folded(gates, (6,)), 8, 2)
    two, three = seen[:, 2], seen[:, 3]
    assert (seen[:, 4] == two & ~three).all()
    assert (seen[:, 5] == two & three).all()
    assert (seen[:, 6] == ~two).all()
    assert len(np.unique(seen[:, [2, 3]])) == 4
    assert (seen[:, 1] == ~np.uint64(0)).all()
