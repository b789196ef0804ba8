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


def test_a_cache_in_a_folder_with_a_space(tmp_path, monkeypatch, off_the_stack):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "a b"))
    assert run(off_the_stack).frames == 2
    assert list((tmp_path / "a b").iterdir())


def test_a_simulator_that_does_not_start_is_no_mismatch(monkeypatch, off_the_stack):
    def ended(command, **signals):
        raise CosimulationError("Premature simulation end")

    monkeypatch.setattr(lock_step, "Cosimulation", ended)
    with pytest.raises(EngineError, match="Icarus did not start with MyHDL's interface: Premature simulation end"):
        run(off_the_stack)
