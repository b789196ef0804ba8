"""Toggles of a VCD that Icarus wrote are the model's; a file that is no such VCD is refused."""

from __future__ import annotations

import os
import shutil
from functools import partial

import numpy as np
import pytest

from cosim.engines.icarus import IcarusEngine
from cosim.vcd_toggles import Net, VCDError, count_vcd_nets, count_vcd_toggles
from cosim.verilog import cosimulate_verilog
from golden.checkpoint import random_checkpoint
from golden.layout import build_layout
from golden.specification import Specification
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


def test_the_vcd_holds_the_toggles_of_the_records(tmp_path, checkpoint, codes, design):
    path = tmp_path / "run.vcd"
    start = partial(IcarusEngine, waveform=path)
    found = cosimulate_verilog(checkpoint, {"one": codes}, engine="icarus", design=design, start=start)
    expected = {
        f"{row['block']}.{row['signal']}": row["toggles"] for row in found.activity.rows() if row["toggles"] is not None
    }
    assert count_vcd_toggles(path, build_layout(SPECIFICATION)) == expected
    assert sum(expected.values()) > 10_000


def test_a_file_that_is_no_waveform_is_refused(tmp_path):
    layout = build_layout(SPECIFICATION)
    (tmp_path / "no.vcd").write_text("$var wire 1 ! clk $end\n$enddefinitions $end\n#0\n1!\n")
    with pytest.raises(VCDError, match=r"no.vcd: no signal for controller.add_double, "):
        count_vcd_toggles(tmp_path / "no.vcd", layout)
    (tmp_path / "no.vcd").write_text("nothing\n")
    with pytest.raises(VCDError, match=r"no.vcd: cannot be read as a VCD"):
        count_vcd_toggles(tmp_path / "no.vcd", layout)
    with pytest.raises(VCDError, match=r"absent.vcd: cannot be read as a VCD"):
        count_vcd_toggles(tmp_path / "absent.vcd", layout)


WAVEFORM = """$timescale 1ns $end
$scope module top $end
$var wire 1 ! clk $end
$scope module dut $end
$var wire 4 # bus [3:0] $end
$var wire 1 $ net $end
$var wire 4 # alias [3:0] $end
$upscope $end
$upscope $end
$enddefinitions $end
#0
0!
bx #
0$
#1
1!
b0011 #
#2
0!
b0111 #
1$
#3
0$
#4
1!
b0000 #
#5
0!
#6
1!
"""


def test_nets_are_counted_at_every_time_step_and_as_settled(tmp_path):
    (tmp_path / "nets.vcd").write_text(WAVEFORM)
    assert count_vcd_nets(tmp_path / "nets.vcd") == {
        # At the edges 0 (unknown), 0111, 0000; from step to step 0011, 0111, 0000.
        "top.dut.bus": Net(bits=4, settled=6, zero_delay=6),
        # Up and down between two edges.
        "top.dut.net": Net(bits=1, settled=0, zero_delay=2),
    }


def test_a_waveform_without_a_clock_is_refused(tmp_path):
    (tmp_path / "nets.vcd").write_text(WAVEFORM.replace("! clk", "! other"))
    with pytest.raises(VCDError, match=r"nets.vcd: no signal for clk"):
        count_vcd_nets(tmp_path / "nets.vcd")
