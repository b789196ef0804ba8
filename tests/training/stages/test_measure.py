"""Sizes and work against the paper's figures, and the row against golden and a count by hand."""

import numpy as np
import pytest
import torch

from golden.checkpoint import Host
from golden.decoder import decode_scores, fold, phones_of, state_scores
from golden.forward import forward
from golden.specification import Specification
from training.networks.baselines import RecurrentBaseline, SnnTorchBaseline
from training.networks.model import SpikingNetwork
from training.preparation.dataset import DEV, TEST, TRAIN, collect
from training.stages.export import export
from training.stages.measure import dense_mmac_per_second, measure, spiking_size
from training.stages.prune import magnitude_mask

WIDE = Specification(layers=(256, 256))


def network_of(spec, *, pruned=0.0, quantised=False):
    network = SpikingNetwork(spec, seed=1)
    with torch.no_grad():
        network.fc_mask.copy_(magnitude_mask(network.fc, share=pruned))
    network.quantised = quantised
    return network


@pytest.mark.parametrize(
    ("network", "weights", "megabytes", "work"),
    [
        (network_of(WIDE), 698_368, 2.79, 145.82),
        (network_of(Specification()), 300_032, 1.20, 63.08),
        (network_of(Specification(), pruned=0.4), 201_728, 0.81, 43.42),
        (network_of(Specification(), pruned=0.4, quantised=True), 201_728, 0.101, 43.42),
    ],
    ids=["float", "structured", "pruned", "4 bits"],
)
def test_sizes_and_dense_work_are_the_papers(network, weights, megabytes, work):
    """The abstract's 2.79 and 0.1 MB; its complexity by the only simple arithmetic that reproduces it."""
    size = spiking_size(network)
    assert size["weights"] == weights
    assert size["megabytes"] == pytest.approx(megabytes, abs=0.006)
    assert dense_mmac_per_second(network) == pytest.approx(work, abs=0.006)
    positions = 128 * 1920 / 8e6 if not network.fc_mask.all() else 0
    assert size["bitmap_megabytes"] == pytest.approx(size["megabytes"] + positions)
    assert size["dense_megabytes"] >= size["megabytes"]


@pytest.fixture
def data():
    rng = np.random.default_rng(3)
    lengths = (30, 20, 25, 18)
    return collect(
        names=list("abcd"), parts=[TRAIN, DEV, TEST, TEST],
        codes=[rng.integers(-128, 128, (length, 6)).astype(np.int8) for length in lengths],
        labels=[None] * 4, sequences=[rng.integers(0, 3, 5) for _ in lengths], front_end={},
        phone_names=("sil", "aa", "b"), silences_known=True,
    )  # fmt: skip


def host_of(outputs):
    return Host(
        front_end={}, phones=("sil", "aa", "b"), states_per_phone=3, senone_state=np.arange(outputs, dtype=np.int16),
        class_offset=np.zeros(outputs, np.float32), log_prior=np.full(9, -2.2, np.float32),
        bigram_log=np.full((3, 3), -1.1, np.float32), initial_log=np.full(3, -1.1, np.float32), label_delay_frames=2,
        acoustic_scale=0.3, bigram_scale=1.0, insertion_log=0.0,
    )  # fmt: skip


def test_the_row_of_integers_is_what_golden_and_the_decoder_say(data):
    network = network_of(Specification(inputs=6, layers=(12, 12), outputs=9), pruned=0.4, quantised=True)
    row, host = measure(network, data, host_of(9))
    checkpoint = export(network)
    wrong = reference = 0
    rates = []
    for which in (2, 3):
        result = forward(checkpoint, data.codes[data.starts[which] : data.starts[which + 1]])
        scores = state_scores(host, result.logits, fc_scale=checkpoint.scales["fc"])
        said = phones_of(decode_scores(host, scores))
        asked = fold([data.phone_names[phone] for phone in data.sequence(which)])
        wrong += distance(asked, said)
        reference += len(asked)
        rates.append(np.stack([spikes.mean(axis=2) for spikes in result.spikes], axis=1))
    assert row["test_per"] == pytest.approx(wrong / reference)
    assert row["test_reference"] == reference
    np.testing.assert_allclose(row["spike_rates"], np.concatenate(rates).mean(axis=0), atol=5e-5)
    assert row["weight_bits"] == 4
    assert row["test_frames"] == 43
    assert row["overruns"] == 0
    assert row["mmac_per_second"] < row["dense_mmac_per_second"]
    assert row["test_per_forgiven"] <= row["test_per_counted"]


def distance(ours, theirs):
    """Levenshtein's, by the full table."""
    table = np.zeros((len(ours) + 1, len(theirs) + 1), int)
    table[:, 0], table[0] = np.arange(len(ours) + 1), np.arange(len(theirs) + 1)
    for i, one in enumerate(ours):
        for j, other in enumerate(theirs):
            table[i + 1, j + 1] = min(table[i, j] + (one != other), table[i, j + 1] + 1, table[i + 1, j] + 1)
    return table[-1, -1]


def test_a_float_network_and_the_baselines_have_their_rows(data):
    spec = Specification(inputs=6, layers=(12, 12), outputs=9)
    row, _ = measure(network_of(spec), data, host_of(9))
    assert row["weight_bits"] == 32
    assert row["cycles_most"] > 0
    row, _ = measure(RecurrentBaseline("gru", inputs=6, width=5, outputs=9), data, host_of(9))
    weights = 3 * 5 * (6 + 5) + 3 * 5 * (5 + 5) + 5 * 9
    assert row["weights"] == weights
    assert row["dense_mmac_per_second"] == pytest.approx(weights * 100 / 1e6)
    assert "cycles_mean" not in row
    pytest.importorskip("snntorch")
    row, _ = measure(SnnTorchBaseline(inputs=6, width=5, outputs=9, time_steps=2), data, host_of(9))
    assert row["dense_mmac_per_second"] == pytest.approx(2 * row["weights"] * 100 / 1e6)
