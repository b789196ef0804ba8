from __future__ import annotations

from functools import partial

from rtl.input_buffer import input_buffer


def test_every_output_at_every_cycle(bench):
    pins, nets = bench.ports, bench.nets
    control = bench.controller()
    codes = bench.planes("input_buffer.codes")
    dut = partial(
        input_buffer,
        pins.clk,
        pins.reset,
        nets["accept"],
        control["loaded"],
        pins.code,
        control["issue_pass"],
        codes,
        nets["plane0"],
        nets["plane1"],
        bench.schedule,
    )
    cycles = bench.run(
        dut,
        drives=["reset", "accept", "controller.loaded", "code", "controller.issue_pass"],
        compares=["input_buffer.codes", "plane0", "plane1"],
    )
    assert cycles == len(bench.trace.records)
