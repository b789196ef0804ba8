"""What is said to be true in every cycle: proved of small accelerators."""

from __future__ import annotations

import dataclasses

import pytest

pytest.importorskip("pyslang", reason="pyslang (extra hdl) is not installed")
pytest.importorskip("pysat", reason="python-sat (extra hdl) is not installed")

from cosim.mutants.circuit import circuits
from cosim.mutants.context import prove_context
from golden.schedule import build_schedule
from rtl.design import TOP, build_design
from rtl.formal.invariants import invariants
from rtl.formal.sizes import SIZES, SMALL

ONE_STEP, ONE_SET = "one step, two layers", "one set"
CHOSEN = SIZES | {
    # Passes of one time step on two PE sets.
    ONE_STEP: dataclasses.replace(SMALL, time_steps=1),
    # Every visit is of the one set: it is told of vectors with zero-skipping.
    ONE_SET: dataclasses.replace(SMALL, pe_sets=1, parallel_time_steps=False),
}


@pytest.mark.slow
@pytest.mark.usefixtures("yosys")
@pytest.mark.parametrize("size", CHOSEN)
def test_all_are_proved_together(off_the_stack, size: str) -> None:
    design = off_the_stack(build_design, CHOSEN[size])
    stated = invariants(build_schedule(CHOSEN[size]))
    assert any("rests in passes of another" in name for name in stated) == (size == ONE_STEP)
    assert ("the set works where there is a visit" in stated) == (size == ONE_SET)
    texts = {name: module.text for name, module in design.modules.items()}
    _, made = circuits(texts, {}, TOP, holds=list(stated.values()))
    assert prove_context(made[0], list(stated)).refuted == ()
