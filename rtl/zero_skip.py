"""Zero-skip unit: the next index whose entry is not zero, one a cycle, none for zeros."""

from __future__ import annotations

from myhdl import Signal, always, always_comb, block, intbv

from golden.schedule import Kind, Schedule


@block
def zero_skip(
    clk,
    reset,
    step,
    issue_pass,
    issue_slot,
    plane0,
    plane1,
    spike0,
    spike1,
    pending,
    index,
    found,
    hit0,
    hit1,
    skip_last,
    schedule: Schedule,
    signs=None,
    negative=None,
):
    """Visit the ones of the union of two vectors, lowest index first.

    ========== =========================== ====== ==============================================================
    port       width                       signed meaning
    ========== =========================== ====== ==============================================================
    clk        1                           no     clock, rising edge
    reset      1                           no     synchronous, active high
    step       1                           no     RUN and not held: take the index found
    issue_pass bits to count the passes    no     pass at ISSUE
    issue_slot bits to count the slots     no     slot of the pass; slot 0 looks at the vectors, others at `pending`
    plane0/1   inputs                      no     v0, v1 of an input pass, else 0
    spike0/1   entries                     no     v0, v1 of a pass over spikes, else 0
    pending    entries                     no     out: ones of this pass not yet visited
    index      bits to count the entries   no     out: the index found in the last slot
    found      1                           no     out: there is one in this slot
    hit0/1     1                           no     out: v0, v1 has a one at the index found
    skip_last  1                           no     out: nothing is left after this slot
    signs      inputs                      no     sign and magnitude only: signs in an input pass, else 0
    negative   1                           no     out, with `signs`: the sign at the index found
    ========== =========================== ====== ==============================================================

    Latency: `found`, `hit0`, `hit1`, `skip_last` in the same cycle; `index`, `pending` after the edge.
    Reset: `pending`, `index` 0. Extremes: vectors without a one give one slot with `found` 0; with zero-skipping off
    every index of the pass is found in turn, whether `hit` or not.
    """
    spec = schedule.specification
    zero_skipping = spec.zero_skipping
    index_width = len(index)
    accumulates = tuple(int(item.kind == Kind.ACCUMULATE) for item in schedule.passes)
    entries_of = tuple(item.entries for item in schedule.passes)
    width = len(pending)
    candidates = Signal(intbv(0)[width:])
    lowest = Signal(intbv(0)[width:])
    position = Signal(intbv(0)[index_width:])
    vector0 = Signal(intbv(0)[width:])
    vector1 = Signal(intbv(0)[width:])

    @always_comb
    def look():
        vector0.next = plane0 | spike0
        vector1.next = plane1 | spike1

    @always_comb
    def choose():
        active = accumulates[issue_pass]
        entries = entries_of[issue_pass]
        candidates.next = 0
        if active == 1:
            if issue_slot == 0:
                if zero_skipping:
                    candidates.next = vector0 | vector1
                else:
                    for i in range(width):
                        if i < entries:
                            candidates.next[i] = 1
            else:
                candidates.next = pending

    @always_comb
    def isolate():
        # Two's complement isolates the lowest one: x & -x.
        lowest.next = candidates & (~candidates + 1)

    @always_comb
    def encode():
        rest = intbv(0)[width:]
        place = intbv(0)[index_width:]
        rest[:] = lowest
        place[:] = 0
        # Binary search: is the one in the upper half of what is left?
        for level in range(index_width):
            half = 1 << (index_width - 1 - level)
            if (rest >> half) != 0:
                rest[:] = rest >> half
                place[:] = place + half
        position.next = place
        found.next = lowest != 0
        hit0.next = (vector0 & lowest) != 0
        hit1.next = (vector1 & lowest) != 0
        skip_last.next = (candidates ^ lowest) == 0

    @always(clk.posedge)
    def take():
        active = accumulates[issue_pass]
        if reset:
            pending.next = 0
            index.next = 0
        elif step and active == 1:
            pending.next = candidates ^ lowest
            if found:
                index.next = position

    if signs is None:
        return look, choose, isolate, encode, take

    @always_comb
    def sign():
        negative.next = (signs & lowest) != 0

    return look, choose, isolate, encode, take, sign
