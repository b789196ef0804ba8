"""Controller: the frame schedule, the pipeline's stage registers, the count of cycles and the overrun flag.

With one PE set `read_enable` and `add_enable` have one bit.
"""

from __future__ import annotations

from myhdl import Signal, always, always_comb, block, intbv

from golden.schedule import Kind, Schedule, State


@block
def controller(
    clk,
    reset,
    code_valid,
    start,
    hold,
    finished,
    found,
    hit0,
    hit1,
    skip_last,
    state,
    issue_pass,
    issue_slot,
    read_valid,
    read_pass,
    read_slot,
    read_visit,
    read_enable,
    read_double,
    read_last,
    add_valid,
    add_pass,
    add_slot,
    add_enable,
    add_double,
    add_last,
    transfer,
    loaded,
    frame_cycles,
    overrun,
    done,
    accept,
    starting,
    step,
    code_ready,
    weight_ready,
    schedule: Schedule,
    negative=None,
):
    """Run the passes of a frame, one slot a cycle, and carry each slot's operation down the pipeline.

    ============= ========================== ====== ==================================================================
    port          width                      signed meaning
    ============= ========================== ====== ==================================================================
    clk           1                          no     clock, rising edge
    reset         1                          no     synchronous, active high
    code_valid    1                          no     a code is offered
    start         1                          no     run the frame that is loaded
    hold          1                          no     freeze the pipeline (output)
    finished      1                          no     the frame's last word is taken (output)
    found         1                          no     the zero-skip unit found an index
    hit0, hit1    1                          no     v0, v1 has a one there
    skip_last     1                          no     nothing is left after this slot
    state         2                          no     out: IDLE 0, RUN 1, FLUSH 2
    issue_pass    bits to count the passes   no     out: pass at ISSUE
    issue_slot    bits to count the slots    no     out: its slot
    read_*        1, 2 (enable), as issued   no     out: the operation at READ
    add_*         1, 2 (enable), as issued   no     out: the operation at ADD
    transfer      1                          no     out: finished logits at TRANSFER
    loaded        bits to count inputs + 1   no     out: codes loaded
    frame_cycles  bits of the worst frame    no     out: cycles of this frame so far, loading included; saturates
    overrun       1                          no     out: this frame took more cycles than a frame period has
    done          1                          no     out: one cycle after a frame
    accept        1                          no     out: a code is taken at this edge
    starting      1                          no     out: a frame starts at this edge
    step          1                          no     out: RUN and not held: a slot is issued
    code_ready    1                          no     out: idle and the buffer is not full
    weight_ready  1                          no     out: idle
    negative      1                          no     sign and magnitude only: the sign at the index found
    ============= ========================== ====== ==================================================================

    Latency: an operation issued in a cycle is at READ in the next and at ADD in the one after.
    Reset: all 0, state IDLE. Extremes: `start` without a full buffer is ignored; a frame over the budget finishes
    correctly and raises `overrun`.
    """
    spec = schedule.specification
    passes, inputs, budget = len(schedule.passes), spec.inputs, spec.frame_budget
    most_cycles = (1 << schedule.cycle_bits) - 1
    last_neuron_slot = schedule.neuron_slots - 1
    kind_of = tuple(int(item.kind) for item in schedule.passes)
    # Passes in which an entry of either vector enables every set. One set looks at both vectors in all of them; only in
    # those of the FC may both have ones.
    merges = tuple(int(item.phase == "FC" or spec.pe_sets == 1) for item in schedule.passes)
    sets_of = tuple(item.sets for item in schedule.passes)
    transfers = tuple(int(item.transfer) for item in schedule.passes)
    idle, run, flush = int(State.IDLE), int(State.RUN), int(State.FLUSH)
    kind_accumulate, kind_combine = int(Kind.ACCUMULATE), int(Kind.COMBINE)
    last = Signal(bool(0))
    visit = Signal(bool(0))
    enable = Signal(intbv(0)[2:])
    twice = Signal(bool(0))
    # One bit of the operation: merged spike of 2 in the FC, the sign of the input in an L0 input pass.
    double = twice if negative is None else Signal(bool(0))

    @always_comb
    def handshake():
        code_ready.next = state == idle and loaded < inputs
        weight_ready.next = state == idle
        accept.next = code_valid and state == idle and loaded < inputs
        starting.next = start and state == idle and loaded == inputs
        step.next = state == run and not hold

    @always_comb
    def issue():
        kind = kind_of[issue_pass]
        merged = merges[issue_pass]
        sets = sets_of[issue_pass]
        visit.next = False
        enable.next = 0
        twice.next = False
        if kind == kind_accumulate:
            last.next = skip_last
            visit.next = found
            if merged == 1:
                twice.next = hit0 and hit1
                if hit0 or hit1:
                    enable.next = sets
            else:
                enable.next[0] = hit0
                enable.next[1] = hit1
        elif kind == kind_combine:
            last.next = True
        else:
            last.next = issue_slot == last_neuron_slot

    @always(clk.posedge)
    def advance():
        kind = kind_of[issue_pass]
        if reset:
            state.next = idle
            issue_pass.next = 0
            issue_slot.next = 0
        elif starting:
            state.next = run
            issue_pass.next = 0
            issue_slot.next = 0
        elif step:
            if last:
                issue_slot.next = 0
                if issue_pass == passes - 1:
                    state.next = flush
                else:
                    issue_pass.next = issue_pass + 1
            elif kind == kind_accumulate:
                issue_slot.next = 1
            else:
                issue_slot.next = issue_slot + 1
        elif state == flush and finished:
            state.next = idle

    @always(clk.posedge)
    def pipeline():
        transferring = transfers[add_pass]
        if reset:
            read_valid.next = False
            read_pass.next = 0
            read_slot.next = 0
            read_visit.next = False
            read_enable.next = 0
            read_double.next = False
            read_last.next = False
            add_valid.next = False
            add_pass.next = 0
            add_slot.next = 0
            add_enable.next = 0
            add_double.next = False
            add_last.next = False
            transfer.next = False
        elif not hold:
            read_valid.next = state == run
            if state == run:
                read_pass.next = issue_pass
                read_slot.next = issue_slot
                read_visit.next = visit
                read_enable.next = enable
                read_double.next = double
                read_last.next = last
            add_valid.next = read_valid
            if read_valid:
                add_pass.next = read_pass
                add_slot.next = read_slot
                add_enable.next = read_enable
                add_double.next = read_double
                add_last.next = read_last
            transfer.next = add_valid and add_last and transferring == 1

    @always(clk.posedge)
    def count():
        if reset:
            loaded.next = 0
            frame_cycles.next = 0
            overrun.next = False
            done.next = False
        else:
            done.next = state == flush and finished
            if starting:
                loaded.next = 0
                frame_cycles.next = inputs + 1
                overrun.next = False
            else:
                if accept:
                    loaded.next = loaded + 1
                if state != idle:
                    if frame_cycles != most_cycles:
                        frame_cycles.next = frame_cycles + 1
                    if frame_cycles >= budget:
                        overrun.next = True

    if negative is None:
        return handshake, issue, advance, pipeline, count

    @always_comb
    def sign():
        double.next = twice or negative

    return handshake, issue, advance, pipeline, count, sign
