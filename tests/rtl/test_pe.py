from __future__ import annotations

from functools import partial

import pytest
from myhdl import Signal, intbv

from rtl.pe import pe


@pytest.mark.parametrize("pe_set", [0, 1])
@pytest.mark.parametrize("end", ["first", "last"])
def test_every_output_at_every_cycle(pair_bench, bench_module, pe_set, end):
    """One lane of a PE set: its weight and controls from golden, its accumulator against golden's."""
    bench = pair_bench
    lane = 0 if end == "first" else bench.spec.lanes - 1
    spec, trace, nets = bench.spec, bench.trace, bench.trace.nets
    half, half_weight = 1 << (spec.accumulator_bits - 1), 1 << (spec.weight_bits - 1)

    def bit():
        return Signal(bool(0))

    clk, reset, clocked, clear, subtract, combine = (bit() for _ in range(6))
    align = Signal(intbv(0)[5:])
    weight = Signal(intbv(0, min=-half_weight, max=half_weight))
    accs = [Signal(intbv(0, min=-half, max=half)) for _ in range(2)]
    row0, row1 = trace.lane("weight_buffer.row0", lane), trace.lane("weight_buffer.row1", lane)
    shared = [pe_set == 1 or entry == 1 for entry in nets["shared"]]
    weights = [
        (one if share else zero) if enabled else 0
        for zero, one, share, enabled in zip(row0, row1, shared, nets[f"enable{pe_set}"], strict=True)
    ]
    other = 1 - pe_set
    inputs = [
        ("reset", reset, [int(given.reset) for given in trace.stimuli]),
        ("clocked", clocked, [mask >> lane & 1 for mask in trace.numbers(f"pe_array.clocked{pe_set}")]),
        ("clear", clear, nets["clear"]),
        ("subtract", subtract, nets[f"subtract{pe_set}"]),
        ("combine", combine, nets[f"combine{pe_set}"]),
        ("align", align, nets["align"]),
        ("weight", weight, weights),
        ("other", accs[other], trace.lane(f"pe_array.acc{other}", lane)),
    ]
    outputs = [("acc", accs[pe_set], trace.lane(f"pe_array.acc{pe_set}", lane))]
    dut = partial(
        pe,
        clk, reset, clocked, clear, subtract, combine, align, weight, *accs, accs[pe_set], bench.schedule.low_planes
    )  # fmt: skip
    assert bench_module.run_block(dut, clk, inputs, outputs) == len(trace.records)
