"""Every network learns from every batch, and its times are its own."""

import numpy as np
import pytest
import torch

from training.networks.baselines import RecurrentBaseline
from training.stages import timing


def test_the_shortest_of_each_networks_turns_counts(monkeypatch):
    rng = np.random.default_rng(1)
    batches = [(rng.integers(-9, 9, (9, 3)).astype(np.int8), np.arange(9) % 2, np.array([0, 4, 9])) for _ in range(2)]
    networks = {name: RecurrentBaseline("gru", inputs=3, width=4, outputs=2) for name in ("a", "b")}
    before = networks["a"].fc.weight.detach().clone()
    # Turns: a and b once for nothing, then (a, b) at each of two batches, three times over.
    lasts = [50, 60, *(1, 20, 3, 40), *(7, 10, 2, 50), *(5, 30, 9, 60)]
    clock = iter(np.cumsum([step for last in lasts for step in (1000, last)]).tolist())
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(clock))
    seconds = timing.seconds_by_batch(networks, batches)
    assert {name: times.tolist() for name, times in seconds.items()} == {"a": [1, 2], "b": [10, 40]}
    assert next(clock, None) is None
    assert not torch.equal(networks["a"].fc.weight, before)


@pytest.mark.parametrize("count", [1, 2])
def test_threads_are_set(count):
    before = torch.get_num_threads()
    try:
        timing.use_threads(count)
        assert torch.get_num_threads() == count
    finally:
        timing.use_threads(before)
