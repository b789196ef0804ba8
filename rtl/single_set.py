"""PE array with one PE set.

There is one accumulator a lane, so what `rtl.pe_array` does beside each other goes one after the other: the bit planes
of the input, the time steps, the groups of the FC. Nothing is combined, and a row is read for one set. The modules
have the names of those with two sets, whose places they take.
"""

from __future__ import annotations

from myhdl import Signal, always_comb, block, intbv

from golden.schedule import Kind, Schedule, Source
from golden.specification import index_bits
from rtl.pe_set import pe_set


def align_bits(schedule: Schedule) -> int:
    """Return the bits of the PE set's `align`: the greatest shift of a pass, which is 1 at least where spikes merge."""
    return index_bits(max(1, *(step.align for step in schedule.passes)) + 1)


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
    enable,
    clear,
    subtract,
    align,
    row,
    schedule: Schedule,
):
    """Decode the operation at ADD into the controls of the PE set, and choose its row (`pe_array`).

    Latency: none (combinational). Reset: none.
    """
    weight_bits = schedule.specification.weight_bits
    accumulates = tuple(int(item.kind == Kind.ACCUMULATE) for item in schedule.passes)
    align_of = tuple(item.align for item in schedule.passes)
    subtract_of = tuple(int(item.subtract) for item in schedule.passes)
    clear_of = tuple(int(item.clear) for item in schedule.passes)
    from_bank1 = tuple(int(item.shares_row) for item in schedule.passes)
    # With sign and magnitude the operation's one bit is the input's sign in these passes, and doubles in the others.
    coded_of = tuple(int(item.source == Source.CODES) for item in schedule.passes)
    twice = Signal(bool(0)) if schedule.signed_magnitudes else add_double

    @always_comb
    def decode():
        accumulate = accumulates[add_pass]
        clears = clear_of[add_pass]
        enable.next = False
        clear.next = False
        align.next = align_of[add_pass]
        # Spikes merge in the FC, whose weights are not shifted otherwise.
        if twice:
            align.next = 1
        if add_valid and not hold and accumulate == 1:
            enable.next = add_enable
            clear.next = clears == 1 and add_slot == 0

    @always_comb
    def choose():
        bank1 = from_bank1[add_pass]
        for b in range(weight_bits):
            if bank1 == 1:
                row[b].next = row1[b]
            else:
                row[b].next = row0[b]

    if schedule.signed_magnitudes:

        @always_comb
        def sign():
            coded = coded_of[add_pass]
            twice.next = add_double and coded == 0
            subtract.next = add_double and coded == 1

    else:

        @always_comb
        def sign():
            negative = subtract_of[add_pass]
            subtract.next = negative == 1

    return decode, choose, sign


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
    clocked0,
    schedule: Schedule,
    architecture: str = "sliced",
):
    """Do the operation at ADD in the one PE set.

    Time steps follow each other, and so do bit planes of an input and groups of the FC: whatever a pass is over, the
    set adds the row of the bank that was read.

    ========== ================================ ====== ==============================================================
    port       width                            signed meaning
    ========== ================================ ====== ==============================================================
    clk        1                                no     clock, rising edge
    reset      1                                no     synchronous, active high
    hold       1                                no     the pipeline is held: do nothing
    add_valid  1                                no     ADD holds an operation
    add_pass   bits to count the passes         no     its pass: kind, alignment, sign, clear
    add_slot   bits to count the slots          no     its slot: only slot 0 clears
    add_enable 1                                no     the set adds
    add_double 1                                no     merged spike of 2: shift one more; sign and magnitude: in an
                                                       L0 input pass, subtract
    row0, row1 weight_bits planes of lanes bits no     rows of bank 0 and bank 1
    acc0       acc_bits planes of lanes bits    no     out: accumulators, two's complement
    clocked0   lanes                            no     out: lanes whose accumulator gets a clock edge
    ========== ================================ ====== ==============================================================

    Latency: `clocked0` in the same cycle, `acc0` one cycle. Reset: `acc0` 0. Extremes: an input of two time steps is
    summed twice.
    """
    spec = schedule.specification
    enable, clear, subtract = (Signal(bool(0)) for _ in range(3))
    align = Signal(intbv(0)[align_bits(schedule) :])
    row = [Signal(intbv(0)[spec.lanes :]) for _ in range(spec.weight_bits)]
    decoder = operation_decoder(
        hold, add_valid, add_pass, add_slot, add_enable, add_double, row0, row1,
        enable, clear, subtract, align, row, schedule,
    )  # fmt: skip
    the_set = pe_set(
        clk, reset, enable, clear, subtract, False, align, row, None, None, acc0, clocked0,
        0, spec.zero_weight_gating, architecture,
    )  # fmt: skip
    return decoder, the_set
