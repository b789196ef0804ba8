"""Words of cycles against loops over cells and cycles: values, toggles, highs, next states."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gates.evaluation import CYCLES, WORDS, Evaluator, transposed
from gates.netlist import GateNetlist
from gates.operations import compile_netlist
from tests.gates.random_netlists import enables, random_netlist, run


def load(evaluator: Evaluator, netlist: GateNetlist, inputs: np.ndarray, states: list[list[bool]]) -> None:
    """Write a block's states and sources."""
    rows = [*inputs.T.tolist(), *np.array(states).T.tolist()]
    padded = np.zeros((len(rows), CYCLES), np.uint8)
    padded[:, : len(inputs)] = rows
    planes = np.packbits(padded, axis=1, bitorder="little").view(np.uint64)
    operations = evaluator.operations
    nets = [*netlist.inputs["given"], netlist.wires["row"][0]]
    loads = [(operations.net_slots[net], at, 0) for at, net in enumerate(nets) if operations.net_slots[net] >= 0]
    loads += [(flip_flop.state, 3 + at, 0) for at, flip_flop in enumerate(operations.flip_flops)]
    evaluator.load(planes, np.array(loads, np.int32))


@pytest.mark.parametrize("cycles", [1, 2, 64, 65, CYCLES])
@pytest.mark.parametrize("every_gate", [False, True])
def test_values_and_counts_are_those_of_loops(gated_library, cycles, every_gate):
    netlist = random_netlist(gated_library, 7)
    inputs = np.random.default_rng(cycles).integers(0, 2, size=(cycles, 3))
    values, states = run(netlist, inputs)
    evaluator = Evaluator(compile_netlist(netlist, every_gate=every_gate))
    load(evaluator, netlist, inputs, states)
    evaluator.settle(cycles, first=True)
    assert evaluator.difference(cycles) is None
    operations, counts = evaluator.operations, evaluator.counts
    assert counts.cycles == cycles
    for net in range(2, netlist.nets):
        slot = operations.net_slots[net]
        if slot < 0:
            continue
        expected = np.array([now[net] for now in values])
        got = np.unpackbits(evaluator.values[slot].view(np.uint8), bitorder="little")[:cycles].astype(bool)
        assert np.array_equal(got ^ operations.net_inverted[net], expected)
        assert counts.toggles[slot] == np.count_nonzero(expected[1:] != expected[:-1])
        highs = cycles - counts.highs[slot] if operations.net_inverted[net] else counts.highs[slot]
        assert highs == np.count_nonzero(expected)
    for net, (slot, inverted) in operations.gated_clocks.items():
        got = np.unpackbits(evaluator.values[slot].view(np.uint8), bitorder="little")[:cycles].astype(bool)
        assert (got ^ inverted).tolist() == [enables(netlist, now)[net] for now in values]


@given(st.integers(0, 10_000), st.integers(2, 40), st.integers(2, 40))
@settings(max_examples=25, deadline=None)
def test_blocks_that_overlap_count_each_change_once(gated_library, seed, first, second):
    netlist = random_netlist(gated_library, seed, gates=15)
    inputs = np.random.default_rng(seed).integers(0, 2, size=(first + second - 1, 3))
    _, states = run(netlist, inputs)
    operations = compile_netlist(netlist)
    at_once, in_two = Evaluator(operations), Evaluator(operations)
    load(at_once, netlist, inputs, states)
    at_once.settle(len(inputs), first=True)
    load(in_two, netlist, inputs[:first], states[:first])
    in_two.settle(first, first=True)
    load(in_two, netlist, inputs[first - 1 :], states[first - 1 :])
    in_two.settle(second)
    # Slot 0 and those inside cells say nothing.
    slots = operations.net_slots[operations.net_slots > 0]
    assert np.array_equal(at_once.counts.toggles[slots], in_two.counts.toggles[slots])
    assert np.array_equal(at_once.counts.highs[slots], in_two.counts.highs[slots])
    assert at_once.counts.cycles == in_two.counts.cycles


@given(st.integers(0, 10_000), st.integers(0, 5), st.integers(1, 99))
@settings(max_examples=25, deadline=None)
def test_a_state_that_was_given_wrong_is_found(gated_library, seed, which, cycle):
    netlist = random_netlist(gated_library, seed, gates=15)
    inputs = np.random.default_rng(seed).integers(0, 2, size=(100, 3))
    _, states = run(netlist, inputs)
    states = [list(row) for row in states]
    states[cycle][which] = not states[cycle][which]
    evaluator = Evaluator(compile_netlist(netlist))
    load(evaluator, netlist, inputs, states)
    evaluator.settle(100, first=True)
    found = evaluator.difference(100)
    assert found is not None
    assert (found.flip_flop, found.cycle) == (which, cycle - 1)
    assert (found.expected, found.got) == (int(states[cycle][which]), int(not states[cycle][which]))


def test_ports_that_differ_are_found():
    evaluator = Evaluator.__new__(Evaluator)
    evaluator.values = np.zeros((3, WORDS), np.uint64)
    planes = np.zeros((2, WORDS), np.uint64)
    evaluator.values[2, 1] = 1 << 5
    assert evaluator.unequal(planes, np.array([[1, 0, 0]], np.int32), CYCLES) is None
    assert evaluator.unequal(planes, np.array([[1, 0, 0], [2, 1, 0]], np.int32), CYCLES) == (1, 69)
    assert evaluator.unequal(planes, np.array([[2, 1, 0]], np.int32), 69) is None
    assert evaluator.unequal(planes, np.array([[1, 0, 1]], np.int32), CYCLES) == (0, 0)


@given(st.integers(1, CYCLES), st.integers(1, 5), st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_transposed_records_are_those_of_numpy(cycles, words, seed):
    records = np.random.default_rng(seed).integers(0, 1 << 64, size=(cycles, words), dtype=np.uint64)
    planes = np.ones((64 * words, WORDS), np.uint64)
    transposed(records, planes)
    bits = np.unpackbits(records.view(np.uint8), axis=1, bitorder="little").T
    found = np.unpackbits(planes.view(np.uint8), axis=1, bitorder="little")
    assert np.array_equal(found[:, :cycles], bits)
    assert not found[:, cycles:].any()
