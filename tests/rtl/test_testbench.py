"""The testbench runs at the specification's clock, as a VCD of it says, and passes at any."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from fractions import Fraction

import numpy as np
import pytest
from vcd.reader import TokenKind, tokenize

from experiments.hardware.export import vector_files, weight_files
from golden.checkpoint import random_checkpoint
from golden.specification import Specification
from rtl import testbench
from rtl.design import build_design
from rtl.testbench import BENCH, clock_of

TINY = Specification(
    inputs=5, input_bits=4, layers=(8, 8), outputs=12, lanes=8, logits_per_cycle=4, membrane_bits=(9, 8),
    thresholds=(20, 15),
)  # fmt: skip


UNITS = {unit: Fraction(1, 1000**power) for power, unit in enumerate(("s", "ms", "us", "ns", "ps", "fs"))}


def rising_edges(path):
    """Return the seconds at which the clock rises."""
    scale, now, code, edges = Fraction(0), Fraction(0), None, []
    with path.open("rb") as file:
        for token in tokenize(file):
            if token.kind is TokenKind.TIMESCALE:
                scale = token.timescale.magnitude * UNITS[token.timescale.unit.value]
            elif token.kind is TokenKind.VAR and token.var.reference == "clk" and code is None:
                code = token.var.id_code
            elif token.kind is TokenKind.CHANGE_TIME:
                now = token.time_change * scale
            elif token.kind is TokenKind.CHANGE_SCALAR and token.scalar_change == (code, "1"):
                edges.append(now)
    return edges


@pytest.mark.parametrize(("clock_hz", "runs_at_hz"), [(1e5, 1e5), (3e6, 3e6), (2.5e9, 2.5e9), (1e12, 1e12), (1.0, 1.0)])
def test_its_clock_is_the_specifications(tmp_path, off_the_stack, clock_hz, runs_at_hz):
    if os.environ.get("CI") != "true" and shutil.which("iverilog") is None:
        pytest.skip("Icarus Verilog is not installed (apt install iverilog)")
    spec = TINY.replace(clock_hz=clock_hz, frame_period_s=1000 / clock_hz)
    design, checkpoint = off_the_stack(build_design, spec), random_checkpoint(spec, seed=1)
    codes = np.random.default_rng(1).integers(*spec.code_range, size=(2, spec.inputs), endpoint=True)
    sources = design.files | {f"{BENCH}.v": testbench.testbench(design, len(codes))}
    for name, text in (sources | weight_files(checkpoint) | vector_files(design, checkpoint, codes)).items():
        (tmp_path / name).write_text(text)
    command = ["iverilog", "-g2005-sv", f"-P{BENCH}.PORT=1", "-o", "bench.vvp", *sources]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    command = ["vvp", "-n", "bench.vvp", "+waveform"]
    run = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert "PASS: 2 frames" in run.stdout
    edges = rising_edges(tmp_path / "waveform.vcd")
    assert len(edges) > 100
    period = 1 / Fraction(str(runs_at_hz))
    # Exact, or within the unit that is stated.
    unit = 0 if clock_of(design, 2).exact else Fraction(1, 10**15)
    assert all(abs(later - earlier - period) <= unit for earlier, later in itertools.pairwise(edges))
    assert f"clock {runs_at_hz:.0f} Hz, times in units of 1 " in sources[f"{BENCH}.v"]
