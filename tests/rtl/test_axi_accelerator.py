"""Streams with random stalls on both sides: nothing dropped, repeated or changed, the budget counted, frames repaired.

The same stalls run in MyHDL and, as Verilog, in Icarus.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from myhdl import StopSimulation, block, delay, instance

from cosim.bench import forgotten_afterwards
from golden.checkpoint import Checkpoint, random_checkpoint
from golden.forward import forward
from golden.memory_image import memory_image
from golden.schedule import build_schedule
from golden.specification import Specification
from golden.trace import CycleModel
from rtl.axi_accelerator import axi_accelerator, build_stream_ports
from rtl.axi_stream import stream_bits
from rtl.design import STREAM_TOP, build_stream_modules
from rtl.registers import build_ports, build_registers

SPECIFICATION = Specification(
    inputs=6, layers=(20, 12), outputs=37, lanes=16, logits_per_cycle=4, thresholds=(40, 60), leaks=(2, 3),
    clock_hz=13_000.0,
)  # fmt: skip


@dataclass
class Sent:
    """A code on its way in: what stands beside it on the stream."""

    code: int
    last: bool
    user: bool


def sent(codes: np.ndarray) -> list[Sent]:
    """Return an utterance [frames, inputs] as it goes over the stream."""
    return [
        Sent(int(code), place == codes.shape[1] - 1, number == 0 and place == 0)
        for number, frame in enumerate(codes)
        for place, code in enumerate(frame)
    ]


@dataclass
class Received:
    """What came out: words with their tlast, cycles and overrun of each frame, and whether a frame was in error."""

    words: list[tuple[int, bool]]
    frames: list[tuple[int, bool]]
    frame_error: bool


def run(
    checkpoint: Checkpoint, stream: list[Sent], offered: np.ndarray, taken: np.ndarray, *, arg_max: bool, frames: int
) -> Received:
    """Run the MyHDL accelerator; `offered` and `taken` say by cycle whether each side is willing, True beyond them."""
    spec = checkpoint.specification
    images = memory_image(checkpoint)
    received = Received([], [], False)
    expected_words = frames * (1 if arg_max else build_schedule(spec).frame_words)
    with forgotten_afterwards():
        ports, registers = build_ports(spec), build_registers(spec)
        streams = build_stream_ports(spec, arg_max=arg_max)

        @block
        def bench():
            contents = (images[0].row_values(), images[1].row_values())
            dut = axi_accelerator(ports, streams, registers, spec, arg_max, *contents)

            @instance
            def drive():
                ports.reset.next = True
                for _ in range(2):
                    ports.clk.next = False
                    yield delay(1)
                    ports.clk.next = True
                    yield delay(1)
                ports.reset.next = False
                at, waiting = 0, None
                for cycle in range(60_000):
                    # AXI: what is offered stays until it is taken.
                    willing = waiting is not None or cycle >= len(offered) or bool(offered[cycle])
                    streams.s_tvalid.next = willing and at < len(stream)
                    if at < len(stream) and willing:
                        streams.s_tdata.next = stream[at].code
                        streams.s_tlast.next = stream[at].last
                        streams.s_tuser.next = stream[at].user
                        waiting = at
                    streams.m_tready.next = cycle >= len(taken) or bool(taken[cycle])
                    ports.clk.next = False
                    yield delay(1)
                    if streams.s_tvalid and streams.s_tready:
                        at, waiting = at + 1, None
                    if streams.m_tvalid and streams.m_tready:
                        received.words.append((int(streams.m_tdata), bool(streams.m_tlast)))
                    if registers.one("controller.done"):
                        cycles = int(registers.one("controller.frame_cycles"))
                        received.frames.append((cycles, bool(registers.one("controller.overrun"))))
                    received.frame_error = bool(streams.frame_error)
                    if len(received.words) == expected_words and at == len(stream) and len(received.frames) == frames:
                        raise StopSimulation
                    ports.clk.next = True
                    yield delay(1)
                raise AssertionError("the streams stand still")

            return dut, drive

        testbench = bench()
        try:
            testbench.run_sim(quiet=1)
        finally:
            testbench.quit_sim()
    return received


def words_of(logits: np.ndarray, spec: Specification) -> list[tuple[int, bool]]:
    """Return a frame's logits as words of the stream."""
    count = build_schedule(spec).frame_words
    padded = np.zeros(count * spec.logits_per_cycle, dtype=np.int64)
    padded[: len(logits)] = logits
    width = stream_bits(spec)
    mask = (1 << width) - 1
    return [
        (sum((int(logit) & mask) << (width * place) for place, logit in enumerate(word)), number == count - 1)
        for number, word in enumerate(padded.reshape(count, -1))
    ]


@pytest.fixture(scope="module")
def checkpoint():
    return random_checkpoint(SPECIFICATION, seed=4)


def codes_of(seed: int, frames: int) -> np.ndarray:
    low, high = SPECIFICATION.code_range
    shape = (frames, SPECIFICATION.inputs)
    return np.random.default_rng(seed).integers(low, high, size=shape, endpoint=True)


WILLING = st.sampled_from([0.05, 0.3, 0.7, 1.0])
STALLS = st.tuples(st.integers(0, 2**31), WILLING, WILLING)


@settings(max_examples=12)
@given(stalls=STALLS, arg_max=st.booleans())
def test_whatever_stalls_every_word_arrives_once_in_order(off_the_stack, stalls, arg_max):
    seed, willing, ready = stalls
    checkpoint = random_checkpoint(SPECIFICATION, seed=seed % 7)
    rng = np.random.default_rng(seed)
    utterances = [codes_of(seed, 2), codes_of(seed + 1, 1)]
    stream = [code for codes in utterances for code in sent(codes)]
    found = off_the_stack(
        run, checkpoint, stream, rng.random(3_000) < willing, rng.random(3_000) < ready, arg_max=arg_max, frames=3
    )
    results = [forward(checkpoint, codes) for codes in utterances]
    if arg_max:
        assert found.words == [(int(best), True) for result in results for best in result.best]
    else:
        frames = [logits for result in results for logits in result.logits]
        assert found.words == [word for logits in frames for word in words_of(logits, SPECIFICATION)]
    budget = SPECIFICATION.frame_budget
    most = (1 << build_schedule(SPECIFICATION).cycle_bits) - 1
    for cycles, overrun in found.frames:
        assert overrun == (cycles > budget) or cycles == most
    assert not found.frame_error
    if willing == ready == 1.0:
        model = CycleModel(checkpoint)
        own = [len(model.frame(frame, first=at == 0)) for codes in utterances for at, frame in enumerate(codes)]
        assert [cycles for cycles, _ in found.frames] == own


def test_a_receiver_that_stalls_costs_cycles_and_raises_overrun(off_the_stack, checkpoint):
    codes = codes_of(1, 2)
    taken = np.zeros(400, dtype=bool)
    stalled = off_the_stack(run, checkpoint, sent(codes), np.ones(0), taken, arg_max=False, frames=2)
    free = off_the_stack(run, checkpoint, sent(codes), np.ones(0), np.ones(0), arg_max=False, frames=2)
    assert stalled.words == free.words
    assert stalled.frames[0][1]
    assert stalled.frames[0][0] > free.frames[0][0]
    # The second frame is on its own again.
    assert stalled.frames[1] == free.frames[1]
    assert not free.frames[0][1]


def test_logits_wider_than_two_bytes_take_three(off_the_stack):
    wide = SPECIFICATION.replace(weight_bits=16)
    assert (stream_bits(SPECIFICATION), wide.logit_bits, stream_bits(wide)) == (16, 21, 24)
    checkpoint, codes = random_checkpoint(wide, seed=4), codes_of(1, 2)
    found = off_the_stack(run, checkpoint, sent(codes), np.ones(0), np.ones(0), arg_max=False, frames=2)
    logits = forward(checkpoint, codes).logits
    assert np.abs(logits).max() > 1 << 15
    assert found.words == [word for frame in logits for word in words_of(frame, wide)]


@pytest.mark.parametrize("arg_max", [False, True])
def test_a_frame_too_short_or_too_long_is_repaired_and_said(off_the_stack, checkpoint, arg_max):
    codes = codes_of(2, 3)
    stream = sent(codes)
    inputs = SPECIFICATION.inputs
    short = stream[: inputs - 2]
    short[-1].last = True
    long = sent(codes[1:2])
    long[-1].last = False
    too_much = [Sent(55, False, False), Sent(66, True, False)]
    third = sent(codes[2:])
    for code in (*long, *third):
        code.user = False
    found = off_the_stack(
        run, checkpoint, [*short, *long, *too_much, *third], np.ones(0), np.ones(0), arg_max=arg_max, frames=3
    )
    repaired = codes.copy()
    repaired[0, inputs - 2 :] = 0
    result = forward(checkpoint, repaired)
    if arg_max:
        assert found.words == [(int(best), True) for best in result.best]
    else:
        assert found.words == [word for logits in result.logits for word in words_of(logits, SPECIFICATION)]
    assert found.frame_error


@pytest.mark.parametrize("arg_max", [False, True])
def test_the_verilog_does_the_same_in_icarus(tmp_path, off_the_stack, checkpoint, arg_max):
    if os.environ.get("CI") != "true" and shutil.which("iverilog") is None:
        pytest.skip("Icarus Verilog is not installed (apt install iverilog)")
    modules = off_the_stack(build_stream_modules, SPECIFICATION, arg_max=arg_max)
    for name, module in modules.items():
        (tmp_path / f"{name}.v").write_text(module.text)
    digits = -(-SPECIFICATION.row_bits // 4)
    for which, bank in enumerate(memory_image(checkpoint)):
        (tmp_path / f"weights{which}.hex").write_text("".join(f"{row:0{digits}x}\n" for row in bank.row_values()))
    frames, rng = 5, np.random.default_rng(8)
    codes = codes_of(3, frames)
    stream = sent(codes)
    lines = [f"{int(one.user) << 9 | int(one.last) << 8 | one.code & 0xFF:x}\n" for one in stream]
    (tmp_path / "codes.hex").write_text("".join(lines))
    (tmp_path / "stalls.hex").write_text("".join(f"{value:x}\n" for value in rng.integers(0, 4, 8_192)))
    widths = {port.name: port.width for port in modules[STREAM_TOP].ports}
    text = BENCH.replace("CODES", str(len(stream))).replace("TOP", STREAM_TOP)
    for word, port in (("WIDTH", "m_tdata"), ("ADDRESS", "weight_address"), ("ROW", "weight_row")):
        text = text.replace(word, str(widths[port]))
    (tmp_path / "bench.v").write_text(text)
    command = ["iverilog", "-g2005-sv", "-s", "bench", "-o", "bench.vvp", "bench.v", *(f"{name}.v" for name in modules)]
    subprocess.run(command, cwd=tmp_path, check=True)
    printed = subprocess.run(["vvp", "-n", "bench.vvp"], cwd=tmp_path, capture_output=True, text=True, check=True)
    found = [(int(word, 16), last == "1") for word, last in (line.split() for line in printed.stdout.splitlines())]
    result = forward(checkpoint, codes)
    if arg_max:
        assert found == [(int(best), True) for best in result.best]
    else:
        assert found == [word for logits in result.logits for word in words_of(logits, SPECIFICATION)]


BENCH = """
module bench;
    reg clk = 0, reset = 1, s_tvalid = 0, m_tready = 0, taken = 0;
    wire s_tready, m_tvalid, m_tlast;
    wire [WIDTH-1:0] m_tdata;
    reg [9:0] codes [0:CODES-1];
    reg [1:0] stalls [0:8191];
    integer at = 0, cycle = 0, idle = 0;
    TOP #(.CONTENTS0("weights0.hex"), .CONTENTS1("weights1.hex")) dut (
        .clk(clk), .reset(reset), .weight_valid(1'b0), .weight_bank(1'b0), .weight_address(ADDRESS'd0),
        .weight_row(ROW'd0), .s_tvalid(s_tvalid), .s_tready(s_tready), .s_tdata(codes[at % CODES][7:0]),
        .s_tlast(codes[at % CODES][8]), .s_tuser(codes[at % CODES][9]), .m_tvalid(m_tvalid), .m_tready(m_tready),
        .m_tdata(m_tdata), .m_tlast(m_tlast));
    initial begin
        $readmemh("codes.hex", codes);
        $readmemh("stalls.hex", stalls);
        repeat (2) begin #1 clk = 1; #1 clk = 0; end
        reset = 0;
        while (idle < 600) begin
            s_tvalid = at < CODES && (s_tvalid || stalls[cycle % 8192][0]);
            m_tready = stalls[cycle % 8192][1];
            #1;
            idle = idle + 1;
            if (m_tvalid && m_tready) begin
                $display("%h %b", m_tdata, m_tlast);
                idle = 0;
            end
            taken = s_tvalid && s_tready;
            clk = 1;
            #1 clk = 0;
            if (taken) begin
                at = at + 1;
                s_tvalid = 0;
            end
            cycle = cycle + 1;
        end
        $finish;
    end
endmodule
"""
