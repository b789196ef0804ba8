"""Clock gates: which cells are read as one, and what the model of one does."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from gates.liberty import ClockGate, read_liberty
from tests.conftest import CLOCK_GATE


def read(folder, text):
    (folder / "gate.lib").write_text(text)
    return read_liberty(folder / "gate.lib")


def test_a_clock_gate_is_read_with_its_pins_and_is_no_cell_for_logic(tmp_path):
    cell = read(tmp_path, CLOCK_GATE).cells["ICG"]
    assert cell.clock_gate == ClockGate("latch_posedge_precontrol", clock="CK", enable="E", output="GCK", test="TE")
    assert (cell.modelled, cell.usable, cell.allowed, cell.truth_table()) == (True, False, True, None)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("latch_posedge_precontrol", "latch_negedge_precontrol"),
        ("latch_posedge_precontrol", "latch_posedge"),
        ("latch_posedge_precontrol", "none_posedge"),
        ("clock_gate_enable_pin : true", "clock_gate_enable_pin : false"),
        ('"CK & IQ"', '"CK | IQ"'),
        ('"CK & IQ"', '"CK & IQ & TE"'),
        ("pin (IQ) { direction : internal", "pin (IQ) { direction : output"),
        ("cell (ICG)", "cell (rsnn_memory_1x1)"),
    ],
)
def test_what_is_not_understood_is_no_clock_gate(tmp_path, old, new):
    assert old in CLOCK_GATE
    library = read(tmp_path, CLOCK_GATE.replace(old, new))
    (cell,) = library.cells.values()
    assert (cell.clock_gate, cell.modelled, cell.allowed, library.clock_gate) == (None, False, False, None)


def test_clock_gates_of_real_libraries(liberty_files):
    expected = {
        "nangate45_typ": "CLKGATE_X1", "asap7_SEQ_RVT_TT": "ICGx1_ASAP7_75t_R", "gt2_6t_w13_svt": None,
        "sg13g2_stdcell_typ_1p20V_25C": "sg13g2_lgcp_1", "sky130hd_tt": "sky130_fd_sc_hd__dlclkp_1",
    }  # fmt: skip
    for name, gate in expected.items():
        found = read_liberty(liberty_files[name]).clock_gate
        assert (found.name if found else None) == gate, name


BENCH = """`timescale 1ns/1ns
module bench;
    reg ck, e, te; wire gck; integer edges;
    {cell} gate ({pins});
    always @(posedge gck) edges = edges + 1;
    reg q0, q1; always @(posedge ck) q0 <= ~q0; always @(posedge gck) q1 <= q0;
    task clock; begin #1 ck = 1; #1 ck = 0; end endtask
    initial begin
        ck = 1; e = 0; te = 0; #1 ck = 0; edges = 0; q0 = 0; q1 = 0;
        clock; $display("off %0d", edges);
        #1 e = 1; #1 e = 0; clock; $display("back in time %0d", edges);
        e = 1; clock; $display("on %0d %b", edges, q1);
        // A change while the clock is high is for the next edge; none is cut short or added.
        #1 ck = 1; #1 e = 0; #1 ck = 0; $display("off while high %0d", edges);
        #1 ck = 1; #1 e = 1; #1 e = 0; #1 ck = 0; $display("on while high %0d", edges);
        te = 1; clock; $display("test %0d", edges);
        // Data of the edge itself does not pass.
        q0 = 1; clock; $display("before the edge %b", q1); clock; $display("before the edge %b", q1);
    end
endmodule
"""


@pytest.mark.parametrize("kind", ["latch_posedge_precontrol", "latch_posedge_postcontrol"])
def test_the_model_passes_whole_clocks(tmp_path, kind):
    if os.environ.get("CI") != "true" and shutil.which("iverilog") is None:
        pytest.skip("Icarus Verilog is not installed (apt install iverilog)")
    library = read(tmp_path, CLOCK_GATE.replace("latch_posedge_precontrol", kind))
    pins = ".CK(ck), .E(e), .TE(te), .GCK(gck)"
    (tmp_path / "bench.v").write_text(library.verilog() + BENCH.format(cell="ICG", pins=pins))
    subprocess.run(["iverilog", "-g2005", "-Wall", "-o", "bench.vvp", "bench.v"], cwd=tmp_path, check=True)
    run = subprocess.run(["vvp", "-n", "bench.vvp"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == [
        "off 0", "back in time 0", "on 1 0", "off while high 2", "on while high 2", "test 3", "before the edge 1",
        "before the edge 0",
    ]  # fmt: skip
