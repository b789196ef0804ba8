from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from myhdl import Signal, intbv

from rtl.pe_set import lane_scatter, pe_set

LANES, WEIGHT_BITS, ACC_BITS, LOW_PLANES = 7, 4, 15, 3


@pytest.mark.parametrize("which", [0, 1])
def test_every_output_at_every_cycle(pair_bench, which):
    bench = pair_bench
    trace, nets, pins = bench.trace, bench.trace.nets, bench.ports
    spec, cycles = trace.spec, len(trace.records)
    wires = {name: Signal(bool(0)) for name in ("enable", "clear", "subtract", "combine")}
    row = [Signal(intbv(0)[spec.lanes :]) for _ in range(spec.weight_bits)]
    rows = [trace.slot_columns["weight_buffer.row0"], trace.slot_columns["weight_buffer.row1"]]
    shared = [which == 1 or entry == 1 for entry in nets["shared"]]
    drives = [
        ("enable", wires["enable"], nets[f"enable{which}"]),
        ("clear", wires["clear"], nets["clear"]),
        ("subtract", wires["subtract"], nets[f"subtract{which}"]),
        ("combine", wires["combine"], nets[f"combine{which}"]),
        "align",
        "reset",
        f"pe_array.acc{1 - which}",
    ]
    for b, plane in enumerate(row):
        values = [rows[share][b][at] for at, share in enumerate(shared)]
        drives.append((f"row[{b}]", plane, values))
    acc = f"pe_array.acc{which}"
    dut = partial(
        pe_set,
        pins.clk,
        pins.reset,
        wires["enable"],
        wires["clear"],
        wires["subtract"],
        wires["combine"],
        bench.nets["align"],
        row,
        bench.planes("pe_array.acc0"),
        bench.planes("pe_array.acc1"),
        bench.planes(acc),
        bench.one(f"pe_array.clocked{which}"),
        bench.schedule.low_planes,
        spec.zero_weight_gating,
    )
    assert bench.run(dut, drives=drives, compares=[acc, f"pe_array.clocked{which}"]) == cycles


OPERATIONS = ("add", "subtract", "clear", "clear and add", "combine", "nothing", "reset")


def sliced(lanes, bits):
    return [sum(((int(value) >> b) & 1) << lane for lane, value in enumerate(lanes)) for b in range(bits)]


@pytest.mark.parametrize("architecture", ["sliced", "lanes"])
@pytest.mark.parametrize("gating", [True, False])
def test_a_set_is_integer_additions(bench_module, architecture, gating):
    """A set whose `low` is its own accumulator against NumPy additions; both architectures give the same."""
    rng = np.random.default_rng(2)
    operations = [
        (
            OPERATIONS[rng.choice(len(OPERATIONS), p=(0.4, 0.3, 0.03, 0.05, 0.1, 0.1, 0.02))],
            int(rng.integers(0, 5)),
            # Extremes are frequent: least, greatest and zero weights in half of the lanes.
            np.where(rng.random(LANES) < 0.5, rng.integers(-8, 8, LANES), rng.choice([-8, 0, 7], LANES)).tolist(),
            rng.integers(-(2**9), 2**9, LANES).tolist(),
        )
        for _ in range(600)
    ]
    acc, columns, expected = np.zeros(LANES, dtype=np.int64), [], []
    for name, align, weights, high in operations:
        row, everyone = np.array(weights), (1 << LANES) - 1
        enable = name in ("add", "subtract", "clear and add")
        clear = name in ("clear", "clear and add")
        # Keep every sum inside the accumulator, as the specification's bound does.
        moved = (0 if clear else acc) + (row << align) * (-1 if name == "subtract" else 1)
        if enable and np.abs(moved).max() >= 1 << (ACC_BITS - 1):
            enable = clear = False
        combine = name == "combine" and np.abs(acc + (np.array(high) << LOW_PLANES)).max() < 1 << (ACC_BITS - 1)
        reset = name == "reset"
        clocked = 0
        if clear or combine or (enable and not gating):
            clocked = everyone
        elif enable:
            clocked = sum(1 << lane for lane in range(LANES) if weights[lane])
        expected.append((sliced(acc, ACC_BITS), clocked))
        columns.append(
            (int(reset), int(enable), int(clear), int(name == "subtract"), int(combine), align)
            + tuple(sliced(row, WEIGHT_BITS) + sliced(high, ACC_BITS))
        )
        if reset:
            acc = np.zeros(LANES, dtype=np.int64)
        elif combine:
            acc = acc + (np.array(high) << LOW_PLANES)
        elif enable:
            acc = moved
        elif clear:
            acc = np.zeros(LANES, dtype=np.int64)
    clk, clocked_port = Signal(bool(0)), Signal(intbv(0)[LANES:])
    flags = [Signal(bool(0)) for _ in range(5)]
    align_port = Signal(intbv(0)[3:])
    row_port, own, high_port = (
        [Signal(intbv(0)[LANES:]) for _ in range(bits)] for bits in (WEIGHT_BITS, ACC_BITS, ACC_BITS)
    )
    dut = partial(
        pe_set,
        clk, *flags, align_port, row_port, own, high_port, own, clocked_port, LOW_PLANES, gating, architecture
    )  # fmt: skip
    driven = [*flags, align_port, *row_port, *high_port]
    given = map(list, zip(*columns, strict=True))
    inputs = [(f"input {at}", pin, column) for at, (pin, column) in enumerate(zip(driven, given, strict=True))]
    outputs = [("clocked", clocked_port, [entry[1] for entry in expected])]
    outputs += [(f"acc[{b}]", own[b], [entry[0][b] for entry in expected]) for b in range(ACC_BITS)]
    assert bench_module.run_block(dut, clk, inputs, outputs) == len(operations)


def test_an_unknown_architecture_is_refused():
    pins = [Signal(bool(0)) for _ in range(6)]
    plane = [Signal(intbv(0)[4:])]
    with pytest.raises(ValueError, match="architecture is 'systolic', expected 'sliced' or 'lanes'"):
        pe_set(*pins, pins[0], plane, plane, plane, plane, plane[0], 1, True, "systolic")


def test_a_lane_s_weight_rests_at_0_while_its_set_is_not_enabled(bench_module):
    """The adder behind it would move with every row that is read; a register tells only where it is cleared alone."""
    rng = np.random.default_rng(4)
    cycles = 200
    enables = rng.integers(0, 2, cycles).tolist()
    weights = rng.integers(-8, 8, (cycles, LANES))
    clk, enable = (Signal(bool(0)) for _ in range(2))
    row, clocked = [Signal(intbv(0)[LANES:]) for _ in range(WEIGHT_BITS)], Signal(intbv(0)[LANES:])
    lane_weight = [Signal(intbv(0, min=-8, max=8)) for _ in range(LANES)]
    lane_clocked = [Signal(bool(0)) for _ in range(LANES)]
    dut = partial(lane_scatter, enable, row, None, None, clocked, lane_weight, [], [], lane_clocked)
    planes = [sliced(lanes, WEIGHT_BITS) for lanes in weights]
    inputs = [("enable", enable, enables)]
    inputs += [(f"row[{b}]", plane, [each[b] for each in planes]) for b, plane in enumerate(row)]
    expected = (weights * np.array(enables)[:, None]).T.tolist()
    outputs = [(f"weight {lane}", lane_weight[lane], expected[lane]) for lane in range(LANES)]
    assert bench_module.run_block(dut, clk, inputs, outputs) == cycles
