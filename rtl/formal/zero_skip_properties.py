"""The properties of the zero-skip unit: it finds the lowest one, and visits each one of a pass exactly once."""

from __future__ import annotations

from golden.schedule import Kind, Schedule
from rtl.formal.harness import (
    FIRST_RESET,
    RESET,
    Assumption,
    Mutant,
    Property,
    chosen,
    port_widths,
    property_module,
    table,
)
from rtl.netlist import MODULE, Module

# What `visits_each_one_once` and `keeps_a_pass` say with the same nets (`passes_over_entries`).
ONE_PASS = Assumption(
    name="one_pass",
    says="a pass over entries is at slot 0 until its first slot is taken, then at slot 1 until it has ended",
    holds="accumulates(issue_pass) ? issue_slot == later : !later",
)
SAME_VECTORS = Assumption(
    name="same_vectors",
    says="within a pass neither its number nor its vectors change",
    holds="!later || (vector == held && issue_pass == held_pass)",
)


def lowest_first(name: str, entries: int, bits: int) -> str:
    """Return nets that look a vector through by entries: `NAME_any`, `NAME_first` and what is left, `NAME_rest`."""
    return f"""
    reg {name}_any;
    reg [{bits - 1}:0] {name}_first;
    reg [{entries - 1}:0] {name}_rest;
    integer {name}_at;
    always @* begin
        {name}_any = 0;
        {name}_first = 0;
        {name}_rest = {name};
        for ({name}_at = 0; {name}_at < {entries}; {name}_at = {name}_at + 1)
            if ({name}[{name}_at] && !{name}_any) begin
                {name}_any = 1;
                {name}_first = {name}_at;
                {name}_rest[{name}_at] = 0;
            end
    end
"""


def passes_over_entries(modules: dict[str, Module], schedule: Schedule) -> str:
    """Return `vector`, the entries that the pass at ISSUE wants; `later`, it is begun; what it was as it began."""
    widths = port_widths(modules[f"{MODULE}zero_skip"])
    entries, bits = schedule.entries, widths["issue_pass"]
    counts = [step.entries if step.kind is Kind.ACCUMULATE else 0 for step in schedule.passes]
    wanted = (
        "plane0 | plane1 | spike0 | spike1"
        if schedule.specification.zero_skipping
        # Every entry is visited, whatever is in it.
        else f"~({{{entries}{{1'b1}}}} << entries(issue_pass))"
    )
    return (
        table("accumulates", "at", bits, [int(step.kind is Kind.ACCUMULATE) for step in schedule.passes])
        + table("entries", "at", bits, counts)
        + f"""
    wire [{entries - 1}:0] vector = {wanted};
    reg [{entries - 1}:0] held = 0;
    reg [{bits - 1}:0] held_pass = 0;
    reg later = 0;
    always @(posedge clk)
        if (reset) later <= 0;
        else if (step && accumulates(issue_pass)) begin
            later <= !skip_last;
            held <= vector;
            held_pass <= issue_pass;
        end
"""
    )


def visits_each_one_once(modules: dict[str, Module], schedule: Schedule) -> Property:
    """In a pass the zero-skip unit visits each entry with a one exactly once, and no other."""
    widths = port_widths(modules[f"{MODULE}zero_skip"])
    bits, entries = widths["index"], schedule.entries
    body = (
        RESET
        + passes_over_entries(modules, schedule)
        + ONE_PASS.assumed
        + SAME_VECTORS.assumed
        # `index` takes what is found at the edge: a solver sees it a cycle early as the lowest one that is left.
        + f"    wire [{entries - 1}:0] left = later ? pending : accumulates(issue_pass) ? vector : 0;"
        + lowest_first("left", entries, bits)
        + f"""
    // Any one entry stands for all of them.
    (* anyconst *) wire [{bits - 1}:0] entry;
    wire [{(1 << bits) - 1}:0] padded = vector, padded_pending = pending;
    reg seen = 0;
    wire here = step && found && left_first == entry;
    always @(posedge clk)
        if (reset) seen <= 0;
        else if (step && accumulates(issue_pass)) seen <= !skip_last && (seen || here);
    reg was_step = 0, was_found = 0;
    reg [{bits - 1}:0] was_index = 0;
    always @(posedge clk) begin
        was_step <= !reset && step;
        was_found <= found;
        was_index <= left_first;
    end
    always @* if (begun) begin
        assert (!here || padded[entry]);                                     // no other
        assert (!(here && seen));                                            // not twice
        assert (!(step && accumulates(issue_pass) && skip_last) || (seen || here) == padded[entry]);   // all of them
        assert (later ? padded_pending[entry] == (padded[entry] && !seen) : !seen);
        assert (!seen || padded[entry]);
        assert (!(was_step && was_found) || index == was_index);
        assert (found == (left != 0));
    end
    always @* cover (begun && later && seen && step && skip_last);
"""
    )
    return Property(
        name="visits_each_one_once",
        says="the zero-skip unit visits each entry with a one (without zero-skipping, each) once a pass, and no other",
        modules=chosen(modules, ("zero_skip",)),
        text=property_module(modules, ("zero_skip",), body),
        depth=1,
        mutants=(Mutant("zero_skip", "pending <= (candidates ^ lowest)", "pending <= candidates"),),
        assumes=(FIRST_RESET, ONE_PASS, SAME_VECTORS),
    )


def finds_the_lowest_one(modules: dict[str, Module], schedule: Schedule) -> Property:
    """Each output of the zero-skip unit is what looking entry by entry gives, whatever pass, slot and vectors come."""
    widths = port_widths(modules[f"{MODULE}zero_skip"])
    bits, entries = widths["index"], schedule.entries
    signed = "negative" in widths
    sign = "        assert (negative == (left_any && padded_signs[left_first]));\n" if signed else ""
    body = (
        RESET
        + passes_over_entries(modules, schedule)
        + f"""
    wire [{entries - 1}:0] left = !accumulates(issue_pass) ? 0 : issue_slot == 0 ? vector : pending;"""
        + lowest_first("left", entries, bits)
        + f"""
    wire [{(1 << bits) - 1}:0] first_ones = plane0 | spike0, second_ones = plane1 | spike1;
{f"    wire [{(1 << bits) - 1}:0] padded_signs = signs;" if signed else ""}
    wire takes = step && accumulates(issue_pass);
    reg [{entries - 1}:0] expected_pending = 0;
    reg [{bits - 1}:0] expected_index = 0;
    always @(posedge clk) begin
        expected_pending <= reset ? 0 : takes ? left_rest : pending;
        expected_index <= reset ? 0 : takes && left_any ? left_first : index;
    end
    always @* if (begun) begin
        assert (found == left_any);
        assert (hit0 == (left_any && first_ones[left_first]));
        assert (hit1 == (left_any && second_ones[left_first]));
{sign}        assert (skip_last == (left_rest == 0));
        assert (pending == expected_pending && index == expected_index);
    end
    always @* cover (begun && takes && hit0 && !hit1 && issue_slot != 0 && left_first == {entries - 1});
"""
    )
    return Property(
        name="finds_the_lowest_one",
        says="what the zero-skip unit finds, hits and keeps is what looking entry by entry gives, in any pass and slot",
        modules=chosen(modules, ("zero_skip",)),
        text=property_module(modules, ("zero_skip",), body),
        depth=1,
        mutants=(
            Mutant("zero_skip", "hit1 = ((vector1 & lowest) != 0)", "hit1 = (vector1 != 0)"),
            Mutant(
                "zero_skip", "skip_last = ((candidates ^ lowest) == 0)", "skip_last = (candidates == lowest && hit0)"
            ),
        ),
    )
