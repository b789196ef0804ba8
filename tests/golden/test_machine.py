"""Sizes of the machine's arrays, as its docstring gives them; what they hold is compared in `test_trace_kernel.py`."""

from __future__ import annotations

import pytest
from hypothesis import given

from golden.checkpoint import random_checkpoint
from golden.layout import build_layout
from golden.machine import build_machine
from golden.specification import Specification
from tests.golden.specifications import specifications


@given(specifications())
def test_every_array_has_the_shape_that_is_documented(spec: Specification) -> None:
    machine = build_machine(random_checkpoint(spec, seed=1))
    layers = len(spec.layers)
    words = sum(1 for lane in range(spec.lanes) if lane % 64 == 0)
    tiles = sum(sum(1 for neuron in range(width) if neuron % spec.lanes == 0) for width in spec.layers)
    longest = max(spec.inputs, *spec.layers)
    assert machine.rows.shape == (2, spec.lanes)
    assert machine.row_nonzero.shape == (2, words)
    assert machine.acc.shape == machine.shadow.shape == (2, 64 * words)
    assert machine.membranes.shape == (tiles, 64 * words)
    assert machine.spikes.shape == (layers, 2, spec.time_steps, max(spec.layers))
    assert machine.spike_words.shape == (layers, 2, spec.time_steps)
    # A last layer of one neuron has the longest vector at the inputs or before it.
    assert machine.vectors.shape == (2, longest)
    assert machine.visits.shape == (longest,)


@pytest.mark.parametrize("budget_hz", [100_000.0, 1_000_000.0])
def test_the_counter_of_cycles_stops_at_all_ones(budget_hz: float) -> None:
    spec = Specification(clock_hz=budget_hz)
    width = build_layout(spec)["controller.frame_cycles"].width
    machine = build_machine(random_checkpoint(spec, seed=1))
    assert machine.sizes["most_cycles"].tolist() == [int("1" * width, 2)]
