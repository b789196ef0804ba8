"""Unit delays in words against a loop over steps, cycle by cycle."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from gates.evaluation import Evaluator
from gates.glitches import GlitchCounter, arrival_steps
from gates.liberty_function import evaluate, parse_function
from gates.netlist import GateNetlist, read_netlist
from gates.operations import compile_netlist
from tests.gates.random_netlists import gates_of, random_netlist, run
from tests.gates.test_evaluation import load
from tests.gates.test_operations import module


def changes_by_steps(netlist: GateNetlist, values: list[dict[int, bool]]) -> dict[int, int]:
    """Return each net's changes: all gates at once, from what their inputs were a step ago, until nothing changes."""
    gates = gates_of(netlist)
    driven = {net for at in gates for pin, net in netlist.nets_of(at).items() if pin in netlist.cell(at).outputs}
    changes: dict[int, int] = dict.fromkeys(values[0], 0)
    for before, after in itertools.pairwise(values):
        now = {net: before[net] if net in driven else after[net] for net in after}
        for net in now:
            changes[net] += now[net] != before[net]
        while True:
            following = dict(now)
            for at in gates:
                cell, nets = netlist.cell(at), netlist.nets_of(at)
                for pin in cell.outputs:
                    inputs = {name: now[nets[name]] for name in cell.inputs}
                    following[nets[pin]] = evaluate(parse_function(cell.functions[pin]), inputs)
            if following == now:
                break
            for net in now:
                changes[net] += now[net] != following[net]
            now = following
        assert now == after
    return changes


@pytest.mark.parametrize("seed", range(6))
def test_changes_are_those_of_a_loop_over_steps(gated_library, seed):
    netlist = random_netlist(gated_library, seed)
    inputs = np.random.default_rng(seed).integers(0, 2, size=(80, 3))
    values, states = run(netlist, inputs)
    operations = compile_netlist(netlist, every_gate=True)
    evaluator, glitches = Evaluator(operations), GlitchCounter(operations)
    load(evaluator, netlist, inputs, states)
    evaluator.settle(80, first=True)
    glitches.count(evaluator, 80, True)
    expected = changes_by_steps(netlist, values)
    got = {net: int(glitches.changes[operations.net_slots[net]]) for net in expected if operations.net_slots[net] > 0}
    assert got == {net: expected[net] for net in got}
    settled = sum(int(evaluator.counts.toggles[operations.net_slots[net]]) for net in got)
    assert sum(got.values()) >= settled > 0


def test_steps_are_the_lengths_of_all_ways(library):
    # a to u2 directly and through u0 and u1; an exclusive-or of a and itself inverted twice glitches once an edge.
    cells = {
        "u0": ("INVX1", {"A": 3, "Y": 10}),
        "u1": ("INVX1", {"A": 10, "Y": 11}),
        "u2": ("XOR2X1", {"A": 3, "B": 11, "Y": 12}),
    }
    netlist = read_netlist(module(**cells), library)
    operations = compile_netlist(netlist, every_gate=True)
    outputs = operations.writes[operations.gates[:, 1] - 1].tolist()
    steps = dict(zip(outputs, arrival_steps(operations)[:, 0].tolist(), strict=True))
    wanted = {10: 1 << 1, 11: 1 << 2, 12: 1 << 1 | 1 << 3}
    nets = dict(zip((10, 11, 12), (netlist.nets_of(at)["Y"] for at in range(3)), strict=True))
    assert {bit: steps[operations.net_slots[net]] for bit, net in nets.items()} == wanted
    evaluator, glitches = Evaluator(operations), GlitchCounter(operations)
    evaluator.values[operations.net_slots[netlist.inputs["a"][0]]] = np.uint64(0xAAAAAAAAAAAAAAAA)
    evaluator.settle(64, first=True)
    glitches.count(evaluator, 64, True)
    changes = {bit: int(glitches.changes[operations.net_slots[net]]) for bit, net in nets.items()}
    # 63 edges of a; the exclusive-or goes up and down at each.
    assert changes == {10: 63, 11: 63, 12: 126}
    assert evaluator.counts.toggles[operations.net_slots[nets[12]]] == 0
