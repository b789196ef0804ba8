"""AXI4-Stream on both sides of the accelerator: frames of codes in, logits or their arg-max out."""

from __future__ import annotations

from myhdl import Signal, always, always_comb, block, intbv

from golden.schedule import Schedule
from golden.specification import Specification, index_bits

TAKE, FILL, DROP, START = range(4)


def stream_bits(spec: Specification) -> int:
    """Return the bits that a logit, or an arg-max, takes on the stream: whole bytes, two at least, sign-extended."""
    return max(16, 8 * -(-max(spec.logit_bits, index_bits(spec.outputs)) // 8))


@block
def axi_stream(
    clk,
    reset,
    s_tvalid,
    s_tready,
    s_tdata,
    s_tlast,
    s_tuser,
    m_tvalid,
    m_tready,
    m_tdata,
    m_tlast,
    frame_error,
    code_valid,
    code,
    code_ready,
    start,
    first,
    logits_valid,
    logits,
    word,
    logits_ready,
    done,
    best_index,
    schedule: Schedule,
    arg_max: bool,
):
    """Turn a stream of codes into frames, and words of logits, or one arg-max a frame, into a stream.

    ============ =============================== ====== ==============================================================
    port         width                           signed meaning
    ============ =============================== ====== ==============================================================
    clk          1                               no     clock, rising edge
    reset        1                               no     synchronous, active high
    s_tvalid     1                               no     a code is offered
    s_tready     1                               no     out: it is taken
    s_tdata      input_bits                      yes    the code
    s_tlast      1                               no     it is the frame's last
    s_tuser      1                               no     with a frame's first code: the frame begins an utterance
    m_tvalid     1                               no     out: a word is offered, and stays until it is taken
    m_tready     1                               no     it is taken
    m_tdata      stream_bits a logit, or one     no     out: logits in two's complement, lowest first, or the arg-max
    m_tlast      1                               no     out: the frame's last word (always, of an arg-max)
    frame_error  1                               no     out: some frame was too short or too long; stays until reset
    code_valid   1                               no     out: to the accelerator
    code         input_bits                      yes    out: to the accelerator
    code_ready   1                               no     from the accelerator
    start        1                               no     out: to the accelerator
    first        1                               no     out: to the accelerator
    logits_valid 1                               no     from the accelerator
    logits       logits_per_cycle x logit_bits   no     from the accelerator
    word         bits to count a frame's words   no     from the accelerator
    logits_ready 1                               no     out: to the accelerator
    done         1                               no     from the accelerator
    best_index   bits to count the outputs       no     from the accelerator
    ============ =============================== ====== ==============================================================

    Latency: none for codes and logits; an arg-max is offered in the cycle after `done`. Reset: nothing taken, nothing
    offered. Extremes: a receiver that stalls holds the accelerator, which counts the cycles; of an arg-max, one waits
    beside the accelerator and the next frame's last word waits in it. A frame that ends early runs with codes of 0 for
    what is missing, and one that ends late runs without what is too much; either raises `frame_error`, and every frame
    in gives a frame out.
    """
    spec = schedule.specification
    inputs, frame_words = spec.inputs, schedule.frame_words
    per_word, logit_bits = spec.logits_per_cycle, spec.logit_bits
    width = stream_bits(spec)
    extension, sign_bit = ((1 << width) - (1 << logit_bits)), logit_bits - 1
    mask = (1 << logit_bits) - 1
    state = Signal(intbv(TAKE)[2:])
    position = Signal(intbv(0)[index_bits(inputs + 1) :])
    begins = Signal(bool(0))
    pending = Signal(bool(0))
    result = Signal(intbv(0)[width:])

    @always_comb
    def take():
        s_tready.next = (state == TAKE and code_ready) or state == DROP
        code_valid.next = (state == TAKE and s_tvalid) or state == FILL
        start.next = state == START
        first.next = begins
        code.next = 0
        if state == TAKE:
            code.next = s_tdata

    @always(clk.posedge)
    def frame():
        if reset:
            state.next = TAKE
            position.next = 0
            begins.next = False
            frame_error.next = False
        elif state == TAKE:
            if s_tvalid and code_ready:
                if position == 0:
                    begins.next = s_tuser
                position.next = position + 1
                if position == inputs - 1:
                    position.next = 0
                    if s_tlast:
                        state.next = START
                    else:
                        state.next = DROP
                        frame_error.next = True
                elif s_tlast:
                    state.next = FILL
                    frame_error.next = True
        elif state == FILL:
            if code_ready:
                position.next = position + 1
                if position == inputs - 1:
                    position.next = 0
                    state.next = START
        elif state == DROP:
            if s_tvalid and s_tlast:
                state.next = START
        else:
            state.next = TAKE

    @always_comb
    def give_logits():
        word_out = intbv(0)[per_word * width :]
        lane = intbv(0)[width:]
        word_out[:] = 0
        for i in range(per_word):
            lane[:] = (logits >> (i * logit_bits)) & mask
            if lane[sign_bit]:
                lane[:] = lane | extension
            word_out[:] = word_out | (lane << (i * width))
        m_tdata.next = word_out
        m_tvalid.next = logits_valid
        m_tlast.next = word == frame_words - 1
        logits_ready.next = m_tready

    @always_comb
    def give_best():
        m_tdata.next = result
        m_tvalid.next = pending
        m_tlast.next = True
        # The last word ends the frame: it waits while the arg-max before is still there.
        logits_ready.next = not (pending and not m_tready and word == frame_words - 1)

    @always(clk.posedge)
    def keep_best():
        if reset:
            pending.next = False
            result.next = 0
        elif done:
            pending.next = True
            result.next = best_index
        elif m_tready:
            pending.next = False

    if arg_max:
        return take, frame, give_best, keep_best
    return take, frame, give_logits
