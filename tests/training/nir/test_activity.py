"""Neurons that never fire, or always: bounds against every input there is, and networks in the wrong units."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from golden.checkpoint import random_checkpoint
from golden.forward import forward
from golden.specification import Specification
from tests.training.nir_chains import chain, lif
from training.nir.activity import bounds, doubts
from training.nir.exporting import to_nir
from training.nir.importing import from_nir
from training.nir.settings import ImportSettings


def specification(**changes):
    fields = {
        "inputs": 2, "input_bits": 2, "layers": (3,), "recurrent": (False,), "outputs": 2, "time_steps": 1,
        "input_shifts": (0,), "recurrent_shifts": (0,), "leaks": (1,), "thresholds": (20,), "membrane_bits": (16,),
    }  # fmt: skip
    return Specification(**(fields | changes))


@settings(max_examples=20)
@given(st.integers(0, 1 << 30), st.integers(1, 60), st.integers(1, 3), st.integers(0, 2))
def test_without_recurrence_the_bounds_are_exact(seed, theta, leak, shift):
    spec = specification(thresholds=(theta,), leaks=(leak,), input_shifts=(shift,))
    checkpoint = random_checkpoint(spec, seed=seed)
    ((never, always, reach),) = bounds(checkpoint)
    # The best constant input of each neuron, until its membrane stands still.
    fired, highest = np.zeros(3, bool), 0
    quiet = np.zeros(3, bool)
    for codes in itertools.product(range(-2, 2), repeat=2):
        stream = np.tile(np.array(codes), (90, 1))
        result = forward(checkpoint, stream)
        fired |= result.spikes[0].any(axis=(0, 1))
        quiet |= ~result.spikes[0].all(axis=(0, 1))
        silent = dataclasses.replace(checkpoint, specification=spec.replace(thresholds=((1 << 15) - 1,)))
        highest = max(highest, int(forward(silent, stream).membranes[0].max()))
    np.testing.assert_array_equal(never, ~fired)
    np.testing.assert_array_equal(always, ~quiet)
    assert reach == highest


@settings(max_examples=40)
@given(st.integers(0, 1 << 30), st.integers(1, 2), st.integers(1, 400), st.integers(1, 400), st.integers(1, 4))
def test_no_input_leaves_the_bounds(seed, steps, first, second, leak):
    spec = specification(
        inputs=3, input_bits=4, layers=(5, 4), recurrent=(True, True), time_steps=steps, input_shifts=(0, 1),
        recurrent_shifts=(1, 0), leaks=(leak, 1), thresholds=(first, second), membrane_bits=(16, 12),
    )  # fmt: skip
    checkpoint = random_checkpoint(spec, seed=seed)
    codes = np.random.default_rng(seed).choice([-8, 7, 0], (60, 3))
    result = forward(checkpoint, codes)
    for (never, always, reach), spikes, membranes in zip(
        bounds(checkpoint), result.spikes, result.membranes, strict=True
    ):
        assert not spikes[:, :, never].any()
        assert spikes[:, :, always].all()
        assert membranes.max() <= reach


def test_what_always_or_never_fires_below_counts_above():
    spec = specification(layers=(2, 2), recurrent=(False, False), input_shifts=(0, 0), recurrent_shifts=(0, 0),
                         leaks=(1, 1), thresholds=(1, 5), membrane_bits=(16, 16))  # fmt: skip
    checkpoint = random_checkpoint(spec, seed=0)
    silent = dataclasses.replace(checkpoint, feed_forward=(np.zeros((2, 2), np.int8), np.full((2, 2), 7, np.int8)))
    (first, *_), (second, _, reach) = bounds(silent)
    assert first.all()
    assert second.all()
    assert reach == 0


def grave(graph, **given):
    return "\n".join(from_nir(graph, ImportSettings(leak_tolerance=0.9, **given)).warnings)


def test_a_plausible_network_raises_no_doubt():
    graph = chain()
    graph.nodes["lif"] = lif(4)
    assert grave(graph) == ""


def test_milliseconds_for_seconds_are_seen():
    graph = chain()
    graph.nodes["lif"] = lif(4, tau=np.full(4, 20.0), r=np.ones(4))
    warned = grave(graph)
    assert "layer 0 (node 'lif'): 4 of 4 neurons never fired in 300 frames of random codes, 2 of them" in warned
    assert "are tau and dt in one unit" in warned


def test_millivolts_beside_volts_are_seen():
    graph = chain()
    graph.nodes["lif"] = lif(4, v_threshold=np.full(4, 1000.0))
    assert "4 of them whatever comes (membranes reach at most 26.86, spikes need 1000);" in grave(graph)
    graph.nodes["lif"] = lif(4, r=np.full(4, 2000.0))
    graph.nodes["feed"].weight = np.abs(graph.nodes["feed"].weight) + 10
    graph.nodes["back"].weight = np.abs(graph.nodes["back"].weight)
    assert "layer 0 (node 'lif'): 4 of 4 neurons fired at every step in 300 frames" in grave(graph, input_bits=2)


def test_fewer_than_half_are_part_of_the_account():
    graph = chain()
    graph.nodes["feed"].weight[0] = 0
    graph.nodes["back"].weight[0] = 0
    imported = from_nir(graph)
    assert not imported.warnings
    assert any("layer 0 (node 'lif'): 1 of 4 neurons never fired" in line for line in imported.lost)


def test_our_own_network_is_looked_at_too():
    spec = specification(inputs=6, input_bits=4, layers=(9,), recurrent=(True,), thresholds=(8000,))
    imported = from_nir(to_nir(random_checkpoint(spec, seed=1)))
    assert imported.lost == ()
    assert "layer 0 (node 'layer0_neurons'): 9 of 9 neurons never fired" in "\n".join(imported.warnings)


def test_the_shipped_network_raises_no_grave_doubt(network):
    names = tuple(f"layer{layer}_neurons" for layer in range(2))
    assert not [doubt.sentence for doubt in doubts(network, names) if doubt.grave]


@pytest.mark.parametrize("bits", [2, 16])
def test_the_widest_weights_do_not_overflow(bits):
    spec = specification(inputs=4096, input_bits=16, weight_bits=16, layers=(2,), recurrent=(True,), leaks=(15,),
                         input_shifts=(16,), recurrent_shifts=(16,), membrane_bits=(32,))  # fmt: skip
    checkpoint = random_checkpoint(spec, seed=bits)
    full = dataclasses.replace(checkpoint, feed_forward=(np.full((4096, 2), -(1 << 15), np.int16),))
    ((never, always, reach),) = bounds(full)
    assert not never.any()
    assert not always.any()
    assert reach == (1 << 31) - 1
