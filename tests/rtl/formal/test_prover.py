"""The solver's answers: what is true is proved, what is false is not, and no answer is an error."""

from __future__ import annotations

import pytest

from rtl.build_cache import EngineError
from rtl.formal import prover
from rtl.formal.harness import Mutant
from rtl.formal.prover import holds, is_reached, notices, solver_version

NEVER_TEN = "    always @* if (begun) assert (count < 10);\n    always @* cover (begun && count == 9);\n"


def test_a_counter_that_never_reaches_ten(counter):
    wanted = counter(NEVER_TEN)
    assert holds(wanted)
    assert is_reached(wanted)
    assert notices(wanted, Mutant("counter", "count == 9", "count == 12"))


def test_what_is_false_is_not_proved(counter):
    assert not holds(counter("    always @* if (begun) assert (count < 9);\n", depth=12))


def test_what_is_true_of_the_first_cycles_alone_is_not_proved(counter):
    shallow = "    always @* if (begun) assert (count < 6);\n"
    assert holds(counter(shallow, depth=4, bounded=True))
    assert not holds(counter(shallow, depth=4))


def test_what_does_not_occur_is_not_reached(counter):
    assert not is_reached(counter("    always @* cover (begun && count == 11);\n"))


def test_a_mutant_that_harms_nothing_is_not_noticed(counter):
    assert not notices(counter(NEVER_TEN), Mutant("counter", "count == 9", "count >= 9"))


def test_a_mutant_that_is_not_in_the_text(counter):
    with pytest.raises(EngineError, match=r"'nine' stands 0 times in counter, expected once"):
        notices(counter(NEVER_TEN), Mutant("counter", "nine", "ten"))


def test_assumptions_that_contradict_each_other_prove_nothing(counter):
    absurd = "    always @* assume (up && !up);\n    always @* if (begun) assert (count < 3);\n"
    with pytest.raises(EngineError, match="no answer"):
        holds(counter(absurd))


def test_what_takes_too_long_is_stopped_and_not_kept(counter, tmp_path, monkeypatch):
    monkeypatch.setenv("RSNN_CACHE", str(tmp_path))
    with pytest.raises(TimeoutError, match=r"z3: stopped after 0.01 s"):
        holds(counter(NEVER_TEN), timeout_s=0.01)
    assert list(tmp_path.iterdir()) == []


def test_a_property_that_is_no_verilog(counter):
    with pytest.raises(EngineError, match="syntax error"):
        holds(counter("    always @* if assert;\n"))


def test_a_missing_solver_is_said(monkeypatch):
    assert solver_version().startswith("Z3 version")
    solver_version.cache_clear()
    monkeypatch.setattr(prover, "_path", lambda: "/nowhere")
    with pytest.raises(EngineError, match=r"not installed: pip install"):
        solver_version()
