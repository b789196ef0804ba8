"""The solver's answers: what is true is proved, what is false is not, and no answer is an error."""

from __future__ import annotations

import pytest

from rtl.build_cache import EngineError
from rtl.build_entry import LIST, seal
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


def test_an_answer_is_kept_with_its_question_and_read_again(counter, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("RSNN_CACHE", str(tmp_path / "a b'c$(touch X)é"))
    wanted = counter(NEVER_TEN, bounded=True)
    found = holds(wanted)
    assert found.yes
    (entry,) = (tmp_path / "a b'c$(touch X)é").iterdir()
    solve = prover._solve
    monkeypatch.setattr(prover, "_solve", lambda *given: pytest.fail("asked again"))
    assert holds(wanted) == found
    monkeypatch.setattr(prover, "_solve", solve)
    (entry / "solver.log").write_text("Status: FAILED")
    assert holds(wanted).yes
    assert "solver.log is not what was built; it is made anew" in capsys.readouterr().err
    for name, text, said in (
        ("solver.log", "Status: PASSED and Status: FAILED", "has no word of the solver's"),
        ("statement.json", "{}", "is about another statement"),
        ("seconds.txt", "soon", "could not convert"),
    ):
        (entry / name).write_text(text)
        (entry / LIST).unlink()
        seal(entry, "property", entry.name.removeprefix("property-"))
        assert holds(wanted).yes
        assert said in capsys.readouterr().err
    assert not list(tmp_path.rglob("X"))


def test_another_text_is_another_question(counter, tmp_path, monkeypatch):
    monkeypatch.setenv("RSNN_CACHE", str(tmp_path))
    assert holds(counter(NEVER_TEN, bounded=True))
    assert not holds(counter(NEVER_TEN.replace("< 10", "< 2"), bounded=True, depth=12))
    assert len(list(tmp_path.iterdir())) == 2
