"""The properties of the streams around the accelerator: whole frames in, every word or arg-max out."""

from __future__ import annotations

from golden.schedule import Schedule, State
from rtl.formal.harness import FIRST_RESET, RESET, Assumption, Mutant, Property, chosen, port_widths, property_module
from rtl.netlist import MODULE, Module

DONE_AFTER_THE_LAST = Assumption(
    name="done_after_the_last",
    says="`done` follows the cycle in which a frame's last word is taken",
    holds="done == ended",
)
FRAMES_APART = Assumption(
    name="frames_apart",
    says="no word is offered in the two cycles after a frame's last one",
    holds="!(ended || ended_before) || !logits_valid",
)


def frames_ends(schedule: Schedule) -> str:
    """Return `ended` and `ended_before`: the last cycle, or the one before it, took a frame's last word."""
    return f"""
    wire last_taken = logits_valid && logits_ready && word == {schedule.frame_words - 1};
    reg ended = 0, ended_before = 0;
    always @(posedge clk) begin
        ended <= !reset && last_taken;
        ended_before <= !reset && ended;
    end
"""


def _inside(schedule: Schedule) -> str:
    """Return the module's state and count, which are no ports, by their names inside it."""
    position = schedule.specification.inputs.bit_length()
    return f"""
    (* hierconn *) wire [1:0] \\the_axi_stream.state ;
    (* hierconn *) wire [{position - 1}:0] \\the_axi_stream.position ;
    wire [1:0] stream_state = \\the_axi_stream.state ;
    wire [{position - 1}:0] stream_position = \\the_axi_stream.position ;
"""


def takes_what_it_can(modules: dict[str, Module], schedule: Schedule, *, name: str = "takes_what_it_can") -> Property:
    """Each code is taken as soon as it can be, each frame is filled or cut to its length, and what was wrong is said.

    Both streams have it, the one of logits and the one of arg-maxes: modules of their own, and a `name`.
    """
    inputs = schedule.specification.inputs
    body = (
        RESET
        + _inside(schedule)
        + f"""
    wire from_stream = s_tvalid && s_tready;
    // Codes that this frame has given; whether it ended in the stream, or has all its codes and has not ended.
    reg [{inputs.bit_length()}:0] given = 0;
    reg frame_ended = 0, too_long = 0, wrong = 0, user = 0;
    wire last_code = given == {inputs - 1};
    always @(posedge clk)
        if (reset) begin
            given <= 0;
            frame_ended <= 0;
            too_long <= 0;
            wrong <= 0;
            user <= 0;
        end else begin
            given <= start ? 0 : given + (code_valid && code_ready);
            frame_ended <= start ? 0 : frame_ended || (from_stream && s_tlast);
            too_long <= from_stream ? !s_tlast && (too_long || last_code) : too_long;
            if (from_stream && !too_long && s_tlast != last_code) wrong <= 1;
            if (from_stream && given == 0) user <= s_tuser;
        end
    always @* if (begun) begin
        assert (s_tready == (too_long || (!frame_ended && code_ready)));                        // no needless stall
        assert (code_valid == (frame_ended ? given != {inputs} : !too_long && s_tvalid));
        assert (code == (frame_ended || too_long ? 0 : s_tdata));
        assert (start == (frame_ended && given == {inputs}));
        assert (first == user);
        assert (frame_error == wrong);
        // Where the module stands.
        assert (given <= {inputs} && !(frame_ended && too_long) && (!too_long || given == {inputs}));
        assert (frame_ended || too_long || given < {inputs});
        assert (stream_state == (too_long ? 2 : !frame_ended ? 0 : given == {inputs} ? 3 : 1));
        assert (stream_position == (stream_state < 2 ? given : 0));
        assert (!frame_ended || given != 0);
    end
    always @* cover (begun && start && frame_error && first);
"""
    )
    return Property(
        name=name,
        says="a stream's code is taken as soon as the accelerator can, a frame that is too short or too long is filled "
        "or cut without a pause, and said until reset",
        modules=chosen(modules, ("axi_stream",)),
        text=property_module(modules, ("axi_stream",), body),
        depth=1,
        mutants=(
            Mutant("axi_stream", "(((state == 0) && code_ready) || (state == 2))", "((state == 0) && code_ready)"),
            Mutant("axi_stream", "((s_tvalid && s_tlast))", "(s_tlast)"),
        ),
    )


def starts_only_whole_frames(modules: dict[str, Module], schedule: Schedule) -> Property:
    """However a stream is cut into frames, each starts the accelerator once, with exactly `inputs` codes."""
    names = ("controller", "axi_stream")
    inputs = schedule.specification.inputs
    body = (
        RESET
        + _inside(schedule)
        + f"""
    wire takes = code_valid && code_ready;
    reg [{inputs.bit_length()}:0] given = 0;
    always @(posedge clk) if (reset || start) given <= 0; else if (takes) given <= given + 1;
    // What the stream gives goes to the accelerator in the same cycle, but for what a frame has too much.
    wire from_stream = s_tvalid && s_tready;
    // With the frame's first code the stream says whether an utterance begins.
    reg user = 0;
    always @(posedge clk) if (reset) user <= 0; else if (from_stream && takes && given == 0) user <= s_tuser;
    // Frames that ended in the stream and have not started.
    reg [1:0] owed = 0;
    always @(posedge clk) owed <= reset ? 0 : owed + (from_stream && s_tlast) - start;
    always @* if (begun) begin
        assert (!start || (state == {int(State.IDLE)} && loaded == {inputs}));
        assert (!start || given == {inputs});
        assert (given <= {inputs} && given == loaded);
        assert (!from_stream || (takes && code == s_tdata) || stream_state == 2);
        assert (!takes || from_stream || (stream_state == 1 && code == 0));
        assert (given == 0 || first == user);
        assert (owed == (stream_state == 1 || stream_state == 3));
        // For the induction: where the stream stands, the buffer stands.
        assert (loaded == (stream_state == 2 || stream_state == 3 ? {inputs} : stream_position));
        assert (stream_position < {inputs} && (stream_state < 2 || stream_position == 0));
        assert (stream_state != 1 || stream_position != 0);
        assert ((stream_position == 0 && stream_state < 2) || state == {int(State.IDLE)});
        assert (state != 3);
    end
    always @* cover (begun && start && frame_error);
"""
    )
    return Property(
        name="starts_only_whole_frames",
        says="however a stream is cut into frames, each starts the accelerator once, idle, loaded with its codes",
        modules=chosen(modules, names),
        text=property_module(modules, names, body),
        depth=1,
        mutants=(
            Mutant("axi_stream", "else if (s_tlast) begin", "else if (0) begin"),
            Mutant("axi_stream", "begins <= s_tuser", "begins <= 1'b0"),
            Mutant("axi_stream", "code = s_tdata", "code = 1"),
        ),
    )


def passes_each_word_on(modules: dict[str, Module], schedule: Schedule) -> Property:
    """What the accelerator gives, the stream offers in the same cycle, and takes when its receiver does."""
    spec = schedule.specification
    bits, count = spec.logit_bits, spec.logits_per_cycle
    width = port_widths(modules[f"{MODULE}axi_stream"])["m_tdata"] // count
    shown = ", ".join(
        f"{{{width - bits}{{logits[{at * bits + bits - 1}]}}}}, logits[{at * bits} +: {bits}]"
        for at in reversed(range(count))
    )
    body = (
        RESET
        + f"""
    always @* if (begun) begin
        assert (m_tvalid == logits_valid && logits_ready == m_tready);
        assert (m_tdata == {{{shown}}});
        assert (m_tlast == (word == {schedule.frame_words - 1}));
    end
    always @* cover (begun && m_tvalid && m_tready && m_tlast);
"""
    )
    return Property(
        name="passes_each_word_on",
        says="the stream offers each word of logits, sign-extended, and takes it when its receiver does",
        modules=chosen(modules, ("axi_stream",)),
        text=property_module(modules, ("axi_stream",), body),
        depth=1,
        mutants=(
            Mutant("axi_stream", "logits_ready = m_tready", "logits_ready = 1'b1"),
            Mutant("axi_stream", "if (lane[5]) begin", "if (0) begin"),
        ),
    )


def keeps_what_it_offers(modules: dict[str, Module], schedule: Schedule) -> Property:
    """An arg-max that is offered is the accelerator's, stays until it is taken; none is lost, none held for nothing."""
    body = (
        RESET
        + frames_ends(schedule)
        + DONE_AFTER_THE_LAST.assumed
        + FRAMES_APART.assumed
        + f"""
    // As many are offered as frames have ended, each as it was when its frame ended.
    reg [1:0] owed = 0;
    reg [{port_widths(modules[f"{MODULE}axi_stream"])["m_tdata"] - 1}:0] best = 0;
    always @(posedge clk) begin
        owed <= reset ? 0 : owed + last_taken - (m_tvalid && m_tready);
        if (reset) best <= 0;
        else if (done) best <= best_index;
    end
    always @* if (begun) begin
        assert (m_tdata == best && m_tlast);
        assert (owed == m_tvalid + ended);
        assert (!(ended && m_tvalid));
        // The accelerator waits only where an arg-max has no room.
        assert (logits_ready == !(m_tvalid && !m_tready && word == {schedule.frame_words - 1}));
    end
    always @* cover (begun && m_tvalid && !m_tready && logits_valid && !logits_ready);
"""
    )
    return Property(
        name="keeps_what_it_offers",
        says="each frame's arg-max is offered once and stays as it is until it is taken, and only a frame's last word "
        "waits for it",
        modules=chosen(modules, ("axi_stream",)),
        text=property_module(modules, ("axi_stream",), body),
        depth=1,
        mutants=(
            Mutant("axi_stream", "(!(pending && (!m_tready) &&", "(!(0 && (!m_tready) &&"),
            Mutant("axi_stream", "(!(pending && (!m_tready) &&", "(!(pending &&"),
            Mutant("axi_stream", "result <= best_index", "result <= 0"),
        ),
        assumes=(FIRST_RESET, DONE_AFTER_THE_LAST, FRAMES_APART),
    )
