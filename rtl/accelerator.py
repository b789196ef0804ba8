"""The accelerator: all blocks and the handshake of its ports."""

from __future__ import annotations

from collections.abc import Sequence

from myhdl import Signal, block, intbv

from golden.schedule import build_schedule
from golden.specification import Specification
from rtl.controller import controller
from rtl.input_buffer import input_buffer
from rtl.neuron_unit import neuron_unit
from rtl.output import output
from rtl.pe_array import pe_array
from rtl.registers import Ports, Registers
from rtl.single_set import pe_array as single_set
from rtl.spikes import spikes
from rtl.weight_buffer import weight_buffer
from rtl.zero_skip import zero_skip


@block
def accelerator(
    ports: Ports,
    registers: Registers,
    spec: Specification,
    contents0: Sequence[int] | None = None,
    contents1: Sequence[int] | None = None,
    architecture: str = "sliced",
):
    """Take frames of codes, give logits and their arg-max (docs/schedule.md holds every cycle of it).

    ============== ============================= ====== ===============================================================
    port           width                         signed meaning
    ============== ============================= ====== ===============================================================
    clk            1                             no     clock, rising edge
    reset          1                             no     synchronous, active high
    weight_valid   1                             no     a weight row to load
    weight_bank    1                             no     its bank
    weight_address address bits                  no     its address (golden.memory_image)
    weight_row     lanes x weight_bits           no     bit b x lanes + i is bit b of lane i's weight
    weight_ready   1                             no     out: idle, the row is taken
    code_valid     1                             no     the next code of a frame
    code           input_bits                    yes    the code
    code_ready     1                             no     out: idle and the buffer is not full, the code is taken
    start          1                             no     run the frame that is loaded
    first          1                             no     with `start`: first frame of an utterance, state cleared
    logits_ready   1                             no     the word of logits is taken
    done           1                             no     out: one cycle, after a frame
    overrun        1                             no     out: this frame took more cycles than a frame period has
    frame_cycles   bits of the worst frame       no     out: cycles of this frame so far, loading included; saturates
    logits_valid   1                             no     out: a word of logits is offered
    logits         logits_per_cycle x logit_bits no     out: its logits, two's complement, lowest output first
    word           bits to count a frame's words no     out: number of the word in its frame
    best           logit_bits                    yes    out: greatest logit of the words taken so far
    best_index     bits to count the outputs     no     out: its output, the lowest among equals
    ============== ============================= ====== ===============================================================

    Ports from `done` on are registers and ports of the record (``golden.layout``; ``rtl.design.RECORDED``).

    Latency: a frame takes `frame_cycles` from its first code to its last word. Reset: all registers 0, weights stay.
    Extremes: a frame over the budget finishes and raises `overrun`; a stalled output holds the accelerator.
    """
    schedule = build_schedule(spec)
    depth0, depth1 = schedule.bank_depths
    one, planes = registers.one, registers.planes
    entries = schedule.entries
    plane0, plane1 = (Signal(intbv(0)[spec.inputs :]) for _ in range(2))
    spike0, spike1 = (Signal(intbv(0)[entries:]) for _ in range(2))
    hold, finished, found, hit0, hit1, skip_last, accept, starting, step = (Signal(bool(0)) for _ in range(9))
    # Only sign and magnitude has the signs of the codes beside their planes.
    signs = Signal(intbv(0)[spec.inputs :]) if schedule.signed_magnitudes else None
    negative = Signal(bool(0)) if schedule.signed_magnitudes else None
    # Not "this" and "last": locals name the nets of the Verilog, where `this` is a keyword to SystemVerilog.
    spikes_now, spikes_last = registers.spike_tiles("this"), registers.spike_tiles("last")
    clk, reset = ports.clk, ports.reset
    control = {
        path.removeprefix("controller."): one(path) for path in planes if path.startswith("controller.")
    }

    the_controller = controller(
        clk=clk,
        reset=reset,
        code_valid=ports.code_valid,
        start=ports.start,
        hold=hold,
        finished=finished,
        found=found,
        hit0=hit0,
        hit1=hit1,
        skip_last=skip_last,
        accept=accept,
        starting=starting,
        step=step,
        code_ready=ports.code_ready,
        weight_ready=ports.weight_ready,
        schedule=schedule,
        negative=negative,
        **control,
    )
    the_input_buffer = input_buffer(
        clk,
        reset,
        accept,
        control["loaded"],
        ports.code,
        control["issue_pass"],
        planes["input_buffer.codes"],
        plane0,
        plane1,
        schedule,
        signs,
    )
    the_spikes = spikes(
        clk, reset, starting, ports.first, control["issue_pass"], spikes_now, spikes_last, spike0, spike1, schedule
    )
    the_zero_skip = zero_skip(
        clk,
        reset,
        step,
        control["issue_pass"],
        control["issue_slot"],
        plane0,
        plane1,
        spike0,
        spike1,
        one("zero_skip.pending"),
        one("zero_skip.index"),
        found,
        hit0,
        hit1,
        skip_last,
        schedule,
        signs,
        negative,
    )
    the_weight_buffer = weight_buffer(
        clk,
        ports.weight_valid,
        ports.weight_ready,
        ports.weight_bank,
        ports.weight_address,
        ports.weight_row,
        control["read_pass"],
        control["read_valid"],
        control["read_visit"],
        hold,
        one("zero_skip.index"),
        one("weight_buffer.address"),
        one("weight_buffer.read"),
        planes["weight_buffer.row0"],
        planes["weight_buffer.row1"],
        schedule,
        contents0 if contents0 is not None else [0] * depth0,
        contents1 if contents1 is not None else [0] * depth1,
    )
    # What only a second set has is None without it.
    acc1, shadow1 = planes.get("pe_array.acc1"), planes.get("output.shadow1")
    operation = (
        clk,
        reset,
        hold,
        control["add_valid"],
        control["add_pass"],
        control["add_slot"],
        control["add_enable"],
        control["add_double"],
        planes["weight_buffer.row0"],
        planes["weight_buffer.row1"],
    )
    acc0, clocked0 = planes["pe_array.acc0"], one("pe_array.clocked0")
    if spec.pe_sets == 2:
        the_pe_array = pe_array(
            *operation, acc0, acc1, clocked0, one("pe_array.clocked1"), schedule, architecture
        )
    else:
        the_pe_array = single_set(*operation, acc0, clocked0, schedule, architecture)
    the_neuron_unit = neuron_unit(
        clk,
        reset,
        hold,
        starting,
        ports.first,
        control["add_valid"],
        control["add_pass"],
        control["add_slot"],
        acc0,
        acc1,
        spikes_last,
        registers.membrane_planes(),
        spikes_now,
        schedule,
    )
    the_output = output(
        clk,
        reset,
        starting,
        control["transfer"],
        ports.logits_ready,
        acc0,
        acc1,
        planes["output.shadow0"],
        shadow1,
        one("output.busy"),
        one("output.position"),
        one("output.word"),
        one("output.logits"),
        one("output.best"),
        one("output.best_index"),
        hold,
        finished,
        schedule,
    )
    return (
        the_controller,
        the_input_buffer,
        the_spikes,
        the_zero_skip,
        the_weight_buffer,
        the_pe_array,
        the_neuron_unit,
        the_output,
    )
