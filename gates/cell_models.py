"""Verilog models of standard cells, made from their functions; every name in them is an identifier, or escaped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from files.names import verilog_name
from gates.clock_gate import ClockGate
from gates.liberty_function import parse_function, verilog_of


class Modelled(Protocol):
    """What is known of a cell (`gates.liberty.Cell`)."""

    @property
    def name(self) -> str:
        """Of the module."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Input pins."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """Output pins."""

    @property
    def functions(self) -> Mapping[str, str]:
        """By output."""

    @property
    def flip_flop(self) -> Mapping[str, str]:
        """Attributes of the ``ff`` group, or nothing."""

    @property
    def clock_gate(self) -> ClockGate | None:
        """Pins, if it is one."""


def model_of(cell: Modelled) -> str:
    """Return a gate, flip-flop or clock gate as a Verilog module, without delays."""
    ports = [f"input {verilog_name(pin)}" for pin in cell.inputs]
    ports += [f"output {verilog_name(pin)}" for pin in cell.outputs]
    lines = [f"module {verilog_name(cell.name)} ({', '.join(ports)});"]
    if cell.flip_flop:
        lines += _flip_flop(cell)
    if cell.clock_gate:
        return "\n".join([*lines, *_clock_gate(cell, cell.clock_gate), "endmodule", ""])
    lines += [f"    assign {verilog_name(pin)} = {_written(text)};" for pin, text in cell.functions.items()]
    return "\n".join([*lines, "endmodule", ""])


def _written(function: str) -> str:
    return verilog_of(parse_function(function))


def _powered_up(state: str) -> list[str]:
    """Return how a state begins in simulation: as anything, and not unknown.

    A multiplexer of gates whose select is unknown is unknown even where both its data are equal, so a register that
    such a one resets would never be known; silicon's would.
    """
    return ["`ifndef SYNTHESIS", f"    initial {state} = $random;", "`endif"]


def _clock_gate(cell: Modelled, pins: ClockGate) -> list[str]:
    """Return a latch that is open while the clock is low, and an AND.

    No flip-flop behind it sees data of the edge that clocks it: from the clock to the gated clock there are only
    blocking and continuous assignments, which a simulator carries out before it gives any flip-flop of this edge, gated
    or not, its new value (non-blocking, as in `_flip_flop`). And the AND takes the latch's value of the low phase: an
    enable that changes after the edge finds the latch closed.
    """
    held = "held"
    while held in {cell.name, *cell.inputs, *cell.outputs}:
        held += "_"
    clock, enable, output = verilog_name(pins.clock), verilog_name(pins.enable), verilog_name(pins.output)
    test = "" if pins.test is None else f" | {verilog_name(pins.test)}"
    before, after = (test, "") if pins.test_is_held else ("", test)
    gate = f"({held}{after})" if after else held
    return [
        f"    reg {held};",
        *_powered_up(held),
        f"    always @* if (!{clock}) {held} = {enable}{before};",
        f"    assign {output} = {clock} & {gate};",
    ]


def _flip_flop(cell: Modelled) -> list[str]:
    flip_flop = cell.flip_flop
    states = flip_flop["states"].split()
    taken = {cell.name, *cell.inputs, *cell.outputs, *states}

    def own(name: str) -> str:
        # A pin may be called "clear", too.
        while name in taken:
            name += "_"
        taken.add(name)
        return name

    state = verilog_name(states[0])
    lines = [f"    reg {state};", *_powered_up(state)]
    edge = _written(flip_flop["clocked_on"])
    if edge not in {verilog_name(pin) for pin in cell.inputs}:
        clock = own("clocked_on")
        lines.append(f"    wire {clock} = {edge};")
        edge = clock
    events, body = [f"posedge {edge}"], f"{state} <= {_written(flip_flop['next_state'])};"
    forced = {}
    # The last is the strongest: what the state is while both are on.
    both = [("preset", 1), ("clear", 0)]
    for kind, value in both if flip_flop.get("clear_preset_var1", "L") == "L" else reversed(both):
        if kind in flip_flop:
            forced[kind] = own(kind)
            lines.append(f"    wire {forced[kind]} = {_written(flip_flop[kind])};")
            events.append(f"posedge {forced[kind]}")
            body = f"if ({forced[kind]}) {state} <= 1'b{value}; else {body}"
    lines.append(f"    always @({' or '.join(events)}) {body}")
    if len(states) > 1:
        inverse = f"~{state}"
        second = flip_flop.get("clear_preset_var2")
        if len(forced) == 2 and second is not None:
            inverse = f"({' & '.join(forced.values())}) ? 1'b{int(second == 'H')} : ~{state}"
        lines.append(f"    wire {verilog_name(states[1])} = {inverse};")
    return lines
