"""Processing element: one lane's accumulator and adder.

Of a set that has nothing to combine, `combine` is the constant False, and `low` and `high` are 0.
"""

from __future__ import annotations

from myhdl import always, block, intbv


@block
def pe(clk, reset, clocked, clear, subtract, combine, align, weight, low, high, acc, low_planes: int):
    """Add a weight to one accumulator.

    ========== ======== ====== ======================================================================
    port       width    signed meaning
    ========== ======== ====== ======================================================================
    clk        1        no     clock, rising edge
    reset      1        no     synchronous, active high
    clocked    1        no     clock gate: without it the accumulator keeps its value
    clear      1        no     add to 0 instead of to itself
    subtract   1        no     subtract (sign plane of the input)
    combine    1        no     take (high << low_planes) + low instead
    align      as given no     left shift of the weight
    weight     weight   yes    the weight, 0 if the PE's set is not enabled
    low, high  acc      yes    accumulators of this lane in set 0 and set 1
    acc        acc      yes    out: the accumulator
    ========== ======== ====== ======================================================================

    Latency: one cycle. Reset: `acc` 0. Extremes: the accumulator's width is the bound of every partial sum, so it can
    neither overflow nor saturate.
    """
    least, beyond = acc.min, acc.max

    @always(clk.posedge)
    def add():
        base = intbv(0, min=least, max=beyond)
        operand = intbv(0, min=least, max=beyond)
        if reset:
            acc.next = 0
        elif combine:
            acc.next = low + (high << low_planes)
        elif clocked:
            base[:] = 0
            if not clear:
                base[:] = acc
            operand[:] = weight << align
            if subtract:
                acc.next = base - operand
            else:
                acc.next = base + operand

    return add
