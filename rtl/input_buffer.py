"""Input buffer: one frame of codes, stored and served by bit plane."""

from __future__ import annotations

from myhdl import Signal, always, always_comb, block, intbv

from golden.schedule import Schedule, Source


@block
def input_buffer(
    clk, reset, accept, position, code, issue_pass, codes, plane0, plane1, schedule: Schedule, signs=None
):
    """Hold one frame; serve the pair of bit planes that an L0 input pass looks at.

    Input broadcasting works on bits: an input's plane bit enables the same AND-add PE as a spike does, so one array
    serves both.

    ========== ================================ ======== =====================================================
    port       width                            signed   meaning
    ========== ================================ ======== =====================================================
    clk        1                                no       clock, rising edge
    reset      1                                no       synchronous, active high
    accept     1                                no       write `code` at `position` (controller: valid and ready)
    position   bits to count inputs + 1         no       input that `code` belongs to
    code       input_bits                       yes      one input code
    issue_pass bits to count the passes         no       pass at ISSUE
    codes      code_planes of inputs bits       no       out: plane b holds bit b of every code, or of its
                                                         magnitude, with the signs in the last plane
    plane0     inputs                           no       out: plane p of an input pass, 0 in other passes
    plane1     inputs                           no       out: plane h + p of an input pass, 0 where there is none
    signs      inputs                           no       out, sign and magnitude only: which codes are negative, in an
                                                         input pass; 0 in other passes
    ========== ================================ ======== =====================================================

    Latency: a code written is served from the next cycle on; `plane0`, `plane1` follow `issue_pass` in the same cycle.
    Reset: `codes` 0. Extremes: the most negative code sets its sign plane alone; its
    magnitude, 128 of 8 bits, sets the highest plane and the sign.
    """
    input_bits = schedule.specification.input_bits
    low_planes = schedule.low_planes
    serves = tuple(int(step.source == Source.CODES) for step in schedule.passes)
    plane_of = tuple(step.plane for step in schedule.passes)
    code_planes = schedule.code_planes
    # What is stored of a code: itself, or sign and magnitude.
    word = Signal(intbv(0)[code_planes:]) if schedule.signed_magnitudes else code

    @always(clk.posedge)
    def write():
        if reset:
            for b in range(code_planes):
                codes[b].next = 0
        elif accept:
            for b in range(code_planes):
                codes[b].next[position] = word[b]

    @always_comb
    def serve():
        selected = serves[issue_pass]
        plane = plane_of[issue_pass]
        plane0.next = 0
        plane1.next = 0
        if selected == 1:
            plane0.next = codes[plane]
            if plane + low_planes < input_bits:
                plane1.next = codes[plane + low_planes]

    if not schedule.signed_magnitudes:
        return write, serve

    # One assignment: a process that waits for `code` alone never runs in Verilog if that is what it is from time 0 on.
    @always_comb
    def convert():
        word.next = ((1 << input_bits) - code) if code < 0 else code

    @always_comb
    def serve_signs():
        selected = serves[issue_pass]
        signs.next = 0
        if selected == 1:
            signs.next = codes[input_bits]

    return write, serve, convert, serve_signs
