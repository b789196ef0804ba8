"""The blocks with packed ports, which is how they convert alone: a list of planes cannot be a port of a Verilog module.

A port of planes becomes one word, plane b in bits b x width upwards. Nothing else is added.
"""

from __future__ import annotations

from myhdl import ConcatSignal, Signal, always_comb, block, intbv

from golden.schedule import Schedule
from golden.specification import Specification
from rtl.accelerator import accelerator
from rtl.input_buffer import input_buffer
from rtl.neuron_unit import neuron_unit
from rtl.output import output
from rtl.pe_array import pe_array
from rtl.pe_set import pe_set
from rtl.registers import Ports, Registers, build_registers
from rtl.spikes import spikes
from rtl.weight_buffer import weight_buffer


def planes_of(count: int, width: int) -> list:
    """Return `count` fresh signals of `width` bits."""
    return [Signal(intbv(0)[width:]) for _ in range(count)]


@block
def pack(planes, flat):
    """Drive the word `flat` with the planes, plane 0 lowest."""
    joined = ConcatSignal(*reversed(planes)) if len(planes) > 1 else planes[0]

    @always_comb
    def together():
        flat.next = joined

    return together


@block
def unpack(flat, planes):
    """Drive the planes with the word `flat`, plane 0 lowest."""
    count, width = len(planes), len(planes[0])
    mask = (1 << width) - 1

    @always_comb
    def apart():
        for b in range(count):
            planes[b].next = (flat >> (b * width)) & mask

    return apart


@block
def packed_input_buffer(clk, reset, accept, position, code, issue_pass, codes, plane0, plane1, schedule: Schedule):
    """``rtl.input_buffer`` with `codes` packed: input_bits x inputs bits."""
    spec = schedule.specification
    code_planes = planes_of(spec.input_bits, spec.inputs)
    unit = input_buffer(clk, reset, accept, position, code, issue_pass, code_planes, plane0, plane1, schedule)
    out = pack(code_planes, codes)
    return unit, out


@block
def packed_weight_buffer(
    clk, weight_valid, weight_ready, weight_bank, weight_address, weight_row, read_pass, read_valid, read_visit, hold,
    index, address, read, row0, row1, schedule: Schedule,
):  # fmt: skip
    """``rtl.weight_buffer`` with `row0`, `row1` packed, memories not initialised."""
    spec = schedule.specification
    planes0, planes1 = planes_of(spec.weight_bits, spec.lanes), planes_of(spec.weight_bits, spec.lanes)
    contents0, contents1 = ([0] * depth for depth in schedule.bank_depths)
    unit = weight_buffer(
        clk, weight_valid, weight_ready, weight_bank, weight_address, weight_row, read_pass, read_valid, read_visit,
        hold, index, address, read, planes0, planes1, schedule, contents0, contents1,
    )  # fmt: skip
    out0, out1 = pack(planes0, row0), pack(planes1, row1)
    return unit, out0, out1


@block
def packed_pe_set(
    clk, reset, enable, clear, subtract, combine, align, row, low, high, acc, clocked, schedule: Schedule,
    architecture: str,
):  # fmt: skip
    """``rtl.pe_set`` with `row`, `low`, `high` and `acc` packed."""
    spec = schedule.specification
    rows = planes_of(spec.weight_bits, spec.lanes)
    lows, highs, accs = (planes_of(spec.accumulator_bits, spec.lanes) for _ in range(3))
    in0, in1, in2 = unpack(row, rows), unpack(low, lows), unpack(high, highs)
    unit = pe_set(
        clk, reset, enable, clear, subtract, combine, align, rows, lows, highs, accs, clocked, schedule.low_planes,
        spec.zero_weight_gating, architecture,
    )  # fmt: skip
    out = pack(accs, acc)
    return in0, in1, in2, unit, out


@block
def packed_pe_array(
    clk, reset, hold, add_valid, add_pass, add_slot, add_enable, add_double, row0, row1, acc0, acc1, clocked0, clocked1,
    schedule: Schedule, architecture: str,
):  # fmt: skip
    """``rtl.pe_array`` with rows and accumulators packed."""
    spec = schedule.specification
    rows0, rows1 = planes_of(spec.weight_bits, spec.lanes), planes_of(spec.weight_bits, spec.lanes)
    accs0, accs1 = planes_of(spec.accumulator_bits, spec.lanes), planes_of(spec.accumulator_bits, spec.lanes)
    in0, in1 = unpack(row0, rows0), unpack(row1, rows1)
    unit = pe_array(
        clk, reset, hold, add_valid, add_pass, add_slot, add_enable, add_double, rows0, rows1, accs0, accs1, clocked0,
        clocked1, schedule, architecture,
    )  # fmt: skip
    out0, out1 = pack(accs0, acc0), pack(accs1, acc1)
    return in0, in1, unit, out0, out1


@block
def packed_neuron_unit(
    clk, reset, hold, starting, first, add_valid, add_pass, add_slot, acc0, acc1, last_spikes, membrane, spikes_now,
    schedule: Schedule,
):  # fmt: skip
    """``rtl.neuron_unit`` with accumulators, membranes and spikes packed (`spikes_now`: its `this`)."""
    spec = schedule.specification
    tiles = [spec.tiles(layer) for layer in range(len(spec.layers))]
    accs0, accs1 = planes_of(spec.accumulator_bits, spec.lanes), planes_of(spec.accumulator_bits, spec.lanes)
    count = sum(tiles) * spec.time_steps
    earlier, now = planes_of(count, spec.lanes), planes_of(count, spec.lanes)
    membranes = planes_of(sum(count * bits for count, bits in zip(tiles, spec.membrane_bits, strict=True)), spec.lanes)
    in0, in1, in2 = unpack(acc0, accs0), unpack(acc1, accs1), unpack(last_spikes, earlier)
    unit = neuron_unit(
        clk, reset, hold, starting, first, add_valid, add_pass, add_slot, accs0, accs1, earlier, membranes, now,
        schedule,
    )  # fmt: skip
    out0, out1 = pack(membranes, membrane), pack(now, spikes_now)
    return in0, in1, in2, unit, out0, out1


@block
def packed_spikes(clk, reset, starting, first, issue_pass, spikes_now, last_spikes, spike0, spike1, schedule: Schedule):
    """``rtl.spikes`` with both spike registers packed (`spikes_now`: its `this`)."""
    spec = schedule.specification
    count = sum(spec.tiles(layer) for layer in range(len(spec.layers))) * spec.time_steps
    now, earlier = planes_of(count, spec.lanes), planes_of(count, spec.lanes)
    into = unpack(spikes_now, now)
    unit = spikes(clk, reset, starting, first, issue_pass, now, earlier, spike0, spike1, schedule)
    out = pack(earlier, last_spikes)
    return into, unit, out


@block
def packed_output(
    clk, reset, starting, transfer, logits_ready, acc0, acc1, shadow0, shadow1, busy, position, word, logits, best,
    best_index, hold, finished, schedule: Schedule,
):  # fmt: skip
    """``rtl.output`` with accumulators and the shadow bank packed."""
    spec = schedule.specification
    accs0, accs1 = planes_of(spec.accumulator_bits, spec.lanes), planes_of(spec.accumulator_bits, spec.lanes)
    shadows0, shadows1 = planes_of(spec.logit_bits, spec.lanes), planes_of(spec.logit_bits, spec.lanes)
    in0, in1 = unpack(acc0, accs0), unpack(acc1, accs1)
    unit = output(
        clk, reset, starting, transfer, logits_ready, accs0, accs1, shadows0, shadows1, busy, position, word, logits,
        best, best_index, hold, finished, schedule,
    )  # fmt: skip
    out0, out1 = pack(shadows0, shadow0), pack(shadows1, shadow1)
    return in0, in1, unit, out0, out1


@block
def packed_accelerator(
    clk, reset, weight_valid, weight_bank, weight_address, weight_row, weight_ready, code_valid, code, code_ready,
    start, first, done, overrun, frame_cycles, logits_valid, logits_ready, logits, word, best, best_index,
    spec: Specification, architecture: str,
):  # fmt: skip
    """``rtl.accelerator`` with its outputs as ports, memories not initialised: weights come through the port."""
    ports = Ports(
        clk=clk, reset=reset, weight_valid=weight_valid, weight_bank=weight_bank, weight_address=weight_address,
        weight_row=weight_row, weight_ready=weight_ready, code_valid=code_valid, code=code, code_ready=code_ready,
        start=start, first=first, logits_ready=logits_ready,
    )  # fmt: skip
    driven = {"controller.done": done, "controller.overrun": overrun, "controller.frame_cycles": frame_cycles}
    driven |= {"output.busy": logits_valid, "output.logits": logits, "output.word": word}
    driven |= {"output.best": best, "output.best_index": best_index}
    planes = build_registers(spec).planes | {path: [signal] for path, signal in driven.items()}
    unit = accelerator(ports, Registers(spec, planes), spec, None, None, architecture)
    return unit


# Outputs of the accelerator that are fields of the record, by port.
RECORDED = {
    "done": "controller.done",
    "overrun": "controller.overrun",
    "frame_cycles": "controller.frame_cycles",
    "logits_valid": "output.busy",
    "logits": "output.logits",
    "word": "output.word",
    "best": "output.best",
    "best_index": "output.best_index",
}
