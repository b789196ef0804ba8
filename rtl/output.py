"""Output: the shadow bank of finished logits, their stream, and the arg-max.

With one PE set a "pair" is one group: there is neither `acc1` nor `shadow1`.
"""

from __future__ import annotations

from myhdl import Signal, always, always_comb, block, intbv

from golden.schedule import Schedule


@block
def output(
    clk,
    reset,
    starting,
    transfer,
    logits_ready,
    acc0,
    acc1,
    shadow0,
    shadow1,
    busy,
    position,
    word,
    logits,
    best,
    best_index,
    hold,
    finished,
    schedule: Schedule,
):
    """Stream a pair of groups while the next one accumulates; keep the greatest logit of the frame.

    ============ ================================== ====== ============================================================
    port         width                              signed meaning
    ============ ================================== ====== ============================================================
    clk          1                                  no     clock, rising edge
    reset        1                                  no     synchronous, active high
    starting     1                                  no     a frame starts: `word` becomes 0
    transfer     1                                  no     the accumulators hold a finished pair of groups
    logits_ready 1                                  no     the word on `logits` is taken at this edge
    acc0, acc1   acc_bits planes of lanes bits      no     accumulators, two's complement
    shadow0/1    logit_bits planes of lanes bits    no     out: the pair being streamed
    busy         1                                  no     out: `logits` is valid
    position     bits to count a pair's words       no     out: word of the pair
    word         bits to count a frame's words      no     out: word of the frame
    logits       logits_per_cycle x logit_bits      no     out: logit i in bits i x logit_bits upwards, each signed
    best         logit_bits                         yes    out: greatest logit so far in the frame
    best_index   bits to count the outputs          no     out: its number, the lowest among equals
    hold         1                                  no     out: a transfer waits for the stream: freeze the pipeline
    finished     1                                  no     out: the frame's last word is taken at this edge
    ============ ================================== ====== ============================================================

    Latency: `logits` one cycle after the transfer's edge, then a word a cycle; `hold`, `finished` in the same cycle.
    Reset: all 0. Extremes: without `logits_ready` nothing moves, and a waiting transfer holds the pipeline; lanes
    beyond the outputs take no part in the arg-max. One PE set: a "pair" is one group, without `acc1` and `shadow1`.
    """
    spec = schedule.specification
    lanes, outputs = spec.lanes, spec.outputs
    per_word, bits = spec.logits_per_cycle, spec.logit_bits
    set_words, pair_words, frame_words = lanes // per_word, schedule.pair_words, schedule.frame_words
    low_mask, sign = (1 << bits) - 1, 1 << (bits - 1)
    accepted, pair_end, frame_end = (Signal(bool(0)) for _ in range(3))

    @always_comb
    def handshake():
        accepted.next = busy and logits_ready
        frame_end.next = word == frame_words - 1
        pair_end.next = position == pair_words - 1 or word == frame_words - 1

    @always_comb
    def flow():
        hold.next = transfer and busy and not (accepted and pair_end)
        finished.next = accepted and frame_end

    @always(clk.posedge)
    def stream_one():
        if reset:
            for b in range(bits):
                shadow0[b].next = 0
            busy.next = False
            position.next = 0
            word.next = 0
        else:
            if accepted:
                if pair_end:
                    busy.next = False
                    position.next = 0
                else:
                    position.next = position + 1
                if not frame_end:
                    word.next = word + 1
            if transfer and not hold:
                busy.next = True
                for b in range(bits):
                    shadow0[b].next = acc0[b]
            if starting:
                word.next = 0

    @always_comb
    def present_one():
        shown = intbv(0)[per_word * bits :]
        lane = 0
        shown[:] = 0
        if busy:
            lane = position * per_word
            for b in range(bits):
                for i in range(per_word):
                    shown[i * bits + b] = shadow0[b][lane + i]
        logits.next = shown

    @always(clk.posedge)
    def stream():
        if reset:
            for b in range(bits):
                shadow0[b].next = 0
                shadow1[b].next = 0
            busy.next = False
            position.next = 0
            word.next = 0
        else:
            if accepted:
                if pair_end:
                    busy.next = False
                    position.next = 0
                else:
                    position.next = position + 1
                if not frame_end:
                    word.next = word + 1
            if transfer and not hold:
                busy.next = True
                for b in range(bits):
                    shadow0[b].next = acc0[b]
                    shadow1[b].next = acc1[b]
            if starting:
                word.next = 0

    @always_comb
    def present():
        shown = intbv(0)[per_word * bits :]
        lane = 0
        shown[:] = 0
        if busy:
            if position < set_words:
                lane = position * per_word
                for b in range(bits):
                    for i in range(per_word):
                        shown[i * bits + b] = shadow0[b][lane + i]
            else:
                lane = (position - set_words) * per_word
                for b in range(bits):
                    for i in range(per_word):
                        shown[i * bits + b] = shadow1[b][lane + i]
        logits.next = shown

    @always(clk.posedge)
    def arg_max():
        number = 0
        value = 0
        greatest = 0
        which = 0
        fresh = False
        if reset:
            best.next = 0
            best_index.next = 0
        elif accepted:
            greatest = int(best)
            which = int(best_index)
            fresh = word == 0
            for i in range(per_word):
                number = word * per_word + i
                value = (logits >> (i * bits)) & low_mask
                if value >= sign:
                    value = value - sign - sign
                if number < outputs and (fresh or value > greatest):
                    greatest = value
                    which = number
                    fresh = False
            best.next = greatest
            best_index.next = which

    if spec.pe_sets == 1:
        return handshake, flow, stream_one, present_one, arg_max
    return handshake, flow, stream, present, arg_max
