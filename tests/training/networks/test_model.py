"""The quantised torch model computes golden's integers, spike for spike."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from golden.checkpoint import load_checkpoint, random_checkpoint
from golden.forward import forward_batch
from golden.specification import Specification
from training.networks.model import SpikingNetwork
from training.stages.export import export, load_network


def compare(checkpoint, utterances):
    """Return golden's results after asserting that torch's are equal, value for value."""
    network = load_network(checkpoint)
    starts = torch.from_numpy(np.concatenate([[0], np.cumsum([len(codes) for codes in utterances])]))
    with torch.no_grad():
        activity = network(torch.from_numpy(np.concatenate(utterances)), starts)
        logits = activity.logits - network.offset if checkpoint.host is None else None
    results = forward_batch(checkpoint, utterances)
    for layer, unit in enumerate(network.scales.unit):
        spikes = np.concatenate([result.spikes[layer] for result in results])
        membranes = np.concatenate([result.membranes[layer] for result in results])
        assert np.array_equal(activity.spikes[layer].numpy(), spikes)
        assert np.array_equal(activity.membranes[layer].numpy() * 2.0**-unit, membranes)
    integers = np.concatenate([result.logits for result in results])
    if logits is not None:
        assert np.array_equal(logits.numpy() * 2.0**-network.scales.fc, integers)
    else:
        expected = integers * 2.0**network.scales.fc + checkpoint.host.class_offset
        np.testing.assert_allclose(activity.logits.numpy(), expected, rtol=1e-5, atol=1e-4)
    return results


@given(st.data())
def test_small_networks_of_any_specification(data):
    draw = data.draw
    layers = draw(st.integers(1, 3))

    def each(strategy):
        return tuple(draw(strategy) for _ in range(layers))

    spec = Specification(
        inputs=draw(st.integers(1, 9)),
        layers=each(st.integers(1, 12)),
        recurrent=each(st.booleans()),
        outputs=draw(st.integers(1, 20)),
        time_steps=draw(st.integers(1, 2)),
        weight_bits=draw(st.sampled_from([4, 8])),
        input_shifts=each(st.integers(0, 3)),
        recurrent_shifts=each(st.integers(0, 3)),
        leaks=each(st.integers(1, 4)),
        thresholds=each(st.integers(1, 500)),
        membrane_bits=each(st.integers(10, 12)),
    )
    checkpoint = random_checkpoint(spec, seed=draw(st.integers(0, 99)))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    lengths = draw(st.lists(st.integers(1, 20), min_size=1, max_size=4))
    utterances = [rng.integers(-128, 128, (frames, spec.inputs)).astype(np.int8) for frames in lengths]
    compare(checkpoint, utterances)


@pytest.mark.parametrize("time_steps", [1, 2])
def test_membranes_that_saturate_at_both_ends(time_steps):
    spec = Specification(inputs=8, layers=(48, 48), outputs=5, membrane_bits=(11, 8), time_steps=time_steps)
    rng = np.random.default_rng(2)
    results = compare(random_checkpoint(spec, seed=2), [rng.integers(-128, 128, (200, 8)).astype(np.int8)])
    for layer, bits in enumerate(spec.membrane_bits):
        held = results[0].membranes[layer]
        assert held.min() == -(1 << (bits - 1))
        assert held.max() == (1 << (bits - 1)) - 1


@pytest.mark.parametrize("time_steps", [1, 2])
def test_the_shipped_network_on_real_speech(speech_paths, time_steps):
    from features.audio import read_audio
    from features.frontend import FrontEndSettings, batch_codes

    shipped = load_checkpoint()
    settings_ = FrontEndSettings.from_json(shipped.host.front_end)
    utterances = [batch_codes(read_audio(path), settings_) for path in speech_paths]
    if time_steps == 1:
        network = load_network(shipped)
        single = SpikingNetwork(shipped.specification.replace(time_steps=1))
        single.load_state_dict(network.state_dict())
        shipped = export(single, host=shipped.host)
    results = compare(shipped, utterances)
    rates = [np.mean([result.spikes[layer].mean() for result in results]) for layer in (0, 1)]
    assert all(0.02 < rate < 0.7 for rate in rates)


def test_float_mode_rounds_nothing():
    network = SpikingNetwork(Specification(inputs=4, layers=(8,), recurrent=(True,), outputs=3, input_shifts=(0,),
        recurrent_shifts=(4,), leaks=(1,), thresholds=(512,), membrane_bits=(16,)))  # fmt: skip
    assert torch.equal(network.weight("feed_forward"), network.feed_forward[0])
    assert network.constants(0).unit == 0.0
    network.quantised = True
    steps = network.weight("feed_forward") * 2.0 ** -network.scales.feed_forward[0]
    assert torch.equal(steps, steps.round())
    assert float(steps.detach().abs().max()) <= 8
    assert network.constants(0).unit == 2.0**-9


@settings(max_examples=5)
@given(st.integers(0, 1000))
def test_dropout_drops_its_share_of_what_leaves_a_layer(seed):
    spec = Specification(inputs=6, layers=(64, 64), outputs=3)
    network = SpikingNetwork(spec, seed=seed)
    codes, starts = torch.randint(-128, 128, (40, 6), dtype=torch.int8), torch.tensor([0, 40])
    generators = [torch.Generator().manual_seed(seed) for _ in range(2)]
    with torch.no_grad():
        first, again = (network(codes, starts, dropout=0.5, generator=generator) for generator in generators)
        without = network(codes, starts)
    assert torch.equal(first.logits, again.logits)
    assert torch.equal(first.spikes[0], without.spikes[0])
    assert not torch.equal(first.logits, without.logits)


@pytest.mark.parametrize("bits", [4, 8])
def test_clipped_weights_lie_in_the_range_of_their_integers(bits):
    network = SpikingNetwork(Specification(inputs=6, layers=(8, 8), outputs=3, weight_bits=bits), seed=1)
    with torch.no_grad():
        for weights in (*network.feed_forward, *network.recurrent, network.fc):
            weights.mul_(100)
    before = network.fc.detach().clone()
    network.clip_weights()
    low, high = network.spec.weight_range
    named = [(network.fc, network.scales.fc)]
    named += list(zip(network.feed_forward, network.scales.feed_forward, strict=True))
    named += list(zip(network.recurrent, network.scales.recurrent, strict=True))
    for weights, scale in named:
        integers = weights.detach() * 2.0**-scale
        assert (float(integers.min()), float(integers.max())) == (low, high)
    # A step of the FC is 2^-bits: weights lie in -1/2..1/2.
    inside = (before * 2**bits > low) & (before * 2**bits < high)
    assert torch.equal(network.fc.detach()[inside], before[inside])


@pytest.mark.parametrize("dropout", [-0.1, 1.0])
def test_a_dropout_out_of_its_range_is_refused(dropout):
    network = SpikingNetwork(Specification(inputs=6, layers=(8, 8), outputs=3))
    with pytest.raises(ValueError, match="dropout is"):
        network(torch.zeros(2, 6, dtype=torch.int8), torch.tensor([0, 2]), dropout=dropout)
