"""The properties of what a pass looks at: vectors that stay, end with its entries, and lead to rows that exist."""

from __future__ import annotations

from golden.schedule import Kind, Schedule, State
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
from rtl.formal.zero_skip_properties import ONE_PASS, SAME_VECTORS, passes_over_entries
from rtl.netlist import MODULE, Module

VECTORS_IN_THEIR_PASS = Assumption(
    name="vectors_in_their_pass",
    says="a pass' vectors have no ones beyond its entries",
    holds="((plane0 | plane1 | spike0 | spike1) & beyond) == 0",
)
EMPTY_LANES = Assumption(
    name="empty_lanes",
    says="lanes without a neuron have sums of 0 as a tile's neurons are computed, since their weights are 0",
    holds="!firing || (sums & no_neuron(add_pass)) == 0",
    environment="who loads the weights: rows hold 0 in lanes without a neuron",
)


def entries_beyond(modules: dict[str, Module], schedule: Schedule) -> str:
    """Return `beyond`: the entries that the pass at ISSUE has not."""
    width = port_widths(modules[f"{MODULE}zero_skip"])["issue_pass"]
    entries = [step.entries if step.kind is Kind.ACCUMULATE else 0 for step in schedule.passes]
    most = schedule.entries
    beyond = f"    wire [{most - 1}:0] beyond = {{{most}{{1'b1}}}} << entries(issue_pass);\n"
    return table("entries", "at", width, entries) + beyond


def _lanes_without_a_neuron(schedule: Schedule, layer: int, tile: int) -> int:
    """Return the lanes of a tile that have no neuron, as bits."""
    spec = schedule.specification
    return (1 << spec.lanes) - (1 << min(spec.lanes, spec.layers[layer] - tile * spec.lanes))


def _spikes_without_a_neuron(schedule: Schedule) -> str:
    """Return the bits of the spike registers, by layer, time step and tile, that belong to no neuron."""
    spec, mask, at = schedule.specification, 0, 0
    for layer in range(len(spec.layers)):
        for _ in range(spec.time_steps):
            for tile in range(spec.tiles(layer)):
                mask |= _lanes_without_a_neuron(schedule, layer, tile) << at
                at += spec.lanes
    return f"{at}'h{mask:x}"


def _membranes_without_a_neuron(schedule: Schedule) -> str:
    """Return the bits of the membranes, by layer, tile and plane, that belong to no neuron."""
    spec, mask, at = schedule.specification, 0, 0
    for layer, bits in enumerate(spec.membrane_bits):
        for tile in range(spec.tiles(layer)):
            for _ in range(bits):
                mask |= _lanes_without_a_neuron(schedule, layer, tile) << at
                at += spec.lanes
    return f"{at}'h{mask:x}"


def serves_only_its_entries(modules: dict[str, Module], schedule: Schedule) -> Property:
    """Input buffer and spike registers give no one beyond the entries of a pass, whatever pass is asked for."""
    spec = schedule.specification
    names = ("input_buffer", "spikes", "neuron_unit")
    width = port_widths(modules[f"{MODULE}neuron_unit"])["add_pass"]
    computes = [int(step.kind is Kind.NEURONS) for step in schedule.passes]
    without = [
        _lanes_without_a_neuron(schedule, step.layer, step.tile) if step.kind is Kind.NEURONS else 0
        for step in schedule.passes
    ]
    planes = [
        f"acc{pe_set}[{bit * spec.lanes} +: {spec.lanes}]"
        for pe_set in range(spec.pe_sets)
        for bit in range(spec.accumulator_bits)
    ]
    body = (
        RESET
        + entries_beyond(modules, schedule)
        + table("computes", "at", width, computes)
        + table("no_neuron", "at", width, without)
        + f"""
    wire firing = add_valid && !hold && computes(add_pass) && add_slot < {schedule.neuron_steps};
    wire [{spec.lanes - 1}:0] sums = {" | ".join(planes)};
"""
        + EMPTY_LANES.assumed
        + VECTORS_IN_THEIR_PASS.asserted
        + f"""    always @* if (begun) begin
        assert ((membrane & {_membranes_without_a_neuron(schedule)}) == 0);
        assert (((spikes_now | spikes_last) & {_spikes_without_a_neuron(schedule)}) == 0);
    end
    always @* cover (begun && spike0 != 0);
"""
    )
    return Property(
        name="serves_only_its_entries",
        says="input buffer and spikes give a pass no ones beyond its entries, as lanes without a neuron never spike",
        modules=chosen(modules, names),
        text=property_module(modules, names, body),
        depth=1,
        mutants=(Mutant("neuron_unit", "fired = (reached & (~sign))", "fired = ~sign"),),
        assumes=(FIRST_RESET, EMPTY_LANES),
        discharges=(VECTORS_IN_THEIR_PASS,),
    )


def keeps_a_pass(modules: dict[str, Module], schedule: Schedule) -> Property:
    """While a pass over entries lasts, its slot says so, and neither its number nor what it looks at changes."""
    names = ("controller", "zero_skip", "input_buffer", "spikes", "neuron_unit")
    width = port_widths(modules[f"{MODULE}controller"])["issue_pass"]
    computes = [int(step.kind is Kind.NEURONS) for step in schedule.passes]
    run = int(State.RUN)
    stages = "".join(
        f"        assert (!({stage}_valid && computes({stage}_pass) && {stage}_slot < {schedule.neuron_steps})\n"
        f"            || (state == {run} && issue_pass == {stage}_pass && issue_slot == {stage}_slot + {behind}));\n"
        for behind, stage in enumerate(("read", "add"), 1)
    )
    body = (
        RESET
        + passes_over_entries(modules, schedule)
        + table("computes", "at", width, computes)
        + ONE_PASS.asserted
        + SAME_VECTORS.asserted
        + f"""    always @* if (begun) begin
        assert (!later || (state == {run} && accumulates(issue_pass)));
        // No spike is stored but while its own neuron pass drains.
{stages}    end
    always @* cover (begun && later && !hold && vector != 0);
"""
    )
    return Property(
        name="keeps_a_pass",
        says="while a pass over entries lasts, its slot says so, and neither its number nor its vectors change",
        modules=chosen(modules, names),
        text=property_module(modules, names, body, renamed={("input_buffer", "position"): "loaded"}),
        depth=1,
        mutants=(
            Mutant("controller", "issue_slot <= 1;", "issue_slot <= 0;"),
            Mutant("spikes", "else if (starting) begin", "else begin"),
        ),
        discharges=(ONE_PASS, SAME_VECTORS),
    )


def stays_inside_the_memories(modules: dict[str, Module], schedule: Schedule) -> Property:
    """No bank is read at an address that it does not have."""
    names = ("controller", "zero_skip", "row_fetch")
    depth0, depth1 = schedule.bank_depths
    count = len(schedule.passes)
    address = port_widths(modules[f"{MODULE}row_fetch"])["address"]
    body = (
        RESET
        + entries_beyond(modules, schedule)
        + VECTORS_IN_THEIR_PASS.assumed
        + f"""
    always @* if (begun) begin
        assert (!read[0] || {{1'b0, address}} < {address + 1}'d{depth0});
        assert (!read[1] || {{1'b0, address}} < {address + 1}'d{depth1});
        // What makes that so, for the induction.
        assert (issue_pass < {count} && read_pass < {count});
        assert (!read_visit || index < entries(read_pass));
        assert (issue_slot == 0 || entries(issue_pass) == 0 || (pending & beyond) == 0);
    end
    always @* cover (begun && read != 0 && index == {schedule.passes[0].entries - 1});
"""
    )
    return Property(
        name="stays_inside_the_memories",
        says="no bank is read at an address beyond its depth",
        modules=chosen(modules, names),
        text=property_module(modules, names, body),
        depth=2,
        mutants=(Mutant("row_fetch", "(base + $signed({1'b0, index}))", "(base + 20 + $signed({1'b0, index}))"),),
        assumes=(FIRST_RESET, VECTORS_IN_THEIR_PASS),
    )
