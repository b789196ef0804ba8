from __future__ import annotations

from functools import partial

import pytest

from rtl.single_set import pe_array

DRIVES = [
    *("reset", "hold", "controller.add_valid", "controller.add_pass", "controller.add_slot"),
    *("controller.add_enable", "controller.add_double", "weight_buffer.row0", "weight_buffer.row1"),
]


@pytest.mark.parametrize("architecture", ["sliced", "lanes"])
def test_every_output_at_every_cycle(single_bench, architecture):
    bench, control = single_bench, single_bench.controller()
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
        bench.one("pe_array.clocked0"),
        bench.schedule,
        architecture,
    )
    cycles = bench.run(dut, drives=DRIVES, compares=["pe_array.acc0", "pe_array.clocked0"])
    assert cycles == len(bench.trace.records)
