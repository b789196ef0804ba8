"""Export and import, replication of the head, the host's tables."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from golden.checkpoint import Host, load_checkpoint, random_checkpoint, save_checkpoint
from golden.decoder import state_scores
from golden.forward import forward
from golden.specification import Specification
from training.networks.model import SpikingNetwork
from training.preparation.labels import PHONES
from training.stages.export import export, host_tables, load_network, replicate_head
from training.stages.prune import magnitude_mask

SMALL = Specification(inputs=5, layers=(12, 9), outputs=14)


def assert_same(ours, theirs):
    for name in ("feed_forward", "recurrent"):
        for mine, other in zip(getattr(ours, name), getattr(theirs, name), strict=True):
            assert (mine is None) == (other is None)
            assert mine is None or np.array_equal(mine, other)
    assert np.array_equal(ours.fc, theirs.fc)
    assert ours.specification == theirs.specification
    assert ours.fc_zeros == theirs.fc_zeros


@given(st.integers(0, 99), st.sampled_from([4, 8, 16]), st.booleans())
def test_importing_and_exporting_gives_the_same_integers(seed, bits, recurrent):
    checkpoint = random_checkpoint(SMALL.replace(weight_bits=bits, recurrent=(True, recurrent)), seed=seed)
    assert_same(export(load_network(checkpoint)), checkpoint)


@pytest.mark.parametrize(("held", "bits"), [(4, 2), (4, 3), (8, 6), (8, 8)])
def test_fewer_bits_than_the_hardware_holds_are_multiples_of_a_step(held, bits):
    finer = held - 4
    spec = SMALL.replace(
        weight_bits=held,
        thresholds=tuple(theta << finer for theta in SMALL.thresholds),
        membrane_bits=tuple(width + finer for width in SMALL.membrane_bits),
    )
    network = SpikingNetwork(spec, seed=4)
    network.quantised, network.grid_bits = True, bits
    checkpoint = export(network)
    step, half = 2 ** (held - bits), 2 ** (bits - 1)
    # By hand: sixteenths of the same range, whatever holds them.
    found = network.feed_forward[1].detach().numpy() * 2.0**held / step
    assert np.array_equal(checkpoint.feed_forward[1], np.clip(np.round(found), -half, half - 1) * step)
    assert len(np.unique(checkpoint.fc)) <= 2**bits
    # Spikes and logits are golden's.
    codes = np.random.default_rng(bits).integers(-128, 128, size=(20, SMALL.inputs))
    with torch.no_grad():
        activity = network(torch.from_numpy(codes.astype(np.int8)), torch.tensor([0, 20]))
    expected = forward(checkpoint, codes)
    for layer, spikes in enumerate(expected.spikes):
        assert np.array_equal(activity.spikes[layer].numpy().astype(bool), spikes), layer
    assert any(spikes.any() for spikes in expected.spikes)
    # The offset, the host's, is zero.
    logits = activity.logits.numpy()
    assert np.array_equal(logits * 2.0 ** -network.scales.fc, expected.logits)


def test_export_rounds_claims_the_pruned_weights_and_survives_the_file(tmp_path):
    network = SpikingNetwork(SMALL, seed=4)
    with torch.no_grad():
        network.fc_mask.copy_(magnitude_mask(network.fc, share=0.4))
    checkpoint = export(network, provenance={"seed": 4})
    assert checkpoint.fc_zeros == round(0.4 * 9 * 14)
    assert not checkpoint.fc[~network.fc_mask.numpy()].any()
    expected = np.clip(np.round(network.feed_forward[1].detach().numpy() * 16), -8, 7)
    assert np.array_equal(checkpoint.feed_forward[1], expected)
    save_checkpoint(tmp_path / "small.npz", checkpoint)
    stored = load_checkpoint(tmp_path / "small.npz")
    assert_same(stored, checkpoint)
    assert stored.scales == checkpoint.scales
    assert stored.provenance == {"seed": 4}


def test_a_replicated_head_gives_the_same_state_scores():
    states = np.arange(14, dtype=np.int16)
    leaves = np.repeat(states, np.random.default_rng(1).integers(1, 5, size=14)).astype(np.int16)
    network = SpikingNetwork(SMALL, seed=2)
    with torch.no_grad():
        network.offset.normal_(generator=torch.Generator().manual_seed(1))
    wider = replicate_head(network, leaves)
    codes, starts = torch.randint(-128, 128, (30, 5), dtype=torch.int8), torch.tensor([0, 30])
    host = Host(
        front_end={}, phones=tuple(f"p{number}" for number in range(14)), states_per_phone=1, senone_state=states,
        class_offset=network.offset.detach().numpy(), log_prior=np.full(14, -1.0, np.float32),
        bigram_log=np.zeros((14, 14), np.float32), initial_log=np.zeros(14, np.float32), label_delay_frames=0,
        acoustic_scale=1.0, bigram_scale=1.0, insertion_log=0.0,
    )  # fmt: skip
    wide_host = replace(host, senone_state=leaves, class_offset=wider.offset.detach().numpy())
    found = []
    for net, its_host in ((network, host), (wider, wide_host)):
        with torch.no_grad():
            logits = (net(codes, starts).logits - net.offset).numpy()
        found.append(state_scores(its_host, logits, fc_scale=0))
    np.testing.assert_allclose(found[0], found[1], rtol=1e-4, atol=1e-4)


def test_host_tables_count():
    states = np.array([0, 0, 3, 4, 5], np.int16)
    prior, bigram, initial = host_tables(states, [np.array([0, 1, 0]), np.array([1, 2])], phones=40)
    assert np.isclose(prior[0], math.log(3 / 125))
    assert np.isclose(prior[7], math.log(1 / 125))
    assert np.isclose(bigram[1, 2], math.log(1.5 / (0.5 * 40 + 2)))
    assert np.isclose(initial[1], math.log(1.5 / 22))
    assert bigram[0, 0] < -10
    for table in (prior, initial, *bigram):
        assert np.isclose(np.exp(table.astype(np.float64)).sum(), 1.0, atol=1e-5)
    assert bigram.shape == (len(PHONES), len(PHONES))
