"""The property of reset: in whatever state and cycle it comes, all registers are 0 after it."""

from __future__ import annotations

from golden.layout import FREE, GATED, build_layout
from golden.schedule import Schedule
from rtl.formal.harness import Mutant, Property, chosen, property_module
from rtl.netlist import MODULE, Module

_BLOCKS = ("controller", "input_buffer", "spikes", "zero_skip", "neuron_unit", "output", "pe_array")
# What stands in the array of PEs.
_INSIDE = ("operation_decoder", "lane_gate", "sliced_adders", "pe_set")
# Ports that hold several of the record's registers.
_TOGETHER = {"membrane": "membrane", "this": "spikes_now", "last": "spikes_last"}


def clears_at_reset(modules: dict[str, Module], schedule: Schedule) -> Property:
    """After a reset in any cycle every register of the record is 0, so that what follows is as after the first."""
    registers = [field for field in build_layout(schedule.specification) if field.clock in (FREE, GATED)]
    ports = dict.fromkeys(
        next((port for start, port in _TOGETHER.items() if field.name.startswith(f"{start}0")), field.name)
        for field in registers
        if not field.name.startswith(("membrane", "this", "last")) or field.name.endswith("0_0")
    )
    inside = [name for name in _INSIDE if MODULE + name in modules]
    cleared = "\n".join(f"        assert ({port} == 0);" for port in ports)
    body = f"""
    reg was_reset = 0, was_busy = 0;
    always @(posedge clk) begin
        was_reset <= reset;
        was_busy <= state != 0 && pending != 0;
    end
    // In any state at all, so also in the middle of a frame.
    always @* if (was_reset) begin
{cleared}
    end
    always @* cover (was_reset && was_busy);
"""
    renamed = {("input_buffer", "position"): "loaded"}
    return Property(
        name="clears_at_reset",
        says="after a reset in any cycle, in any state, every register is 0",
        modules=chosen(modules, (*_BLOCKS, *inside)),
        text=property_module(modules, _BLOCKS, body, renamed=renamed),
        depth=1,
        mutants=(
            Mutant("zero_skip", "index <= 0;", ""),
            Mutant("output", "best_index <= 0;", ""),
            Mutant("controller", "add_slot <= 0;", ""),
        ),
        assumes=(),
    )
