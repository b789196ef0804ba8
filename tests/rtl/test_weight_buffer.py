from __future__ import annotations

from functools import partial

import numpy as np
from myhdl import Signal, intbv

from golden.memory_image import memory_image
from rtl.weight_buffer import memory_bank, weight_buffer


def build(bench, contents):
    pins, control = bench.ports, bench.controller()
    return partial(
        weight_buffer,
        pins.clk,
        pins.weight_valid,
        bench.nets["weight_ready"],
        pins.weight_bank,
        pins.weight_address,
        pins.weight_row,
        control["read_pass"],
        control["read_valid"],
        control["read_visit"],
        bench.nets["hold"],
        bench.one("zero_skip.index"),
        bench.one("weight_buffer.address"),
        bench.one("weight_buffer.read"),
        bench.planes("weight_buffer.row0"),
        bench.planes("weight_buffer.row1"),
        bench.schedule,
        *contents,
    )


PORT = ["weight_valid", "weight_ready", "weight_bank", "weight_address", "weight_row"]
DRIVES = ["controller.read_pass", "controller.read_valid", "controller.read_visit", "hold", "zero_skip.index"]
COMPARES = ["weight_buffer.address", "weight_buffer.read", "weight_buffer.row0", "weight_buffer.row1"]


def test_every_output_at_every_cycle(bench):
    cycles = bench.run(build(bench, bench.trace.contents), drives=DRIVES + PORT, compares=COMPARES)
    assert cycles == len(bench.trace.records)


def test_rows_loaded_through_the_port_are_those_that_are_read(small_trace, bench_module):
    bench = bench_module.Bench(small_trace)
    contents = [image.row_values() for image in memory_image(bench.trace.checkpoint)]
    loads = [(bank, address, row) for bank, rows in enumerate(contents) for address, row in enumerate(rows)]
    # What is offered while the accelerator runs must not be taken: here ready is 0 and every offer is a row of ones.
    ones = (1 << bench.spec.row_bits) - 1
    cycles = len(bench.trace.records)
    offers = [(1, bank, address, row) for bank, address, row in loads] + [(0, 1, 0, ones)] * cycles
    ready, bank, address, row = map(list, zip(*offers, strict=True))
    pins = bench.ports
    drives = [
        ("weight_valid", pins.weight_valid, [1] * len(offers)),
        ("weight_ready", bench.nets["weight_ready"], ready),
        ("weight_bank", pins.weight_bank, bank),
        ("weight_address", pins.weight_address, address),
        ("weight_row", pins.weight_row, row),
    ]
    before = len(loads)
    drives += [(name, signal, [0] * before + values) for pin in DRIVES for name, signal, values in bench.pins(pin)]
    base = bench.schedule.passes[0].base
    compares = [
        (name, signal, [base if name.endswith("address") else 0] * before + values)
        for pin in COMPARES
        for name, signal, values in bench.pins(pin)
    ]
    empty = [[0] * depth for depth in bench.schedule.bank_depths]
    assert bench.run(build(bench, empty), drives=drives, compares=compares) == len(offers)


def test_a_bank_is_a_memory(bench_module):
    rng = np.random.default_rng(0)
    depth, lanes, planes, cycles = 11, 5, 4, 400
    wires = {name: Signal(bool(0)) for name in ("clk", "write", "read")}
    wires |= {name: Signal(intbv(0)[4:]) for name in ("write_address", "address")}
    wires["write_row"] = Signal(intbv(0)[lanes * planes :])
    row = [Signal(intbv(0)[lanes:]) for _ in range(planes)]
    stimuli = {
        name: rng.integers(0, signal.max or 2, cycles).tolist() for name, signal in wires.items() if name != "clk"
    }
    memory, latched, expected = [0] * depth, 0, []
    for at in range(cycles):
        expected.append([latched >> (b * lanes) & (1 << lanes) - 1 for b in range(planes)])
        if stimuli["read"][at] and stimuli["address"][at] < depth:
            latched = memory[stimuli["address"][at]]
        if stimuli["write"][at] and stimuli["write_address"][at] < depth:
            memory[stimuli["write_address"][at]] = stimuli["write_row"][at]
    dut = partial(memory_bank, row=row, lanes=lanes, contents=[0] * depth, **wires)
    inputs = [(name, wires[name], values) for name, values in stimuli.items()]
    names = [f"row[{b}]" for b in range(planes)]
    outputs = list(zip(names, row, map(list, zip(*expected, strict=True)), strict=True))
    assert bench_module.run_block(dut, wires["clk"], inputs, outputs) == cycles
