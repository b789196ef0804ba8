"""The properties of the accelerator: its controller, its memories' addresses, its zero-skip unit, its output."""

from __future__ import annotations

from golden.schedule import Kind, Schedule, State, build_schedule
from golden.specification import Specification
from rtl.design import build_design, build_stream_modules
from rtl.formal.harness import RESET, Mutant, Property, chosen, property_module, table
from rtl.formal.stream_properties import keeps_what_it_offers, passes_each_word_on, starts_only_whole_frames
from rtl.netlist import MODULE, Module

# Small enough for a solver, and with all that matters: two layers, a second tile, two FC pairs of which the last has
# one group, and that not full.
SMALL = Specification(
    inputs=3, input_bits=3, layers=(3, 2), outputs=5, lanes=2, logits_per_cycle=1, time_steps=2,
    thresholds=(2, 2), leaks=(1, 1),
)  # fmt: skip


def build_properties(spec: Specification = SMALL) -> dict[str, Property]:
    """Return every property, by name, for a specification."""
    modules = dict(build_design(spec).modules)
    logits = build_stream_modules(spec, arg_max=False)
    best = build_stream_modules(spec, arg_max=True)
    schedule = build_schedule(spec)
    made = [
        stays_inside_the_memories(modules, schedule),
        # Without zero-skipping every entry is visited, as it should be.
        *([visits_each_one_once(modules, schedule)] if spec.zero_skipping else []),
        gives_each_word_once(modules, schedule),
        starts_only_whole_frames(logits, schedule),
        passes_each_word_on(logits, schedule),
        keeps_what_it_offers(best, schedule),
        # The slowest one last.
        returns_to_idle(modules, schedule),
    ]
    return {entry.name: entry for entry in made}


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
    """From any idle state a frame ends within the worst frame's cycles, whatever spikes, if the receiver is ready."""
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
        says="with a receiver that is ready, a frame ends from any idle state within the longest frame's cycles",
        modules=chosen(modules, names),
        text=property_module(modules, names, body),
        depth=worst - inputs + 2,
        bounded=True,
        mutants=(Mutant("zero_skip", "pending <= (candidates ^ lowest)", "pending <= candidates"),),
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
        mutants=(Mutant("row_fetch", "(base + $signed({1'b0, index}))", "(base + $signed({1'b0, index}) + 1)"),),
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
        mutants=(Mutant("zero_skip", "pending <= (candidates ^ lowest)", "pending <= candidates"),),
    )


def gives_each_word_once(modules: dict[str, Module], schedule: Schedule) -> Property:
    """Under any stalls a frame's words are its pairs' words as transferred, each given once, in order."""
    spec = schedule.specification
    ports = {port.name: port.width for port in modules[f"{MODULE}output"].ports}
    low = spec.lanes * spec.logit_bits
    last, words = schedule.pair_words - 1, schedule.frame_words
    sets = list(range(spec.pe_sets))

    def lanes(bit: int) -> str:
        return ", ".join(f"given{pe_set}[{bit * spec.lanes} +: {spec.lanes}]" for pe_set in reversed(sets))

    columns = "".join(
        f"    wire [{len(sets) * spec.lanes - 1}:0] column{bit} = {{{lanes(bit)}}} >> (taken * "
        f"{spec.logits_per_cycle});\n"
        for bit in range(spec.logit_bits)
    )
    keeps = "".join(f"            given{pe_set} <= acc{pe_set}[{low - 1}:0];\n" for pe_set in sets)
    shown = ", ".join(
        f"column{bit}[{logit}]"
        for logit in reversed(range(spec.logits_per_cycle))
        for bit in reversed(range(spec.logit_bits))
    )
    body = (
        RESET
        + f"""
    wire takes = busy && logits_ready;
    // What was transferred, how many of its words were taken, and how many of the frame's: counted here.
    reg [{low - 1}:0] {", ".join(f"given{pe_set} = 0" for pe_set in sets)};
    reg offers = 0;
    reg [{ports["position"]}:0] taken = 0;
    reg [{ports["word"]}:0] sent = 0;
    wire ends = taken == {last} || sent == {words - 1};
    // The surroundings: a pipeline that is held offers the same transfer again, a frame starts when the one before is
    // out, and has no more pairs than its outputs need.
    reg waits = 0;
    always @(posedge clk) waits <= !reset && hold;
    always @* if (waits) assume (transfer && !starting);
    always @* if (starting) assume (!transfer && !busy);
    always @* if (transfer) assume (sent + (busy ? {last + 1} - taken : 0) < {words});
    always @(posedge clk) begin
        if (reset || starting) sent <= 0;
        else if (takes) sent <= sent + 1;
        if (reset) begin
            offers <= 0;
            taken <= 0;
        end else if (transfer && !hold) begin
            offers <= 1;
            taken <= 0;
{keeps}        end else if (takes) begin
            offers <= !ends;
            taken <= ends ? 0 : taken + 1;
        end
    end
    // Bit b of each logit of the pair, the next one lowest.
{columns}    always @* if (begun) begin
        assert (busy == offers);                                // none lost, none invented
        assert (!busy || logits == {{{shown}}});                // as transferred, each once, in order
        assert (position == (busy ? taken : 0) && taken <= {last});
        assert (!busy || sent < {words});
        assert (sent <= {words} && word == (sent == {words} ? {words - 1} : sent));
        assert (finished == (takes && sent == {words - 1}));
        assert (!offers || ({" && ".join(f"shadow{pe_set} == given{pe_set}" for pe_set in sets)}));
        assert (!(transfer && busy && !(takes && ends)) || hold);
    end
    always @* cover (begun && hold && takes && position == {min(1, last - 1)});
"""
    )
    return Property(
        name="gives_each_word_once",
        says="under any stalls a frame's words are those of its pairs as transferred, each given once, in order",
        modules=chosen(modules, ("output",)),
        text=property_module(modules, ("output",), body),
        depth=1,
        mutants=(
            Mutant("output", "(transfer && busy && (!", "(transfer && busy && (0 && !"),
            Mutant("output", "lane = (position * 1)", "lane = 0"),
            *([Mutant("output", "((position < 2))", "((position < 1))")] if spec.pe_sets == 2 else []),
            Mutant("output", "word <= (word + 1)", "word <= (word + 2)"),
            Mutant("output", "if (starting) begin", "if (0) begin"),
        ),
    )
