"""The properties: what the controller, the memories' addresses, the zero-skip unit and the streams never do."""

from __future__ import annotations

from golden.schedule import Kind, Schedule, State, build_schedule
from golden.specification import Specification
from rtl.design import build_design, build_stream_modules
from rtl.formal.harness import Mutant, Property, property_module, table
from rtl.netlist import MODULE, Module

# Small enough for a solver, and with all that matters: two layers, a second tile, two FC pairs of which the last has
# one group, a last word that is not full.
SMALL = Specification(
    inputs=3, input_bits=3, layers=(3, 2), outputs=5, lanes=2, logits_per_cycle=1, time_steps=2,
    thresholds=(2, 2), leaks=(1, 1),
)  # fmt: skip
RESET = """
    // The first cycle resets.
    reg begun = 0;
    always @(posedge clk) begun <= 1;
    always @* assume (reset == !begun);
"""


def build_properties(spec: Specification = SMALL) -> dict[str, Property]:
    """Return every property, by name, for a specification."""
    modules = dict(build_design(spec).modules)
    logits = build_stream_modules(spec, arg_max=False)
    best = build_stream_modules(spec, arg_max=True)
    schedule = build_schedule(spec)
    made = [
        returns_to_idle(modules, schedule),
        stays_inside_the_memories(modules, schedule),
        visits_each_one_once(modules, schedule),
        gives_each_word_once(modules, schedule),
        starts_only_whole_frames(logits, schedule),
        keeps_what_it_offers(best, schedule),
    ]
    return {entry.name: entry for entry in made}


def chosen(modules: dict[str, Module], names: tuple[str, ...]) -> dict[str, Module]:
    """Return some modules of a design by their names without prefix."""
    return {name: modules[MODULE + name] for name in names}


def vectors_in_their_pass(modules: dict[str, Module], schedule: Schedule) -> str:
    """Return what the controller's surroundings keep: `beyond`, the entries that a pass has not, and an assumption."""
    width = next(port.width for port in modules[f"{MODULE}controller"].ports if port.name == "issue_pass")
    entries = [step.entries if step.kind is Kind.ACCUMULATE else 0 for step in schedule.passes]
    most = schedule.entries
    return (
        table("entries", "at", width, entries)
        + f"""
    // A vector has no ones beyond the entries of its pass: beyond the neurons of a layer, where a pass reads spikes.
    wire [{most - 1}:0] beyond = {{{most}{{1'b1}}}} << entries(issue_pass);
    always @* assume (((plane0 | plane1 | spike0 | spike1) & beyond) == 0);
"""
    )


def returns_to_idle(modules: dict[str, Module], schedule: Schedule) -> Property:
    """From any idle state a frame ends within the worst frame's cycles, whatever spikes, codes and weights are."""
    worst, inputs = schedule.worst_cycles, schedule.specification.inputs
    names = ("controller", "zero_skip", "output")
    ticks = max(1, worst.bit_length() + 1)
    body = (
        vectors_in_their_pass(modules, schedule)
        + f"""
    // Any idle state with a loaded frame and an empty pipeline; the receiver is always ready.
    reg [{ticks - 1}:0] age = 0;
    always @(posedge clk) age <= age + (age != {worst + 2});
    wire empty = !read_valid && !add_valid && !transfer && !busy && position == 0;
    initial assume (state == {int(State.IDLE)} && loaded == {inputs} && empty);
    always @* assume (!reset && logits_ready && start == (age == 0));
    // `start` is given in cycle 0: what is left of the worst frame are its cycles after loading.
    always @* if (age == {worst - inputs}) assert (state == {int(State.IDLE)});
    always @* if (age > 0 && state == {int(State.IDLE)}) assert (empty);
    // As long as that it takes in fact.
    always @* cover (age == {worst - inputs - 1} && state != {int(State.IDLE)});
"""
    )
    return Property(
        name="returns_to_idle",
        says="from any idle state a frame ends, with the pipeline empty, within the worst frame's cycles",
        modules=chosen(modules, names),
        text=property_module(modules, names, body),
        depth=worst - inputs + 2,
        bounded=True,
        mutant=Mutant("zero_skip", "pending <= (candidates ^ lowest)", "pending <= candidates"),
    )


def stays_inside_the_memories(modules: dict[str, Module], schedule: Schedule) -> Property:
    """No bank is read at an address that it does not have."""
    names = ("controller", "zero_skip", "row_fetch")
    depth0, depth1 = schedule.bank_depths
    count = len(schedule.passes)
    address = next(port.width for port in modules[f"{MODULE}row_fetch"].ports if port.name == "address")
    body = (
        RESET
        + vectors_in_their_pass(modules, schedule)
        + f"""
    always @* if (begun) begin
        assert (!read[0] || {{1'b0, address}} < {address + 1}'d{depth0});
        assert (!read[1] || {{1'b0, address}} < {address + 1}'d{depth1});
        // What makes that so, for the induction.
        assert (issue_pass < {count} && read_pass < {count});
        assert (!read_visit || index < entries(read_pass));
        assert (issue_slot == 0 || entries(issue_pass) == 0 || (pending & beyond) == 0);
    end
    always @* cover (begun && read != 0 && address == {depth1 - 1});
"""
    )
    return Property(
        name="stays_inside_the_memories",
        says="no bank is read at an address beyond its depth",
        modules=chosen(modules, names),
        text=property_module(modules, names, body),
        depth=2,
        mutant=Mutant("row_fetch", "(base + $signed({1'b0, index}))", "(base + $signed({1'b0, index}) + 1)"),
    )


def visits_each_one_once(modules: dict[str, Module], schedule: Schedule) -> Property:
    """In a pass the zero-skip unit visits each entry with a one exactly once, and no other."""
    widths = {port.name: port.width for port in modules[f"{MODULE}zero_skip"].ports}
    bits, entries = widths["index"], schedule.entries
    accumulates = [int(step.kind is Kind.ACCUMULATE) for step in schedule.passes]
    body = (
        RESET
        + table("accumulates", "at", widths["issue_pass"], accumulates)
        + f"""
    // Any one entry stands for all of them.
    (* anyconst *) wire [{bits - 1}:0] entry;
    wire [{entries - 1}:0] vector = plane0 | plane1 | spike0 | spike1;
    reg [{entries - 1}:0] held = 0;
    reg [{widths["issue_pass"] - 1}:0] pass = 0;
    reg later = 0, seen = 0;
    wire here = step && found && (candidate_index == entry);
    // The surroundings: passes follow each other, and within one neither it nor its vectors change.
    always @* assume (entry < {entries});
    always @* assume (accumulates(issue_pass));
    always @* assume (issue_slot == later);
    always @* if (later) assume (vector == held && issue_pass == pass);
    always @(posedge clk) begin
        if (reset) begin
            later <= 0;
            seen <= 0;
        end else if (step) begin
            later <= !skip_last;
            held <= vector;
            pass <= issue_pass;
            seen <= !skip_last && (seen || here);
        end
    end
    // `index` takes what is found at the edge: a solver sees it a cycle early as the lowest one that is left.
    wire [{entries - 1}:0] left = later ? pending : vector;
    reg [{bits - 1}:0] candidate_index;
    integer at;
    always @* begin
        candidate_index = 0;
        for (at = {entries - 1}; at >= 0; at = at - 1)
            if (left[at]) candidate_index = at;
    end
    reg was_step = 0, was_found = 0;
    reg [{bits - 1}:0] was_index = 0;
    always @(posedge clk) begin
        was_step <= !reset && step;
        was_found <= found;
        was_index <= candidate_index;
    end
    always @* if (begun) begin
        assert (!here || vector[entry]);                                    // no other
        assert (!(here && seen));                                           // not twice
        assert (!(step && skip_last) || (seen || here) == vector[entry]);   // all of them
        assert (later ? pending[entry] == (held[entry] && !seen) : !seen);
        assert (!seen || held[entry]);
        assert (!(was_step && was_found) || index == was_index);
        assert (found == (left != 0));
    end
    always @* cover (begun && later && seen && step && skip_last);
"""
    )
    return Property(
        name="visits_each_one_once",
        says="the zero-skip unit visits each entry with a one exactly once in a pass, and no other",
        modules=chosen(modules, ("zero_skip",)),
        text=property_module(modules, ("zero_skip",), body),
        depth=1,
        mutant=Mutant("zero_skip", "pending <= (candidates ^ lowest)", "pending <= candidates"),
    )


def gives_each_word_once(modules: dict[str, Module], schedule: Schedule) -> Property:
    """Under any stalls each word of a pair is given once, in order, as it was when the pair was transferred."""
    spec = schedule.specification
    ports = {port.name: port.width for port in modules[f"{MODULE}output"].ports}
    low = spec.lanes * spec.logit_bits
    last = schedule.pair_words - 1
    body = (
        RESET
        + f"""
    // A pipeline that is held offers the same transfer again, and nothing is transferred beyond a frame's last pair.
    reg waits = 0;
    always @(posedge clk) waits <= !reset && hold;
    always @* if (waits) assume (transfer);
    always @* if (starting) assume (!transfer && !busy);
    // What was transferred, and how many of its words were taken.
    reg [{low - 1}:0] given0 = 0, given1 = 0;
    reg offers = 0;
    reg [{ports["position"]}:0] taken = 0;
    wire takes = busy && logits_ready;
    wire ends = position == {last} || word == {schedule.frame_words - 1};
    always @(posedge clk) begin
        if (reset) begin
            offers <= 0;
            taken <= 0;
        end else if (transfer && !hold) begin
            offers <= 1;
            taken <= 0;
            given0 <= acc0[{low - 1}:0];
            given1 <= acc1[{low - 1}:0];
        end else if (takes) begin
            offers <= !ends;
            taken <= ends ? 0 : taken + 1;
        end
    end
    reg after = 0;
    reg was_ready = 0, was_busy = 0;
    reg [{ports["logits"] - 1}:0] was_logits = 0;
    always @(posedge clk) begin
        after <= begun;
        was_busy <= busy && !reset;
        was_ready <= logits_ready;
        was_logits <= logits;
    end
    always @* if (begun) begin
        assert (busy == offers);                                // none lost, none invented
        assert (position == (busy ? taken : 0));                // each once, in order
        assert (!offers || (shadow0 == given0 && shadow1 == given1));
        assert (!(transfer && busy && !(takes && ends)) || hold);
        assert (!(after && was_busy && !was_ready) || (busy && logits == was_logits));   // stays until taken
        assert (!busy || position <= {last});
    end
    always @* cover (begun && hold && takes && position == 1);
"""
    )
    return Property(
        name="gives_each_word_once",
        says="under any stalls every word of logits is given once, in order, and stays until it is taken",
        modules=chosen(modules, ("output",)),
        text=property_module(modules, ("output",), body),
        depth=1,
        mutant=Mutant("output", "(transfer && busy && (!", "(transfer && busy && (0 && !"),
    )


def starts_only_whole_frames(modules: dict[str, Module], schedule: Schedule) -> Property:
    """However a stream is cut into frames, each starts the accelerator once, with exactly `inputs` codes."""
    names = ("controller", "axi_stream")
    inputs = schedule.specification.inputs
    position = inputs.bit_length()
    body = (
        RESET
        + f"""
    wire takes = code_valid && code_ready;
    reg [7:0] given = 0;
    always @(posedge clk) if (reset || start) given <= 0; else if (takes) given <= given + 1;
    // State and count of the module, by their names inside it.
    (* hierconn *) wire [1:0] \\the_axi_stream.state ;
    (* hierconn *) wire [{position - 1}:0] \\the_axi_stream.position ;
    wire [1:0] stream_state = \\the_axi_stream.state ;
    wire [{position - 1}:0] position = \\the_axi_stream.position ;
    // What the stream gives goes to the accelerator in the same cycle, but for what a frame has too much.
    wire from_stream = s_tvalid && s_tready;
    // Frames that ended in the stream and have not started.
    reg [1:0] owed = 0;
    always @(posedge clk) owed <= reset ? 0 : owed + (from_stream && s_tlast) - start;
    always @* if (begun) begin
        assert (!start || (state == {int(State.IDLE)} && loaded == {inputs}));
        assert (!start || given == {inputs});
        assert (given <= {inputs} && given == loaded);
        assert (!from_stream || (takes && code == s_tdata) || stream_state == 2);
        assert (owed == (stream_state == 1 || stream_state == 3));
        // For the induction: where the stream stands, the buffer stands.
        assert (loaded == (stream_state == 2 || stream_state == 3 ? {inputs} : position));
        assert (position < {inputs} && (stream_state < 2 || position == 0));
        assert ((position == 0 && stream_state < 2) || state == {int(State.IDLE)});
        assert (state != 3);
    end
    always @* cover (begun && start && frame_error);
"""
    )
    return Property(
        name="starts_only_whole_frames",
        says="however a stream is cut into frames, each of its frames starts the accelerator once, idle and loaded",
        modules=chosen(modules, names),
        text=property_module(modules, names, body),
        depth=1,
        mutant=Mutant("axi_stream", "else if (s_tlast) begin", "else if (0) begin"),
    )


def keeps_what_it_offers(modules: dict[str, Module], schedule: Schedule) -> Property:
    """An arg-max that is offered stays, unchanged, until it is taken; none is lost."""
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
    reg was = 0, was_ready = 0;
    reg [15:0] was_data = 0;
    always @(posedge clk) begin
        was <= !reset && m_tvalid;
        was_ready <= m_tready;
        was_data <= m_tdata;
    end
    // As many are offered as frames have ended.
    reg [1:0] owed = 0;
    always @(posedge clk) owed <= reset ? 0 : owed + ends - (m_tvalid && m_tready);
    always @* if (begun) begin
        assert (!(was && !was_ready) || (m_tvalid && m_tdata == was_data));
        assert (owed == m_tvalid + ended);
        assert (!(ended && m_tvalid));
    end
    always @* cover (begun && m_tvalid && !m_tready && logits_valid && !logits_ready);
"""
    )
    return Property(
        name="keeps_what_it_offers",
        says="an arg-max that the stream offers stays until it is taken, and none is lost",
        modules=chosen(modules, ("axi_stream",)),
        text=property_module(modules, ("axi_stream",), body),
        depth=1,
        mutant=Mutant("axi_stream", "(!(pending && (!m_tready) &&", "(!(0 && (!m_tready) &&"),
    )
