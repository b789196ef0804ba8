from __future__ import annotations

from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st
from myhdl import Signal, always, block

from golden.schedule import Kind, build_schedule
from golden.specification import Specification
from rtl.neuron_unit import neuron_unit
from rtl.registers import build_registers


def unit(bench):
    pins, nets, control = bench.ports, bench.nets, bench.controller()
    return partial(
        neuron_unit,
        pins.clk,
        pins.reset,
        nets["hold"],
        nets["starting"],
        pins.first,
        control["add_valid"],
        control["add_pass"],
        control["add_slot"],
        bench.planes("pe_array.acc0"),
        bench.set_planes("pe_array.acc1"),
        bench.registers.spike_tiles("last"),
        bench.registers.membrane_planes(),
        bench.registers.spike_tiles("this"),
        bench.schedule,
    )


def run(bench, dut):
    spec = bench.spec
    places = [f"{layer}_{step}" for layer in range(len(spec.layers)) for step in range(spec.time_steps)]
    tiles = [f"{layer}_{tile}" for layer in range(len(spec.layers)) for tile in range(spec.tiles(layer))]
    return bench.run(
        dut,
        drives=[
            *("reset", "hold", "starting", "first"),
            *("controller.add_valid", "controller.add_pass", "controller.add_slot"),
            *(f"pe_array.acc{pe_set}" for pe_set in range(spec.pe_sets)),
            *(f"spikes.last{place}" for place in places),
        ],
        compares=[*(f"neuron_unit.membrane{tile}" for tile in tiles), *(f"spikes.this{place}" for place in places)],
    )


def test_every_output_at_every_cycle(bench):
    assert run(bench, unit(bench)) == len(bench.trace.records)


def test_operands_rest_at_0_in_all_other_cycles(resting_bench):
    """What they are while the unit does nothing is not seen at its outputs, but in its power."""
    operands = ("potential", "leaked", "current", "total")
    fires, awake = [], []

    @block
    def watched():
        inside = unit(resting_bench)()

        @always(resting_bench.ports.clk.posedge)
        def watch():
            firing = bool(inside.sigdict["firing"])
            fires.append(firing)
            values = {name: [int(plane) for plane in inside.memdict[name].mem] for name in operands}
            values["fired"] = [int(inside.sigdict["fired"])]
            awake.append([name for name, planes in values.items() if any(planes)])

        return inside, watch

    run(resting_bench, watched)
    spec, trace = resting_bench.spec, resting_bench.trace
    number = {name: trace.numbers(f"controller.add_{name}") for name in ("valid", "pass", "slot")}
    steps = spec.time_steps if spec.pe_sets == 2 else 1
    updates = [
        bool(valid and not hold and trace.schedule.passes[at].kind is Kind.NEURONS and slot < steps)
        for valid, hold, at, slot in zip(
            number["valid"], trace.nets["hold"], number["pass"], number["slot"], strict=True
        )
    ]
    assert fires == updates
    assert not [at for at, found in enumerate(awake) if found and not updates[at]]
    # They had something to rest from, and did not rest for ever.
    assert any(awake)
    assert not all(updates)


@st.composite
def updates(draw):
    bits = draw(st.integers(4, 14))
    half = 1 << (bits - 1)
    spec = Specification(
        inputs=3,
        layers=(1,),
        recurrent=(True,),
        lanes=1,
        outputs=1,
        logits_per_cycle=1,
        leaks=(draw(st.integers(1, 15)),),
        membrane_bits=(bits,),
        thresholds=(draw(st.integers(1, half - 1)),),
        input_shifts=(draw(st.integers(0, 3)),),
        recurrent_shifts=(draw(st.integers(0, 3)),),
    )
    low, high = spec.accumulator_range(0)
    near = spec.thresholds[0] >> spec.layer_shift(0)
    currents = st.one_of(st.integers(low, high), st.sampled_from([low, high, 0, -1]), st.integers(near - 2, near + 2))
    return spec, draw(st.lists(st.tuples(currents, currents), min_size=20, max_size=60))


@settings(max_examples=8)
@given(case=updates())
def test_the_unit_is_the_scalar_formula(bench_module, case):
    """Frames of two time steps of one neuron: v = 0 or u - (u >> k), u = saturate(v + (acc << m)), s = u >= theta."""
    spec, frames = case
    schedule, registers = build_schedule(spec), build_registers(spec)
    low, high = -(1 << (spec.membrane_bits[0] - 1)), (1 << (spec.membrane_bits[0] - 1)) - 1
    least, greatest = spec.accumulator_range(0)
    frames = [tuple(min(max(acc, least), greatest) for acc in pair) for pair in frames]
    membrane, spike, rows, last = 0, [0, 0], [], 0
    for pair in frames:
        last = spike[1]
        for slot in range(2):
            rows.append((slot, pair[0], pair[1], last, membrane, *spike))
            before = last if slot == 0 else spike[0]
            decayed = 0 if before else membrane - (membrane >> spec.leaks[0])
            membrane = min(max(decayed + (pair[slot] << spec.layer_shift(0)), low), high)
            spike[slot] = int(membrane >= spec.thresholds[0])
    columns = [list(column) for column in zip(*rows, strict=True)]
    chosen = next(at for at, step in enumerate(schedule.passes) if step.kind is Kind.NEURONS)
    clk, reset, hold, starting, first = (Signal(bool(0)) for _ in range(5))
    add_valid, add_pass, add_slot = (registers.one(f"controller.add_{name}") for name in ("valid", "pass", "slot"))
    acc0, acc1 = registers.planes["pe_array.acc0"], registers.planes["pe_array.acc1"]
    last_tiles, this = registers.spike_tiles("last"), registers.spike_tiles("this")
    membranes = registers.membrane_planes()
    dut = partial(
        neuron_unit,
        clk, reset, hold, starting, first, add_valid, add_pass, add_slot, acc0, acc1, last_tiles, membranes, this,
        schedule,
    )  # fmt: skip
    cycles = len(rows)
    inputs = [("valid", add_valid, [1] * cycles), ("pass", add_pass, [chosen] * cycles), ("slot", add_slot, columns[0])]
    inputs += [(f"acc0[{b}]", plane, [value >> b & 1 for value in columns[1]]) for b, plane in enumerate(acc0)]
    inputs += [(f"acc1[{b}]", plane, [value >> b & 1 for value in columns[2]]) for b, plane in enumerate(acc1)]
    inputs.append(("last", last_tiles[1], columns[3]))
    outputs = [(f"membrane[{b}]", plane, [u >> b & 1 for u in columns[4]]) for b, plane in enumerate(membranes)]
    outputs += [("this0", this[0], columns[5]), ("this1", this[1], columns[6])]
    assert bench_module.run_block(dut, clk, inputs, outputs) == cycles
