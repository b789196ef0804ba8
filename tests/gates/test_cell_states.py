"""Joint states of cells against loops over cells and cycles, in one block and in blocks that overlap."""

from __future__ import annotations

import numpy as np
import pytest

from gates.cell_states import CAME, ENABLE, CellStates
from gates.errors import NetlistError
from gates.evaluation import Evaluator
from gates.netlist import GateNetlist, read_netlist
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
