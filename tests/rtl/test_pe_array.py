from __future__ import annotations

from functools import partial

from rtl.pe_array import pe_array

DRIVES = [
    *("reset", "hold", "controller.add_valid", "controller.add_pass", "controller.add_slot"),
    *("controller.add_enable", "controller.add_double", "weight_buffer.row0", "weight_buffer.row1"),
]
COMPARES = ["pe_array.acc0", "pe_array.acc1", "pe_array.clocked0", "pe_array.clocked1"]


def test_every_output_at_every_cycle(pair_bench):
    assert run(pair_bench, "sliced") == len(pair_bench.trace.records)


def test_a_pe_a_lane_gives_the_same(small_trace, bench_module):
    """One process a lane is slow to build and to run: at 16 lanes."""
    assert run(bench_module.Bench(small_trace), "lanes") == len(small_trace.records)


def run(bench, architecture):
    control = bench.controller()
    names = ("add_valid", "add_pass", "add_slot", "add_enable", "add_double")
    dut = partial(
        pe_array,
        bench.ports.clk,
        bench.ports.reset,
        bench.nets["hold"],
        *(control[name] for name in names),
        bench.planes("weight_buffer.row0"),
        bench.planes("weight_buffer.row1"),
        bench.planes("pe_array.acc0"),
        bench.planes("pe_array.acc1"),
        bench.one("pe_array.clocked0"),
        bench.one("pe_array.clocked1"),
        bench.schedule,
        architecture,
    )
    return bench.run(dut, drives=DRIVES, compares=COMPARES)
