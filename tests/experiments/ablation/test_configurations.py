"""The configurations: what each changes, and the paper's arithmetic where all weights are visited."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from experiments.ablation.configurations import PAPER_DENSE, SHIPPED, TRAINED, cumulative, one_at_a_time
from golden.checkpoint import Checkpoint
from golden.cycles import count_frames, mmac_per_second
from golden.forward import forward
from golden.specification import Specification


def changes(before: Specification, after: Specification) -> set[str]:
    fields = before.to_json()
    return {name for name, value in after.to_json().items() if value != fields[name]}


def test_one_at_a_time_each_changes_what_it_is_named_for(network: Checkpoint):
    made = {each.name: each.make(network) for each in one_at_a_time()}
    shipped = network.specification
    membranes = {"weight_bits", "thresholds", "membrane_bits"}
    assert {name: changes(shipped, each.specification) for name, each in made.items()} == {
        SHIPPED: set(),
        "no structured pruning": {"layers"},
        "no FC pruning, no gating": {"zero_weight_gating"},
        "no gating of zero weights": {"zero_weight_gating"},
        "8-bit weights": membranes,
        "16-bit weights": membranes,
        "no zero-skipping": {"zero_skipping"},
        "no merged spike": {"merged_spike"},
        "serial time steps": {"parallel_time_steps"},
        "one time step": {"time_steps"},
        "one PE set": {"pe_sets", "parallel_time_steps"},
        "sign and magnitude": {"plane_coding"},
    }
    for each in one_at_a_time():
        weights = made[each.name]
        same = weights.fc.shape == network.fc.shape and np.array_equal(weights.fc, network.fc)
        # Who reads the table sees which weights are not the trained ones.
        assert (each.basis == TRAINED) == (same and weights.specification.time_steps == 2)


def test_the_series_ends_at_the_shipped_design_and_takes_a_step_at_a_time(network: Checkpoint):
    made = [each.make(network) for each in cumulative()]
    assert made[-1].specification == network.specification
    assert np.array_equal(made[-1].fc, network.fc)
    membranes = {"weight_bits", "thresholds", "membrane_bits"}
    specifications = [each.specification for each in made]
    assert [changes(*pair) for pair in pairwise(specifications)] == [
        {"layers"}, {"zero_weight_gating"}, membranes, membranes, {"merged_spike"}, {"zero_skipping"},
        {"parallel_time_steps"},
    ]  # fmt: skip


def test_where_all_is_visited_the_work_is_the_paper_s_arithmetic(network: Checkpoint):
    codes = np.zeros((2, 40), dtype=np.int8)

    def work(which: int) -> float:
        each = list(cumulative())[which].make(network)
        counts = count_frames(each, codes, forward(each, codes).spikes)
        return mmac_per_second(each.specification, counts.macs)

    given = [each.paper_mmac_per_second for each in cumulative()]
    assert work(0) == pytest.approx(PAPER_DENSE) == pytest.approx(given[0])
    assert work(1) == pytest.approx(63.0784) == pytest.approx(given[1])
    # The paper prunes 40 % of the FC; of ours 41.3 % are zero after rounding.
    zeros = np.count_nonzero(network.fc == 0) - 0.4 * network.fc.size
    assert given[2] is not None
    assert work(2) == pytest.approx(given[2] - 2 * zeros * 100 / 1e6)
    assert given[5] is not None
    assert work(5) == pytest.approx(given[5] - zeros * 100 / 1e6)
