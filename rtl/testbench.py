"""A self-checking testbench in plain Verilog: frames in; every word of logits, the arg-max and the cycles compared."""

from __future__ import annotations

from golden.schedule import build_schedule
from golden.specification import index_bits
from rtl.design import TOP, Design
from rtl.netlist import MODULE, width_of
from rtl.timescale import Timescale, timescale

BENCH = f"{MODULE}testbench"
# Files of vectors, beside the testbench: what $readmemh reads, a number a line.
CODES, FIRSTS, WORDS, RESULTS = "codes.hex", "firsts.hex", "logits.hex", "results.hex"


def result_bits(design: Design) -> tuple[int, int, int]:
    """Return the bits of a frame's line in `RESULTS`: cycles, overrun, arg-max, from the highest."""
    schedule = build_schedule(design.specification)
    return schedule.cycle_bits, 1, index_bits(design.specification.outputs)


def clock_of(design: Design, frames: int) -> Timescale:
    """Return the testbench's clock: the specification's, or 1 Hz where that is slower.

    A simulator counts time in units of the smallest that any module names, in 64 bits.
    """
    schedule = build_schedule(design.specification)
    cycles = sum(schedule.bank_depths) + 10 + frames * (design.specification.inputs + 2 * schedule.worst_cycles + 10)
    return timescale(max(1.0, design.specification.clock_hz), cycles, least_half=2)


def testbench(design: Design, frames: int) -> str:
    """Return the testbench for vectors of `frames` frames.

    It loads the weights from ``weights0.hex`` and ``weights1.hex``: into the memories, or with the parameter ``PORT``
    at 1 into empty ones, through the weight port. It ends with a line that begins with PASS or FAIL.
    """
    spec, schedule = design.specification, build_schedule(design.specification)
    cycle_bits, _, index_width = result_bits(design)
    ports = design.top.ports
    widths = {port.name: port.width for port in ports}
    clock = clock_of(design, frames)
    declared = "\n".join(
        f"    {'wire' if port.output else 'reg '} {'signed ' if port.signed else ''}{width_of(port.width)}{port.name}"
        f"{'' if port.output else ' = 0'};"
        for port in ports
    )
    pins = ",\n".join(f"        .{port.name}({port.name})" for port in ports)
    return _TEXT.format(
        bench=BENCH,
        top=TOP,
        declared=declared,
        pins=pins,
        unit=clock.unit,
        half=clock.at(1),
        clock=clock.stated,
        frames=frames,
        inputs=spec.inputs,
        words=schedule.frame_words,
        most_cycles=2 * schedule.worst_cycles,
        code_high=widths["code"] - 1,
        logits_high=widths["logits"] - 1,
        row_high=widths["weight_row"] - 1,
        result_high=cycle_bits + index_width,
        cycle_high=cycle_bits + index_width,
        overrun_bit=index_width,
        cycle_low=index_width + 1,
        index_high=index_width - 1,
        depth0=schedule.bank_depths[0],
        depth1=schedule.bank_depths[1],
        codes=CODES,
        firsts=FIRSTS,
        logits=WORDS,
        results=RESULTS,
    )


_TEXT = """// Drives {frames} frames through the accelerator and compares every word of logits, the arg-max, the
// count of cycles and the overrun flag with the golden model's. README.md says how to run it.
//
// With PORT = 1 the memories begin empty and the weights come through the weight port; +waveform writes waveform.vcd.

// Its {clock}.

`timescale 1{unit}/1{unit}

module {bench} #(
    parameter PORT = 0
);
{declared}

    {top} #(.CONTENTS0(PORT ? "" : "weights0.hex"), .CONTENTS1(PORT ? "" : "weights1.hex")) dut (
{pins}
    );

    reg [{code_high}:0] codes [0:{frames} * {inputs} - 1];
    reg firsts [0:{frames} - 1];
    reg [{logits_high}:0] expected_logits [0:{frames} * {words} - 1];
    // Cycles, overrun, arg-max.
    reg [{result_high}:0] results [0:{frames} - 1];
    reg [{row_high}:0] bank0 [0:{depth0} - 1];
    reg [{row_high}:0] bank1 [0:{depth1} - 1];
    reg [{result_high}:0] result;
    integer frame, at, taken, waited, compared, failures;

    localparam [63:0] HALF = 64'd{half};

    always #(HALF) clk = !clk;

    // Inputs change on the falling edge; outputs are looked at just before the rising one.
    task check;
        input condition;
        begin
            compared = compared + 1;
            if (condition !== 1'b1) begin
                failures = failures + 1;
                if (failures <= 10)
                    $display("frame %0d, word %0d, cycle %0d: differs", frame, taken, waited);
            end
        end
    endtask

    initial begin
        $readmemh("{codes}", codes);
        $readmemh("{firsts}", firsts);
        $readmemh("{logits}", expected_logits);
        $readmemh("{results}", results);
        compared = 0;
        failures = 0;
        if ($test$plusargs("waveform")) begin
            $dumpfile("waveform.vcd");
            $dumpvars(0, {bench});
        end
        reset = 1;
        repeat (3) @(negedge clk);
        reset = 0;
        if (PORT) begin
            $readmemh("weights0.hex", bank0);
            $readmemh("weights1.hex", bank1);
            weight_valid = 1;
            for (at = 0; at < {depth0} + {depth1}; at = at + 1) begin
                weight_bank = at >= {depth0};
                weight_address = at < {depth0} ? at : at - {depth0};
                weight_row = at < {depth0} ? bank0[at] : bank1[at - {depth0}];
                @(negedge clk);
            end
            weight_valid = 0;
        end
        logits_ready = 1;
        for (frame = 0; frame < {frames}; frame = frame + 1) begin
            taken = 0;
            waited = 0;
            code_valid = 1;
            for (at = 0; at < {inputs}; at = at + 1) begin
                code = codes[frame * {inputs} + at];
                #(HALF - 1) check(code_ready);
                @(negedge clk);
            end
            code_valid = 0;
            start = 1;
            first = firsts[frame];
            @(negedge clk);
            start = 0;
            first = 0;
            while (done !== 1'b1 && waited < {most_cycles}) begin
                #(HALF - 1);
                if (logits_valid) begin
                    check(word == taken);
                    check(taken < {words});
                    check(logits === expected_logits[frame * {words} + taken]);
                    taken = taken + 1;
                end
                @(negedge clk);
                waited = waited + 1;
            end
            result = results[frame];
            check(done);
            check(taken == {words});
            check(frame_cycles == result[{cycle_high}:{cycle_low}]);
            check(overrun == result[{overrun_bit}]);
            check(best_index == result[{index_high}:0]);
        end
        if (failures == 0)
            $display("PASS: {frames} frames, %0d comparisons", compared);
        else
            $display("FAIL: %0d of %0d comparisons differ", failures, compared);
        $finish;
    end
endmodule
"""
