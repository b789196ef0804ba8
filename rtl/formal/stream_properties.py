"""The properties of the streams around the accelerator: whole frames in, every word or arg-max out."""

from __future__ import annotations

from golden.schedule import Schedule, State
from rtl.formal.harness import RESET, Mutant, Property, chosen, property_module
from rtl.netlist import MODULE, Module


def starts_only_whole_frames(modules: dict[str, Module], schedule: Schedule) -> Property:
    """However a stream is cut into frames, each starts the accelerator once, with exactly `inputs` codes."""
    names = ("controller", "axi_stream")
    inputs = schedule.specification.inputs
    position = inputs.bit_length()
    body = (
        RESET
        + f"""
    wire takes = code_valid && code_ready;
    reg [{position}:0] given = 0;
    always @(posedge clk) if (reset || start) given <= 0; else if (takes) given <= given + 1;
    // State and count of the module, by their names inside it.
    (* hierconn *) wire [1:0] \\the_axi_stream.state ;
    (* hierconn *) wire [{position - 1}:0] \\the_axi_stream.position ;
    wire [1:0] stream_state = \\the_axi_stream.state ;
    wire [{position - 1}:0] position = \\the_axi_stream.position ;
    // What the stream gives goes to the accelerator in the same cycle, but for what a frame has too much.
    wire from_stream = s_tvalid && s_tready;
    // With the frame's first code the stream says whether an utterance begins.
    reg user = 0;
    always @(posedge clk) if (from_stream && takes && given == 0) user <= s_tuser;
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
        assert (loaded == (stream_state == 2 || stream_state == 3 ? {inputs} : position));
        assert (position < {inputs} && (stream_state < 2 || position == 0));
        assert (stream_state != 1 || position != 0);
        assert ((position == 0 && stream_state < 2) || state == {int(State.IDLE)});
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
    ports = {port.name: port.width for port in modules[f"{MODULE}axi_stream"].ports}
    width = ports["m_tdata"] // count
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
    """An arg-max that is offered is the accelerator's, stays until it is taken; none is lost."""
    last = schedule.frame_words - 1
    body = (
        RESET
        + f"""
    // The accelerator: `done` follows the cycle in which a frame's last word is taken; frames are further apart.
    wire ends = logits_valid && logits_ready && word == {last};
    reg ended = 0, ended_before = 0;
    always @(posedge clk) begin
        ended <= !reset && ends;
        ended_before <= ended;
    end
    always @* assume (done == ended);
    always @* if (ended || ended_before) assume (!logits_valid);
    // As many are offered as frames have ended, each as it was when its frame ended.
    reg [1:0] owed = 0;
    reg [15:0] best = 0;
    always @(posedge clk) begin
        owed <= reset ? 0 : owed + ends - (m_tvalid && m_tready);
        if (done) best <= best_index;
    end
    always @* if (begun) begin
        assert (!m_tvalid || m_tdata == best);
        assert (owed == m_tvalid + ended);
        assert (!(ended && m_tvalid));
    end
    always @* cover (begun && m_tvalid && !m_tready && logits_valid && !logits_ready);
"""
    )
    return Property(
        name="keeps_what_it_offers",
        says="each frame's arg-max is offered once and stays as it is until it is taken",
        modules=chosen(modules, ("axi_stream",)),
        text=property_module(modules, ("axi_stream",), body),
        depth=1,
        mutants=(
            Mutant("axi_stream", "(!(pending && (!m_tready) &&", "(!(0 && (!m_tready) &&"),
            Mutant("axi_stream", "result <= best_index", "result <= 0"),
        ),
    )
