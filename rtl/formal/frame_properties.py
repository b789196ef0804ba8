"""The properties of a frame: what the controller hands to the output block, how long it takes, how it counts that."""

from __future__ import annotations

from golden.schedule import Kind, Schedule, State
from rtl.formal.harness import FIRST_RESET, RESET, Mutant, Property, chosen, port_widths, property_module, table
from rtl.formal.output_properties import SAME_TRANSFER, STARTS_EMPTY, counted_words, counts_agree, enough_pairs
from rtl.formal.stream_properties import DONE_AFTER_THE_LAST, FRAMES_APART, frames_ends
from rtl.formal.vector_properties import VECTORS_IN_THEIR_PASS, entries_beyond
from rtl.netlist import MODULE, Module

_IDLE, _RUN, _FLUSH = int(State.IDLE), int(State.RUN), int(State.FLUSH)


def _slots(schedule: Schedule) -> list[int]:
    """Return the most slots of each pass."""
    return [
        {Kind.ACCUMULATE: max(step.entries, 1), Kind.COMBINE: 1, Kind.NEURONS: schedule.neuron_slots}[step.kind]
        for step in schedule.passes
    ]


def _pairs_under_way(modules: dict[str, Module], schedule: Schedule) -> str:
    """Return `coming`, the pairs whose transfer is still to come, and the assertions that tie them to the words."""
    spec, count = schedule.specification, len(schedule.passes)
    width = port_widths(modules[f"{MODULE}controller"])["issue_pass"]
    moves = [int(step.transfer) for step in schedule.passes]
    pairs, words = spec.group_pairs, schedule.frame_words
    # With so many pairs to come, so many of the frame's words are out or in the shadow bank.
    before = [min(schedule.pair_words * (pairs - coming), words) for coming in range(pairs + 1)]
    bits = (pairs + 3).bit_length()
    return (
        table("pairs_from", "at", width, [sum(moves[at:]) for at in range(count)])
        + table("moves", "at", width, moves)
        + table("words_before", "pairs", bits, before)
        + f"""
    wire read_moves = read_valid && read_last && moves(read_pass);
    wire add_moves = add_valid && add_last && moves(add_pass);
    wire [{bits - 1}:0] to_issue = state == {_RUN} ? pairs_from(issue_pass) : 0;
    wire [{bits - 1}:0] coming = to_issue + read_moves + add_moves + transfer;
    always @* if (begun) begin
        assert (issue_pass < {count} && read_pass < {count} && add_pass < {count} && state != 3);
        assert (state != {_IDLE} || !(read_valid || add_valid || transfer || busy));
        assert (loaded <= {spec.inputs} && (state == {_IDLE} || loaded == 0));
        assert (state == {_IDLE} || coming <= {pairs});
        assert (state == {_IDLE} || sent + (busy ? pair_left : 0) == words_before(coming));
        // Behind the last slot of a frame is nothing.
        assert (state != {_FLUSH} || ((!read_valid || read_moves) && (!add_valid || read_valid || add_moves)));
        assert (state != {_FLUSH} || coming != 0 || busy);
{counts_agree(schedule)}    end
"""
    )


def feeds_the_output(modules: dict[str, Module], schedule: Schedule) -> Property:
    """What the output block and the stream take for granted of the controller is so, whatever the receiver does."""
    names = ("controller", "output")
    enough = enough_pairs(schedule)
    shown = (SAME_TRANSFER, STARTS_EMPTY, enough, DONE_AFTER_THE_LAST, FRAMES_APART)
    body = (
        RESET
        + "    wire logits_valid = busy;\n"
        + counted_words(modules, schedule)
        + frames_ends(schedule)
        + _pairs_under_way(modules, schedule)
        + "".join(entry.asserted for entry in shown)
        + f"""    always @* if (begun) begin
        assert (!ended || (state == {_IDLE} && loaded == 0));
        assert (!ended_before || state == {_IDLE});
    end
    always @* cover (begun && read_valid && add_valid && coming == {schedule.specification.group_pairs});
"""
    )
    return Property(
        name="feeds_the_output",
        says="a held transfer is offered again, a frame's transfers are those of its pairs, it starts when the one "
        "before is out, and `done` follows its last word",
        modules=chosen(modules, names),
        text=property_module(modules, names, body),
        depth=1,
        mutants=(
            # The solver comes to what goes wrong at a frame's end after minutes: faults that show at its beginning.
            Mutant("controller", "read_valid <= (state == 1)", "read_valid <= 1'b1"),
            Mutant("controller", "issue_pass <= (issue_pass + 1)", "issue_pass <= (issue_pass + 2)"),
        ),
        discharges=shown,
    )


def returns_to_idle(modules: dict[str, Module], schedule: Schedule) -> Property:
    """A frame takes no more cycles than the longest one, besides those in which a word waits for the receiver."""
    spec = schedule.specification
    names = ("controller", "zero_skip", "output")
    width = port_widths(modules[f"{MODULE}controller"])["issue_pass"]
    slots, pairs, count = _slots(schedule), spec.group_pairs, len(schedule.passes)
    moves = [step.transfer for step in schedule.passes]
    ahead = [sum(slots[at + 1 : next(last for last in range(at, count) if moves[last]) + 1]) for at in range(count)]
    pair_slots = sum(
        most for most, step in zip(slots, schedule.passes, strict=True) if step.phase == "FC" and step.group_pair == 0
    )
    words = [schedule.words_of_pair(pair) for pair in range(pairs)]
    # Cycles from the transfer of the first of the pairs to come to the end of the frame, itself included.
    after = [0] + [
        words[-1] + 1 + sum(max(pair_slots, words[pair]) for pair in range(pairs - coming, pairs - 1))
        for coming in range(1, pairs + 1)
    ]
    longest = schedule.worst_cycles - spec.inputs - 1
    ticks = (schedule.worst_cycles + 4).bit_length()
    body = (
        RESET
        + counted_words(modules, schedule)
        + _pairs_under_way(modules, schedule)
        + table("accumulates", "at", width, [int(step.kind is Kind.ACCUMULATE) for step in schedule.passes])
        + table("slots", "at", width, slots)
        + table("slots_ahead", "at", width, ahead)
        + table("after", "pairs", (pairs + 3).bit_length(), after)
        + entries_beyond(modules, schedule)
        + VECTORS_IN_THEIR_PASS.assumed
        + f"""
    // Cycles that are left to the frame: one less in each cycle but those in which a word waits for the receiver.
    reg [{ticks - 1}:0] left = 0;
    wire stalled = busy && !logits_ready;
    always @(posedge clk)
        if (reset) left <= 0;
        else if (starting) left <= {longest};
        else if (state != {_IDLE} && !stalled) left <= left - 1;
    always @* if (begun) assert (state == {_IDLE} || left != 0);
    // Why: what is left of the longest frame, counted from the slots to be issued and the words to be taken.
    wire [{ticks - 1}:0] slots_left = !accumulates(issue_pass) ? slots(issue_pass) - issue_slot
        : issue_slot == 0 ? slots(issue_pass) : slots(issue_pass) - 1 - index;
    wire [{ticks - 1}:0] to_transfer = slots_left + 2 + slots_ahead(issue_pass);
    wire [{ticks - 1}:0] first_transfer = transfer ? 0 : add_moves ? 1 : read_moves ? 2 : to_transfer;
    wire [{ticks - 1}:0] words_left = busy ? pair_left : 0;
    wire [{ticks - 1}:0] room = busy ? pair_left - 1 : 0;
    wire [{ticks - 1}:0] needs = coming == 0 ? words_left
        : after(coming) + (first_transfer < room ? room : first_transfer);
    wire later = state == {_RUN} && accumulates(issue_pass) && issue_slot != 0;
    always @* if (begun) begin
        assert (state == {_IDLE} || (needs != 0 && needs <= left));
        assert (accumulates(issue_pass) ? issue_slot < 2 : issue_slot < slots(issue_pass));
        // Of a pass that is begun those entries are left that are beyond the last one found.
        assert (!later || (pending != 0 && (pending & beyond) == 0 && index < entries(issue_pass)));
        assert (!later || (pending & ((({schedule.entries + 1}'d2 << index) - 1))) == 0);
        // The pair behind one that is on its way is no further behind than its slots.
        assert (to_issue == 0 || !read_moves || to_transfer <= {pair_slots} + 2);
        assert (to_issue == 0 || read_moves || !add_moves || to_transfer <= {pair_slots} + 1);
        assert (to_issue == 0 || read_moves || add_moves || !transfer || to_transfer <= {pair_slots});
    end
    // Well into a frame, and to its end from there is what induction is for.
    always @* cover (begun && later && left + 8 < {longest});
"""
    )
    return Property(
        name="returns_to_idle",
        says="a frame ends within the longest frame's cycles, those not counted in which a word waits for the receiver",
        modules=chosen(modules, names),
        text=property_module(modules, names, body),
        depth=1,
        mutants=(Mutant("zero_skip", "pending <= (candidates ^ lowest)", "pending <= candidates"),),
        assumes=(FIRST_RESET, VECTORS_IN_THEIR_PASS),
    )


def counts_its_cycles(modules: dict[str, Module], schedule: Schedule) -> Property:
    """`frame_cycles` and `overrun` are what a wide counter beside the controller gives, `done` is one cycle."""
    spec = schedule.specification
    widths = port_widths(modules[f"{MODULE}controller"])
    most, budget = (1 << schedule.cycle_bits) - 1, spec.frame_budget
    body = (
        RESET
        + f"""
    // Cycles of this frame, loading included, in a counter that is wider: it stops where nothing depends on it.
    reg [{widths["frame_cycles"] + 1}:0] cycles = 0;
    reg was_done = 0;
    wire running = state != {_IDLE};
    always @(posedge clk) begin
        if (reset) cycles <= 0;
        else if (start && state == {_IDLE} && loaded == {spec.inputs}) cycles <= {spec.inputs + 1};
        else if (running && cycles != {most + 1}) cycles <= cycles + 1;
        was_done <= !reset && state == {_FLUSH} && finished;
    end
    always @* if (begun) begin
        assert (frame_cycles == (cycles > {most} ? {most} : cycles));
        // Up from the first cycle beyond the frame period on, but not yet in the first of all.
        assert (overrun == (cycles > {budget} && cycles != {spec.inputs + 1}));
        assert (done == was_done);
        assert (cycles <= {most + 1});
        assert (starting == (start && state == {_IDLE} && loaded == {spec.inputs}));
        assert (code_ready == (state == {_IDLE} && loaded < {spec.inputs}) && accept == (code_valid && code_ready));
        assert (weight_ready == (state == {_IDLE}) && step == (state == {_RUN} && !hold));
    end
    always @* cover (begun && frame_cycles == {spec.inputs + 6} && hold);
"""
    )
    return Property(
        name="counts_its_cycles",
        says="`frame_cycles` counts a frame's cycles, loading included, and saturates; `overrun` is up from the first "
        "one beyond the frame period to the next frame; `done` is up for one cycle; codes, weights and `start` are "
        "taken when idle",
        modules=chosen(modules, ("controller",)),
        text=property_module(modules, ("controller",), body),
        depth=1,
        mutants=(
            Mutant("controller", "frame_cycles <= (frame_cycles + 1)", "frame_cycles <= (frame_cycles + 2)"),
            Mutant("controller", "frame_cycles <= (3 + 1)", "frame_cycles <= 3"),
        ),
    )
