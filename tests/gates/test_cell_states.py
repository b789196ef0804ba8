"""Joint states of cells against loops over cells and cycles, in one block and in blocks that overlap."""

from __future__ import annotations

import numpy as np
import pytest

from gates.cell_states import CAME, ENABLE, CellStates
from gates.errors import NetlistError
from gates.evaluation import Evaluator
from gates.netlist import HIGH, GateNetlist, read_netlist
from gates.operations import compile_netlist
from tests.gates.random_netlists import enables, random_module, random_netlist, run
from tests.gates.test_evaluation import load


def counts_by_loops(netlist: GateNetlist, values: list, states: list, cycles: range) -> list[np.ndarray]:
    """Return the counts of each kind, from values and states cycle by cycle."""
    found = []
    flops = netlist.flip_flops
    for kind in CellStates(netlist).kinds:
        counts = np.zeros((len(kind.instances), kind.states), np.int64)
        for row, instance in enumerate(kind.instances.tolist()):
            nets = netlist.nets_of(instance)
            for cycle in cycles:
                now, before = values[cycle], values[max(0, cycle - 1)]
                number = 0
                for bit, name in enumerate(kind.variables):
                    if name == CAME:
                        high = comes(netlist, instance, before)
                    elif name == ENABLE:
                        high = comes(netlist, instance, now)
                    elif name in nets:
                        high = now[nets[name]]
                    else:
                        high = states[cycle][flops.index(instance)]
                    number |= int(high) << bit
                counts[row, number] += 1
        found.append(counts)
    return found


def comes(netlist: GateNetlist, instance: int, values: dict) -> bool:
    """Return whether a flip-flop's or clock gate's clock comes at the end of a cycle."""
    cell, nets = netlist.cell(instance), netlist.nets_of(instance)
    if cell.clock_gate is not None:
        return bool(values[nets[cell.clock_gate.enable]])
    return bool(enables(netlist, values).get(nets["CLK"], True))


@pytest.mark.parametrize("seed", range(3))
def test_counts_are_those_of_loops(gated_library, seed):
    netlist = random_netlist(gated_library, seed, gates=25)
    inputs = np.random.default_rng(seed).integers(0, 2, size=(150, 3))
    values, states = run(netlist, inputs)
    evaluator = Evaluator(compile_netlist(netlist))
    operations = evaluator.operations
    at_once, in_two = (CellStates(netlist, operations.net_slots, operations.net_inverted) for _ in range(2))
    load(evaluator, netlist, inputs, states)
    evaluator.settle(150, first=True)
    at_once.add(evaluator.values, 150, first=True)
    for got, expected in zip(at_once.counts, counts_by_loops(netlist, values, states, range(150)), strict=True):
        assert np.array_equal(got, expected)
    assert at_once.cycles == 150
    for probabilities in at_once.probabilities():
        assert probabilities.sum(axis=1) == pytest.approx(1)
    load(evaluator, netlist, inputs[:70], states[:70])
    evaluator.settle(70, first=True)
    in_two.add(evaluator.values, 70, first=True)
    load(evaluator, netlist, inputs[69:], states[69:])
    evaluator.settle(81)
    in_two.add(evaluator.values, 81)
    for got, expected in zip(in_two.counts, at_once.counts, strict=True):
        assert np.array_equal(got, expected)
    in_two += at_once
    assert in_two.cycles == 300


def test_a_test_pin_that_is_not_tied_is_refused(gated_library):
    module = random_module(gated_library, np.random.default_rng(0))
    module["cells"]["gate"]["connections"]["TE"] = [3]
    with pytest.raises(NetlistError, match="test pin of a clock gate is not tied low"):
        CellStates(read_netlist(module, gated_library))


def test_pins_that_are_tied_are_never_elsewhere(gated_library):
    # A NAND with B high and a flip-flop whose D is low and whose Q leads nowhere: their states are those alone.
    module = {
        "ports": {"a": {"direction": "input", "bits": [2]}, "clk": {"direction": "input", "bits": [3]}},
        "netnames": {"a": {"bits": [2]}, "clk": {"bits": [3]}},
        "cells": {
            "u": {"type": "NAND2X1", "connections": {"A": [2], "B": ["1"], "Y": [4]}},
            "v": {"type": "DFFPOSX1", "connections": {"CLK": [3], "D": ["0"]}},
        },
    }
    netlist = read_netlist(module, gated_library)
    states = CellStates(netlist)
    values = np.zeros((netlist.nets, 1), np.uint64)
    values[HIGH] = ~np.uint64(0)
    values[netlist.wires["a"][0]] = np.uint64(0b0110)
    states.add(values, 4, first=True)
    found = {kind.cell.name: (kind, counts[0]) for kind, counts in zip(states.kinds, states.counts, strict=True)}
    nand, counts = found["NAND2X1"]
    assert {tuple(sorted(at.items())): int(counts[number]) for number, at in by_state(nand) if counts[number]} == {
        (("A", False), ("B", True)): 2,
        (("A", True), ("B", True)): 2,
    }
    flip_flop, counts = found["DFFPOSX1"]
    (only,) = np.flatnonzero(counts)
    # Its clock has no gate, so it comes in every cycle, and came before the first.
    assert [name for name in flip_flop.variables if flip_flop.values[name][only]] == [ENABLE, CAME]
    assert counts[only] == 4


def by_state(kind):
    """Yield each state's number, and its variables' values."""
    for number in range(kind.states):
        yield number, {name: bool(kind.values[name][number]) for name in kind.variables}
