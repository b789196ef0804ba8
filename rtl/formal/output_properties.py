"""The properties of the output block: every word once and in order, and the arg-max of a frame."""

from __future__ import annotations

from golden.schedule import Schedule
from rtl.formal.harness import FIRST_RESET, RESET, Assumption, Mutant, Property, chosen, port_widths, property_module
from rtl.netlist import MODULE, Module

SAME_TRANSFER = Assumption(
    name="same_transfer",
    says="a pipeline that is held offers the same transfer again",
    holds="!waits || (transfer && !starting)",
)
STARTS_EMPTY = Assumption(
    name="starts_empty",
    says="a frame starts when the one before is out",
    holds="!starting || (!transfer && !busy)",
)


def enough_pairs(schedule: Schedule) -> Assumption:
    """Return the assumption that a frame has no more pairs of groups than its outputs need."""
    return Assumption(
        name="enough_pairs",
        says="a frame has no more pairs of groups than its outputs need",
        holds=f"!transfer || sent + (busy ? pair_left : 0) < {schedule.frame_words}",
    )


def counted_words(modules: dict[str, Module], schedule: Schedule) -> str:
    """Return what the harness counts: `offers`, words `taken` of the pair and `sent` of the frame; `waits`."""
    widths = port_widths(modules[f"{MODULE}output"])
    last, words = schedule.pair_words - 1, schedule.frame_words
    return f"""
    wire takes = busy && logits_ready;
    reg offers = 0, waits = 0;
    reg [{widths["position"]}:0] taken = 0;
    reg [{widths["word"]}:0] sent = 0;
    wire ends = taken == {last} || sent == {words - 1};
    wire [{widths["position"]}:0] pair_left = {last + 1} - taken < {words} - sent ? {last + 1} - taken : {words} - sent;
    always @(posedge clk) begin
        waits <= !reset && hold;
        if (reset || starting) sent <= 0;
        else if (takes) sent <= sent + 1;
        if (reset) begin
            offers <= 0;
            taken <= 0;
        end else if (transfer && !hold) begin
            offers <= 1;
            taken <= 0;
        end else if (takes) begin
            offers <= !ends;
            taken <= ends ? 0 : taken + 1;
        end
    end
"""


def counts_agree(schedule: Schedule) -> str:
    """Return the assertions that what the output block counts is what the harness counts."""
    last, words = schedule.pair_words - 1, schedule.frame_words
    return f"""        assert (busy == offers);                                // none lost, none invented
        assert (position == (busy ? taken : 0) && taken <= {last});
        assert (!busy || sent < {words});
        assert (sent <= {words} && word == (sent == {words} ? {words - 1} : sent));
        assert (finished == (takes && sent == {words - 1}));
        assert (hold == (transfer && busy && !(takes && ends)));
"""


def _logit(schedule: Schedule, source: str, at: str) -> list[str]:
    """Return the bits, lowest first, of logit `at` of a pair whose planes stand in `SOURCE0` and `SOURCE1`."""
    spec = schedule.specification
    return [
        "{"
        + ", ".join(f"{source}{pe_set}[{bit * spec.lanes} +: {spec.lanes}]" for pe_set in reversed(range(spec.pe_sets)))
        + f"}} >> ({at})"
        for bit in range(spec.logit_bits)
    ]


def gives_each_word_once(modules: dict[str, Module], schedule: Schedule) -> Property:
    """Under any stalls a frame's words are its pairs' words as transferred, each given once, in order."""
    spec = schedule.specification
    low = spec.lanes * spec.logit_bits
    words = schedule.frame_words
    sets = list(range(spec.pe_sets))
    columns = "".join(
        f"    wire [{len(sets) * spec.lanes - 1}:0] column{bit} = {shifted};\n"
        for bit, shifted in enumerate(_logit(schedule, "given", f"taken * {spec.logits_per_cycle}"))
    )
    keeps = "".join(
        f"    reg [{low - 1}:0] given{pe_set} = 0;\n"
        f"    always @(posedge clk) given{pe_set} <= reset ? 0 : transfer && !hold ? acc{pe_set} : given{pe_set};\n"
        for pe_set in sets
    )
    shown = ", ".join(
        f"column{bit}[{logit}]"
        for logit in reversed(range(spec.logits_per_cycle))
        for bit in reversed(range(spec.logit_bits))
    )
    enough = enough_pairs(schedule)
    body = (
        RESET
        + counted_words(modules, schedule)
        + SAME_TRANSFER.assumed
        + STARTS_EMPTY.assumed
        + enough.assumed
        + f"""
    // What was transferred, and bit b of each logit of it, the next one lowest.
{keeps}{columns}    always @* if (begun) begin
{counts_agree(schedule)}        assert (logits == (busy ? {{{shown}}} : 0));   // as transferred, each once, in order
        assert ({" && ".join(f"shadow{pe_set} == given{pe_set}" for pe_set in sets)});
    end
    always @* cover (begun && hold && takes && position == {min(1, schedule.pair_words - 2)});
"""
    )
    return Property(
        name="gives_each_word_once",
        says="under any stalls a frame's words are those of its pairs as transferred, each given once, in order, and "
        "the pipeline is held only where a transfer has no room",
        modules=chosen(modules, ("output",)),
        text=property_module(modules, ("output",), body),
        depth=1,
        mutants=(
            Mutant("output", "(transfer && busy && (!", "(transfer && busy && (0 && !"),
            Mutant("output", f"lane = (position * {spec.logits_per_cycle})", "lane = 0"),
            *([Mutant("output", "((position < 2))", "((position < 1))")] if spec.pe_sets == 2 else []),
            Mutant("output", "word <= (word + 1)", "word <= (word + 2)"),
            Mutant("output", "if (starting) begin", "if (0) begin"),
        ),
        assumes=(FIRST_RESET, SAME_TRANSFER, STARTS_EMPTY, enough),
    )


def keeps_the_first_greatest(modules: dict[str, Module], schedule: Schedule) -> Property:
    """The arg-max is the greatest of the logits taken so far in a frame, the first of equals."""
    spec = schedule.specification
    widths = port_widths(modules[f"{MODULE}output"])
    bits, number = spec.logit_bits, widths["best_index"]
    words, per_word = schedule.frame_words, spec.logits_per_cycle
    enough = enough_pairs(schedule)
    body = (
        RESET
        + counted_words(modules, schedule)
        + SAME_TRANSFER.assumed
        + STARTS_EMPTY.assumed
        + enough.assumed
        + f"""
    // Any one output stands for all of them: whether its logit was taken in this frame, and the logit.
    (* anyconst *) wire [{number - 1}:0] any;
    wire real_output = {{1'b0, any}} < {number + 1}'d{spec.outputs};
    wire now = takes && sent == any / {per_word};
    reg [{widths["word"]}:0] looked = 0;
    reg signed [{bits - 1}:0] value = 0;
    reg none = 1;
    always @(posedge clk)
        if (reset) begin
            none <= 1;
            looked <= 0;
        end else if (takes) begin
            none <= 0;
            looked <= sent + 1;
            if (now) value <= logits[(any % {per_word}) * {bits} +: {bits}];
        end
    wire seen = looked > any / {per_word};
    wire signed [{bits - 1}:0] greatest = best;
    always @* if (begun) begin
{counts_agree(schedule)}        assert (sent == 0 || looked == sent);
        assert (looked <= {words} && none == (looked == 0));
        // No other is greater, or as great and before it; it is one of them.
        assert (!(real_output && seen) || greatest > value || (greatest == value && best_index <= any));
        assert (none || {{1'b0, best_index}} < {number + 1}'d{spec.outputs});
        assert (none || any != best_index || (seen && greatest == value));
        assert (none || best_index / {per_word} < looked);
        assert (!none || (best == 0 && best_index == 0));
    end
    always @* cover (begun && looked == {words} && best_index == {min(1, spec.outputs - 1)} && seen && any == 0);
"""
    )
    return Property(
        name="keeps_the_first_greatest",
        says="best and best_index are the greatest logit taken so far in a frame and its output, the first of equals",
        modules=chosen(modules, ("output",)),
        text=property_module(modules, ("output",), body),
        depth=1,
        mutants=(
            Mutant("output", "(value > greatest)", "(value >= greatest)"),
            Mutant("output", "value = ((value - ", "value = ((value + "),
            Mutant("output", "fresh = (word == 0)", "fresh = 0"),
        ),
        assumes=(FIRST_RESET, SAME_TRANSFER, STARTS_EMPTY, enough),
    )
