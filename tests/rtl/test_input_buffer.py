from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from rtl.input_buffer import input_buffer


def test_every_output_at_every_cycle(bench):
    assert run(bench) == len(bench.trace.records)


def test_the_bench_reports_a_difference(small_trace, bench_module):
    """What every block's test relies on: one wrong bit in one cycle fails it, with a sentence."""
    at = len(small_trace.records) // 2
    field = small_trace.layout["input_buffer.codes"]
    records = small_trace.records.copy()
    records[at, field.offset + field.plane_words] ^= np.uint64(1 << 3)
    got, expected = (int(given[at, field.offset + field.plane_words]) for given in (small_trace.records, records))
    wrong = bench_module.Trace(small_trace.checkpoint, records, small_trace.stimuli)
    # The planes served would be computed from the wrong code too.
    wrong.nets = small_trace.nets
    sentence = rf"^cycle {at}: input_buffer.codes\[1\] expected {expected:#x} got {got:#x}$"
    with pytest.raises(AssertionError, match=sentence):
        run(bench_module.Bench(wrong))


def run(bench):
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
        bench.signs().get("signs"),
    )
    return bench.run(
        dut,
        drives=["reset", "accept", "controller.loaded", "code", "controller.issue_pass"],
        compares=["input_buffer.codes", "plane0", "plane1", *(["signs"] if bench.signs() else [])],
    )
