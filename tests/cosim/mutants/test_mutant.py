from __future__ import annotations

from cosim.mutants.mutant import KINDS, Mutant


def test_a_mutant_says_what_it_is() -> None:
    one = Mutant("pe", "add", "assignment", "x <= 1;", "", 1)
    assert one.what == "pe add: x <= 1; -> nothing (2)"
    assert Mutant("pe", "add", "constant", "x <= 1;", "x <= 2;").what == "pe add: x <= 1; -> x <= 2;"
    assert all(KINDS.values())
