"""Icarus alone: no X leaves the accelerator, and an X at an output ends the run."""

from __future__ import annotations

import dataclasses
import os
import shutil
from functools import partial

import numpy as np
import pytest

from cosim.engines.icarus import IcarusEngine
from cosim.verilog import cosimulate_verilog
from golden.checkpoint import random_checkpoint
from golden.specification import Specification
from rtl.build_cache import EngineError
from rtl.design import build_design

SPECIFICATION = Specification(
    inputs=12, layers=(20, 16), outputs=75, lanes=16, logits_per_cycle=4, thresholds=(40, 60), leaks=(2, 3)
)


@pytest.fixture(scope="module", autouse=True)
def icarus():
    if os.environ.get("CI") != "true" and shutil.which("iverilog") is None:
        pytest.skip("Icarus Verilog is not installed (apt install iverilog)")


@pytest.fixture(scope="module")
def checkpoint():
    return random_checkpoint(SPECIFICATION, seed=3)


@pytest.fixture(scope="module")
def codes():
    low, high = SPECIFICATION.code_range
    return np.random.default_rng(5).integers(low, high, size=(4, SPECIFICATION.inputs), endpoint=True)


@pytest.fixture(scope="module")
def design(off_the_stack):
    return off_the_stack(build_design, SPECIFICATION)


def test_nothing_unknown_leaves_the_accelerator(checkpoint, codes, design):
    start = partial(IcarusEngine, unknown=True)
    found = cosimulate_verilog(checkpoint, {"one": codes}, engine="icarus", design=design, start=start)
    assert found.frames == len(codes)


def test_an_unknown_output_ends_the_run(checkpoint, codes, design):
    module = design.modules["rsnn_output"]
    # The arg-max is not reset.
    at = module.text.index("best <= 0;")
    broken = module.text[:at] + module.text[at + len("best <= 0;") :]
    faulty = dataclasses.replace(
        design, modules=design.modules | {"rsnn_output": dataclasses.replace(module, text=broken)}
    )
    start = partial(IcarusEngine, unknown=True)
    with pytest.raises(EngineError, match=r"unknown value \(X\) at an output, 0 cycles after reset"):
        cosimulate_verilog(checkpoint, {"one": codes}, engine="icarus", design=faulty, start=start)


def test_verilog_that_does_not_compile_is_refused_with_what_icarus_says(design):
    module = dataclasses.replace(design.modules["rsnn_spikes"], text="module rsnn_spikes (; endmodule")
    with pytest.raises(EngineError, match=r"iverilog failed:\s+rsnn_spikes.v:1: syntax error"):
        IcarusEngine(dataclasses.replace(design, modules=design.modules | {"rsnn_spikes": module}))
