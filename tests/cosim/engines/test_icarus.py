"""Icarus alone: no X leaves the accelerator, and an X at an output ends the run."""

from __future__ import annotations

import dataclasses
import os
import shutil
import tempfile
import time
from functools import partial

import numpy as np
import pytest

from cosim.engines.icarus import IcarusEngine
from cosim.vcd_toggles import count_vcd_toggles
from cosim.verilog import cosimulate_verilog
from files.errors import WriteError
from golden.checkpoint import random_checkpoint
from golden.layout import build_layout
from golden.memory_image import memory_image
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


def test_codes_that_never_change_are_known(off_the_stack):
    """What a port is from time 0 on wakes no process that waits for it."""
    spec = SPECIFICATION.replace(plane_coding="sign_magnitude")
    design = off_the_stack(build_design, spec)
    start = partial(IcarusEngine, unknown=True)
    silence = np.zeros((2, spec.inputs), dtype=np.int64)
    found = cosimulate_verilog(
        random_checkpoint(spec, seed=3), {"one": silence}, engine="icarus", design=design, start=start
    )
    assert found.frames == len(silence)


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (IcarusEngine, r"unknown value \(X\) in output\.best, 0 cycles after reset"),
        (partial(IcarusEngine, unknown=True), r"unknown value \(X\) at an output, 0 cycles after reset"),
    ],
    ids=["compared", "output"],
)
def test_what_is_unknown_is_not_read_as_0(checkpoint, codes, design, start, said):
    """Golden's arg-max is 0 after a reset, and so is an X that is handed over: one that is not reset would pass."""
    module = design.modules["rsnn_output"]
    at = module.text.index("best <= 0;")
    broken = module.text[:at] + module.text[at + len("best <= 0;") :]
    faulty = dataclasses.replace(
        design, modules=design.modules | {"rsnn_output": dataclasses.replace(module, text=broken)}
    )
    with pytest.raises(EngineError, match=said):
        cosimulate_verilog(checkpoint, {"one": codes}, engine="icarus", design=faulty, start=start)


def test_verilog_that_does_not_compile_is_refused_with_what_icarus_says(design):
    module = dataclasses.replace(design.modules["rsnn_spikes"], text="module rsnn_spikes (; endmodule")
    with pytest.raises(EngineError, match=r"iverilog failed:\s+rsnn_spikes.v:1: syntax error"):
        IcarusEngine(dataclasses.replace(design, modules=design.modules | {"rsnn_spikes": module}))


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Give folders for cache and scratch of names that a shell or Verilog would take apart."""
    odd = tmp_path / "a b'c$(touch X)é%s"
    (odd / "tmp").mkdir(parents=True)
    monkeypatch.setenv("RSNN_CACHE", str(odd / "cache"))
    monkeypatch.setenv("TMPDIR", str(odd / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield odd
    assert not list(tmp_path.rglob("X"))
    tempfile.tempdir = None


def test_a_waveform_at_a_path_longer_than_the_bench_could_hold(own, checkpoint, codes, design):
    folder = own
    while len(str(folder)) < 2500:
        folder = folder / ("a folder of a long name" * 10)
    folder.mkdir(parents=True)
    found = cosimulate_verilog(
        checkpoint, {"one": codes}, engine="icarus", design=design,
        start=partial(IcarusEngine, waveform=folder / "a wave.vcd"),
    )  # fmt: skip
    counts = count_vcd_toggles(folder / "a wave.vcd", build_layout(SPECIFICATION))
    rows = {f"{row['block']}.{row['signal']}": row["toggles"] for row in found.activity.rows()}
    assert counts["controller.state"] == rows["controller.state"] > 0
    assert list((own / "tmp").iterdir()) == []


def test_a_waveform_that_cannot_be_written_is_said_at_once(own, checkpoint, codes, design):
    start = partial(IcarusEngine, waveform=own / "no folder" / "wave.vcd")
    with pytest.raises(WriteError, match=r"no folder/wave.vcd: cannot be written"):
        cosimulate_verilog(checkpoint, {"one": codes}, engine="icarus", design=design, start=start)
    assert list((own / "tmp").iterdir()) == []


@pytest.fixture
def engine(own, checkpoint, design):
    engine = IcarusEngine(design)
    engine.load(memory_image(checkpoint))
    return engine


def of(engine) -> int:
    return engine._program_running._process.pid


def running(process: int) -> bool:
    try:
        return b"vvp" in open(f"/proc/{process}/cmdline", "rb").read()
    except OSError:
        return False


def test_a_simulator_that_is_killed_is_said(own, engine, codes):
    stimuli, driven = np.zeros(50, dtype=np.uint8), np.zeros(50, dtype=np.int32)
    records = np.zeros((50, engine.layout.words), dtype=np.uint64)
    engine.run(stimuli, driven, records)
    os.kill(of(engine), 9)
    with pytest.raises(EngineError, match="Icarus ended the simulation"):
        engine.run(stimuli, driven, records)
    engine.close()
    assert list((own / "tmp").iterdir()) == []


def test_an_interrupted_run_leaves_no_simulator_and_no_folder(own, engine, monkeypatch):
    def interrupted(count):
        time.sleep(0.2)
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "_take", interrupted)
    process = of(engine)
    with pytest.raises(KeyboardInterrupt):
        engine.run(np.zeros(4000, np.uint8), np.zeros(4000, np.int32), np.zeros((4000, engine.layout.words), np.uint64))
    engine.close()
    assert not running(process)
    assert list((own / "tmp").iterdir()) == []


def test_an_engine_that_nobody_closes_leaves_nothing(own, checkpoint, design):
    engine = IcarusEngine(design)
    engine.load(memory_image(checkpoint))
    process = of(engine)
    del engine
    assert not running(process)
    assert list((own / "tmp").iterdir()) == []


def test_a_damaged_program_is_compiled_anew(own, checkpoint, codes, design, capsys):
    assert cosimulate_verilog(checkpoint, {"one": codes}, engine="icarus", design=design).frames == len(codes)
    (program,) = (own / "cache").glob("icarus-*/bench.vvp")
    program.write_bytes(program.read_bytes()[:-2000])
    assert cosimulate_verilog(checkpoint, {"one": codes}, engine="icarus", design=design).frames == len(codes)
    assert "bench.vvp is not what was built; it is made anew" in capsys.readouterr().err
