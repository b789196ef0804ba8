"""Activity by net, clocks included, against loops over cells and cycles."""

from __future__ import annotations

import numpy as np
import pytest

from gates.evaluation import Evaluator
from gates.net_activity import net_activity
from gates.operations import compile_netlist
from tests.gates.random_netlists import enables, random_netlist, run
from tests.gates.test_evaluation import load


@pytest.mark.parametrize("seed", range(4))
def test_activity_of_every_net_is_that_of_loops(gated_library, seed):
    netlist = random_netlist(gated_library, seed)
    inputs = np.random.default_rng(seed).integers(0, 2, size=(200, 3))
    values, states = run(netlist, inputs)
    evaluator = Evaluator(compile_netlist(netlist))
    load(evaluator, netlist, inputs, states)
    evaluator.settle(200, first=True)
    found = net_activity(evaluator.operations, evaluator.counts)
    assert found.cycles == 200
    assert found.annotated.all()
    for net in range(netlist.nets):
        if all(net in now for now in values):
            expected = np.array([now[net] for now in values])
            assert found.toggles[net] == np.count_nonzero(expected[1:] != expected[:-1])
            assert found.highs[net] == np.count_nonzero(expected)
    comes = [enables(netlist, now) for now in values]
    clock = netlist.inputs["clk"][0]
    assert (found.toggles[clock], found.highs[clock]) == (400, 100)
    for net in comes[0]:
        times = sum(now[net] for now in comes)
        assert (found.toggles[net], found.highs[net]) == (2 * times, times / 2)
