"""Icarus driven by MyHDL, where paths have spaces and where it does not start; what it finds is in test_verilog."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest
from myhdl import CosimulationError

from cosim.cosimulate import cosimulate
from cosim.engines import lock_step
from golden.checkpoint import random_checkpoint
from golden.specification import Specification
from rtl.build_cache import VARIABLE, EngineError

SPECIFICATION = Specification(inputs=5, layers=(8, 8), outputs=12, lanes=8, logits_per_cycle=4, thresholds=(20, 15))


@pytest.fixture(autouse=True)
def icarus():
    if os.environ.get("CI") != "true" and shutil.which("iverilog") is None:
        pytest.skip("Icarus Verilog is not installed (apt install iverilog)")


def run(off_the_stack):
    codes = np.random.default_rng(1).integers(-128, 128, size=(2, SPECIFICATION.inputs))
    checkpoint = random_checkpoint(SPECIFICATION, seed=2)
    return off_the_stack(cosimulate, checkpoint, {"one": codes}, engine="lock-step")


def test_a_cache_of_an_odd_name_and_damaged_builds_in_it(tmp_path, monkeypatch, capsys, off_the_stack):
    odd = tmp_path / "a b'c$(touch X)é"
    monkeypatch.setenv(VARIABLE, str(odd))
    assert run(off_the_stack).frames == 2
    assert sorted(path.name.partition("-")[0] for path in odd.iterdir()) == ["lock", "vpi"]
    for path in (*odd.glob("vpi-*/myhdl.vpi"), *odd.glob("lock-step-*/bench.vvp")):
        os.truncate(path, path.stat().st_size // 2)
    assert run(off_the_stack).frames == 2
    assert capsys.readouterr().err.count("is not what was built; it is made anew") == 2
    assert not list(tmp_path.rglob("X"))


def test_variables_that_change_a_simulation_do_not_reach_it(monkeypatch, off_the_stack):
    seen = []

    def started(command, **signals):
        seen.extend(command)
        raise CosimulationError("Premature simulation end")

    monkeypatch.setenv("IVERILOG_DUMPER", "lxt2")
    monkeypatch.setattr(lock_step, "Cosimulation", started)
    with pytest.raises(EngineError):
        run(off_the_stack)
    assert seen[seen.index("IVERILOG_DUMPER") - 1] == "-u"
    assert seen.index("vvp") > seen.index("IVERILOG_DUMPER")


def test_a_simulator_that_ends_in_the_middle_is_no_traceback(monkeypatch, off_the_stack):
    class Ending(lock_step.Cosimulation):
        def _get(self):
            self._child.kill()
            self._child.wait()
            super()._get()

    monkeypatch.setattr(lock_step, "Cosimulation", Ending)
    with pytest.raises(EngineError, match="Icarus ended the simulation: "):
        run(off_the_stack)


def test_a_simulator_that_does_not_start_is_no_mismatch(monkeypatch, off_the_stack):
    def ended(command, **signals):
        raise CosimulationError("Premature simulation end")

    monkeypatch.setattr(lock_step, "Cosimulation", ended)
    with pytest.raises(EngineError, match="Icarus did not start with MyHDL's interface: Premature simulation end"):
        run(off_the_stack)
