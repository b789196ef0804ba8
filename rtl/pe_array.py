"""PE array: two PE sets and the decoding of the operation at ADD."""

from __future__ import annotations

from myhdl import Signal, always_comb, block, intbv

from golden.schedule import Kind, Schedule, Source
from golden.specification import index_bits
from rtl.pe_set import pe_set


def align_bits(schedule: Schedule) -> int:
    """Return the bits of the PE sets' `align`: the greatest shift of a pass, and one more where spikes merge."""
    return index_bits(max(step.align for step in schedule.passes) + 2)


@block
def operation_decoder(
    hold,
    add_valid,
    add_pass,
    add_slot,
    add_enable,
    add_double,
    row0,
    row1,
    enable0,
    enable1,
    clear,
    subtract0,
    subtract1,
    combine0,
    combine1,
    align,
    set0_row,
    schedule: Schedule,
):
    """Decode the operation at ADD into the controls of both PE sets, and choose the row of set 0 (`pe_array`).

    Latency: none (combinational). Reset: none.
    """
    spec = schedule.specification
    weight_bits = spec.weight_bits
    kind_of = tuple(int(item.kind) for item in schedule.passes)
    align_of = tuple(item.align for item in schedule.passes)
    subtract_of = tuple(int(item.subtract) for item in schedule.passes)
    clear_of = tuple(int(item.clear) for item in schedule.passes)
    shares = tuple(int(item.shares_row) for item in schedule.passes)
    # With sign and magnitude the operation's one bit is the input's sign in these passes, and doubles in the others.
    coded_of = tuple(int(item.source == Source.CODES) for item in schedule.passes)
    twice = Signal(bool(0)) if schedule.signed_magnitudes else add_double
    both_steps = spec.time_steps == 2
    kind_accumulate, kind_combine = int(Kind.ACCUMULATE), int(Kind.COMBINE)

    @always_comb
    def decode():
        kind = kind_of[add_pass]
        shift = align_of[add_pass]
        clears = clear_of[add_pass]
        enable0.next = False
        enable1.next = False
        clear.next = False
        combine0.next = False
        combine1.next = False
        align.next = shift
        if twice:
            align.next = shift + 1
        if add_valid and not hold:
            if kind == kind_accumulate:
                enable0.next = add_enable[0]
                enable1.next = add_enable[1]
                clear.next = clears == 1 and add_slot == 0
            elif kind == kind_combine:
                combine0.next = True
                combine1.next = both_steps
            else:
                clear.next = False

    @always_comb
    def share():
        shared = shares[add_pass]
        for b in range(weight_bits):
            if shared == 1:
                set0_row[b].next = row1[b]
            else:
                set0_row[b].next = row0[b]

    if schedule.signed_magnitudes:

        @always_comb
        def signs():
            coded = coded_of[add_pass]
            twice.next = add_double and coded == 0
            subtract0.next = add_double and coded == 1
            subtract1.next = add_double and coded == 1

    else:

        @always_comb
        def signs():
            negative = subtract_of[add_pass]
            subtract0.next = False
            subtract1.next = negative == 1

    return decode, share, signs


@block
def pe_array(
    clk,
    reset,
    hold,
    add_valid,
    add_pass,
    add_slot,
    add_enable,
    add_double,
    row0,
    row1,
    acc0,
    acc1,
    clocked0,
    clocked1,
    schedule: Schedule,
    architecture: str = "sliced",
):
    """Do the operation at ADD in both PE sets.

    Parallel time steps: in the layers both sets take the row of bank 1, set t where the spike of time step t is 1. In
    the L0 input passes they share the row too, for two bit planes of the same input. In the FC each takes its own
    bank's row.

    ========== ================================ ====== ==============================================================
    port       width                            signed meaning
    ========== ================================ ====== ==============================================================
    clk        1                                no     clock, rising edge
    reset      1                                no     synchronous, active high
    hold       1                                no     the pipeline is held: do nothing
    add_valid  1                                no     ADD holds an operation
    add_pass   bits to count the passes         no     its pass: kind, alignment, sign, clear
    add_slot   bits to count the slots          no     its slot: only slot 0 clears
    add_enable 2                                no     bit t: PE set t adds
    add_double 1                                no     merged spike of 2: shift one more; sign and magnitude: in an
                                                       L0 input pass, subtract
    row0, row1 weight_bits planes of lanes bits no     rows of bank 0 and bank 1
    acc0, acc1 acc_bits planes of lanes bits    no     out: accumulators of PE set 0 and 1, two's complement
    clocked0/1 lanes                            no     out: lanes whose accumulator gets a clock edge
    ========== ================================ ====== ==============================================================

    Latency: `clocked` in the same cycle, `acc` one cycle. Reset: `acc` 0. Extremes: a combine with T = 1 leaves set 1
    alone.
    """
    spec, low_planes = schedule.specification, schedule.low_planes
    enable0, enable1, clear, subtract0, subtract1 = (Signal(bool(0)) for _ in range(5))
    combine0, combine1 = Signal(bool(0)), Signal(bool(0))
    align = Signal(intbv(0)[align_bits(schedule) :])
    set0_row = [Signal(intbv(0)[spec.lanes :]) for _ in range(spec.weight_bits)]
    decoder = operation_decoder(
        hold, add_valid, add_pass, add_slot, add_enable, add_double, row0, row1,
        enable0, enable1, clear, subtract0, subtract1, combine0, combine1, align, set0_row, schedule,
    )  # fmt: skip
    gating = spec.zero_weight_gating
    set0 = pe_set(
        clk, reset, enable0, clear, subtract0, combine0, align, set0_row, acc0, acc1, acc0, clocked0,
        low_planes, gating, architecture,
    )  # fmt: skip
    set1 = pe_set(
        clk, reset, enable1, clear, subtract1, combine1, align, row1, acc0, acc1, acc1, clocked1,
        low_planes, gating, architecture,
    )  # fmt: skip
    return decoder, set0, set1
