"""Random netlists of gates, flip-flops and a clock gate, and what they do by loops over cells and cycles."""

from __future__ import annotations

from typing import Any

import numpy as np

from gates.liberty import Library
from gates.liberty_function import evaluate, parse_function
from gates.netlist import GateNetlist, read_netlist

CLOCK = "clk"


def random_module(library: Library, rng: np.random.Generator, *, gates: int = 40, registers: int = 6) -> dict[str, Any]:
    """Return a module as Yosys' JSON has it: two ports in, a memory's output, registers, half of them gated."""
    names = sorted(
        name
        for name, cell in library.cells.items()
        if cell.usable and not cell.flip_flop and not cell.clock_gate and cell.outputs and len(cell.inputs) > 0
    )
    clock, free, gated = 2, [3, 4, 5], 6
    nets: list[Any] = [*free, *range(7, 7 + registers)]
    cells: dict[str, Any] = {"ram": {"type": "memory", "connections": {"row": [5], "address": [nets[-1]]}}}
    following = 7 + registers
    for at in range(gates):
        cell = library.cells[names[int(rng.integers(len(names)))]]
        connections = {pin: [int(rng.choice(nets)) if rng.random() > 0.05 else "1"] for pin in cell.inputs}
        for pin in cell.outputs:
            connections[pin] = [following]
            following += 1
        nets += [connections[pin][0] for pin in cell.outputs]
        cells[f"part.u{at}"] = {"type": cell.name, "connections": connections}
    data = [int(net) for net in rng.permutation(nets)]
    gate = library.clock_gate
    assert gate is not None
    assert gate.clock_gate is not None
    pins = gate.clock_gate
    connections = {pins.clock: [clock], pins.enable: [data[0]], pins.output: [gated]}
    if pins.test is not None:
        connections[pins.test] = ["0"]
    cells["gate"] = {"type": gate.name, "connections": connections}
    for at in range(registers):
        which = gated if at % 2 else clock
        pins_of = {"CLK": [which], "D": [data[at % len(data)]], "Q": [7 + at]}
        cells[f"r{at}"] = {"type": "DFFPOSX1", "connections": pins_of}
    ports = {
        CLOCK: {"direction": "input", "bits": [clock]},
        "given": {"direction": "input", "bits": [3, 4]},
        "out": {"direction": "output", "bits": [nets[-1]]},
    }
    netnames = {CLOCK: {"bits": [clock]}, "given": {"bits": [3, 4]}, "row": {"bits": [5]}}
    netnames |= {f"q{at}": {"bits": [7 + at]} for at in range(registers)}
    return {"ports": ports, "cells": cells, "netnames": netnames}


def gates_of(netlist: GateNetlist) -> list[int]:
    """Return the instances that have no memory."""
    return [at for at in range(len(netlist.names)) if not (netlist.cell(at).flip_flop or netlist.cell(at).clock_gate)]


def settled(netlist: GateNetlist, given: dict[int, bool]) -> dict[int, bool]:
    """Return the value of each net of gates, for values of ports, memories and registers' outputs."""
    values = {0: False, 1: True} | given
    waiting = gates_of(netlist)
    while waiting:
        left = []
        for at in waiting:
            cell, nets = netlist.cell(at), netlist.nets_of(at)
            if all(nets[pin] in values for pin in cell.inputs):
                inputs = {pin: values[nets[pin]] for pin in cell.inputs}
                for pin in cell.outputs:
                    values[nets[pin]] = evaluate(parse_function(cell.functions[pin]), inputs)
            else:
                left.append(at)
        assert len(left) < len(waiting)
        waiting = left
    return values


def enables(netlist: GateNetlist, values: dict[int, bool]) -> dict[int, bool]:
    """Return whether the clock of each gated clock's net comes."""
    found = {}
    for at in netlist.clock_gates:
        pins, nets = netlist.cell(at).clock_gate, netlist.nets_of(at)
        assert pins is not None
        found[nets[pins.output]] = values[nets[pins.enable]]
    return found


def run(netlist: GateNetlist, inputs: np.ndarray) -> tuple[list[dict[int, bool]], list[list[bool]]]:
    """Return settled values and states, cycle by cycle, for values of the ports and the memory [shape=(cycles, 3)]."""
    flops = netlist.flip_flops
    states = [False] * len(flops)
    nets = [*netlist.inputs["given"], netlist.wires["row"][0]]
    values, all_states = [], []
    for row in inputs.tolist():
        given = dict(zip(nets, map(bool, row), strict=True))
        given |= {netlist.nets_of(at)["Q"]: state for at, state in zip(flops, states, strict=True)}
        now = settled(netlist, given)
        values.append(now)
        all_states.append(states)
        comes = enables(netlist, now)
        states = [
            now[netlist.nets_of(at)["D"]] if comes.get(netlist.nets_of(at)["CLK"], True) else state
            for at, state in zip(flops, states, strict=True)
        ]
    return values, all_states


def random_netlist(library: Library, seed: int, **sizes: int) -> GateNetlist:
    """Return a random netlist."""
    return read_netlist(random_module(library, np.random.default_rng(seed), **sizes), library)
