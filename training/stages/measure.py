"""What a trained network comes to: phone errors, size, work, activity and cycles, in one row."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from golden.checkpoint import Checkpoint, Host
from golden.cycles import FrameCounts, count_frames, join_counts, mmac_per_second
from golden.decoder import state_scores
from golden.forward import forward_batch
from golden.scoring import PhoneErrors, Silence
from golden.specification import Specification
from training.networks.acoustic_model import AcousticModel
from training.networks.baselines import SnnTorchBaseline, weight_count
from training.networks.integer_lstm import WEIGHT_BITS, IntegerLstm
from training.networks.integer_lstm_run import run_integers
from training.networks.model import SpikingNetwork
from training.preparation.dataset import DEV, TEST, Dataset
from training.stages.export import export
from training.stages.score import error_rate, tune
from training.stages.train import run_spikes

FLOAT_BITS = 32
# Kaldi's two ways of scoring silence, for corpora whose silences were marked by hand (`golden.scoring`).
KALDI_SILENCE: tuple[Silence, ...] = ("counted", "forgiven")
_FRAMES_PER_SECOND = 100


def measure(network: AcousticModel, data: Dataset, host: Host) -> tuple[dict[str, Any], Host]:
    """Tune the decoder on the development set and measure everything on the test set.

    Parameters
    ----------
    network : AcousticModel
        A quantised `SpikingNetwork` is run by ``golden.forward`` in integers, an `IntegerLstm` by `run_integers`, every
        other one by torch.
    data : Dataset
    host : Host

    Returns
    -------
    row : dict of str to JSON types
        What does not apply to the network is absent.
    host : Host
        With the decoder's weights that were chosen.
    """
    integer = isinstance(network, SpikingNetwork) and network.quantised
    checkpoint = export(network, host=host) if isinstance(network, SpikingNetwork) else None
    scale = checkpoint.scales["fc"] if checkpoint is not None and integer else 0
    if isinstance(network, IntegerLstm):
        scale = network.integers().fc_scale
    logits = (logits for _, logits, _ in results_of(network, checkpoint if integer else None, data, DEV))
    host, dev = tune(host, logits, data.references(DEV), fc_scale=scale)
    row: dict[str, Any] = {}
    _add_errors(row, "dev", dev)
    scores, fired, counted = [], [], []
    for codes, test_logits, spikes in results_of(network, checkpoint if integer else None, data, TEST):
        scores.append(state_scores(host, test_logits, fc_scale=scale))
        if checkpoint is not None:
            fired.append(np.stack([layer.mean(axis=2) for layer in spikes], axis=1))
            counted.append((codes, spikes))
    references = data.references(TEST)
    _add_errors(row, "test", error_rate(host, scores, references))
    if data.silences_known:
        for silence in KALDI_SILENCE:
            row[f"test_per_{silence}"] = error_rate(host, scores, references, silence=silence).rate
    row |= {"acoustic_scale": host.acoustic_scale, "insertion_log": host.insertion_log}
    row["test_frames"] = sum(map(len, scores))
    if checkpoint is None:
        row |= _dense_size(network)
        return row, host
    assert isinstance(network, SpikingNetwork)
    row |= spiking_size(network)
    row["spike_rates"] = np.concatenate(fired).mean(axis=0).round(4).tolist()
    row |= work_of(network, checkpoint, counted)
    return row, host


def rates_of(row: dict[str, Any]) -> str:
    """Return the error rates of a row in words."""
    what, end = ("phone", "per") if "test_per" in row else ("class", "class_error")
    rates = [f"{100 * row[f'{part}_{end}']:.1f} % ({part})" for part in ("dev", "test") if f"{part}_{end}" in row]
    return f"{what} error rate {', '.join(rates)}"


def spiking_size(network: SpikingNetwork) -> dict[str, Any]:
    """Count the weights as the paper does (the pruned ones out, biases there are none), and what storing them takes."""
    spec = network.spec
    bits = network.grid_bits if network.quantised else FLOAT_BITS
    layers = sum(matrix.numel() for matrix in network.feed_forward)
    layers += sum(matrix.numel() for matrix, has in zip(network.recurrent, spec.recurrent, strict=True) if has)
    fc, kept = network.fc.numel(), int(network.fc_mask.sum())
    return {
        "weights": layers + kept,
        "weight_bits": bits,
        "megabytes": (layers + kept) * bits / 8e6,
        "bitmap_megabytes": (layers + kept) * bits / 8e6 + (fc / 8e6 if kept < fc else 0.0),
        "dense_megabytes": (layers + fc) * bits / 8e6,
    }


def _dense_size(network: AcousticModel) -> dict[str, Any]:
    """Count the weights of a baseline; each is multiplied once a time step, whatever its input."""
    weights = weight_count(network)
    bits = WEIGHT_BITS if isinstance(network, IntegerLstm) else FLOAT_BITS
    megabytes = weights * bits / 8e6
    steps = network.time_steps if isinstance(network, SnnTorchBaseline) else 1
    work = weights * steps * _FRAMES_PER_SECOND / 1e6
    return {
        "weights": weights,
        "weight_bits": bits,
        "megabytes": megabytes,
        "bitmap_megabytes": megabytes,
        "dense_megabytes": megabytes,
        "dense_mmac_per_second": work,
        "mmac_per_second": work,
    }


def dense_mmac_per_second(network: SpikingNetwork) -> float:
    """Count the work without zero-skipping and merged spikes, the pruned weights left out, as the paper does."""
    spec = network.spec.replace(zero_skipping=False, merged_spike=False)
    codes = np.zeros((1, spec.inputs), dtype=np.int64)
    silent = [np.zeros((1, spec.time_steps, width), dtype=bool) for width in spec.layers]
    return mmac_per_second(spec, count_frames(_mask_as_weights(network, spec), codes, silent).macs)


def _mask_as_weights(network: SpikingNetwork, spec: Specification) -> Checkpoint:
    """Return a checkpoint to count with: what is not pruned counts, even where it is or would be rounded to zero."""
    checkpoint = export(network)
    return dataclasses.replace(checkpoint, specification=spec, fc=network.fc_mask.numpy().astype(np.int8))


def work_of(
    network: SpikingNetwork,
    checkpoint: Checkpoint,
    counted: Sequence[tuple[np.ndarray, tuple[np.ndarray, ...]]],
) -> dict[str, Any]:
    """Count operations and cycles of utterances' codes and spikes."""
    spec = checkpoint.specification
    if not network.quantised:
        checkpoint = _mask_as_weights(network, spec)
    counts: FrameCounts = join_counts([count_frames(checkpoint, codes, spikes) for codes, spikes in counted])
    budget = round(spec.clock_hz * spec.frame_period_s)
    return {
        "dense_mmac_per_second": dense_mmac_per_second(network),
        "mmac_per_second": mmac_per_second(spec, counts.macs),
        "cycles_mean": float(counts.cycles.mean()),
        "cycles_99th": float(np.percentile(counts.cycles, 99)),
        "cycles_most": int(counts.cycles.max()),
        "overruns": int((counts.cycles > budget).sum()),
    }


def results_of(
    network: AcousticModel, checkpoint: Checkpoint | None, data: Dataset, part: int
) -> Iterator[tuple[np.ndarray, np.ndarray, tuple[np.ndarray, ...]]]:
    """Yield codes, logits and spikes of each utterance of a set, golden's where there is a checkpoint."""
    members = data.members(part)
    codes = [data.codes[data.starts[which] : data.starts[which + 1]] for which in members]
    if isinstance(network, IntegerLstm):
        integers = network.integers()
        for first in range(0, len(codes), 32):
            some = codes[first : first + 32]
            for given, found in zip(some, run_integers(integers, some), strict=True):
                yield given, found, ()
        return
    if checkpoint is None:
        results = run_spikes(network, data.utterances(members, data.state, delay=0))
        for given, (logits, spikes) in zip(codes, results, strict=True):
            yield given, logits, spikes
        return
    for first in range(0, len(codes), 32):
        some = codes[first : first + 32]
        for given, result in zip(some, forward_batch(checkpoint, some), strict=True):
            yield given, result.logits, tuple(result.spikes)


def _add_errors(row: dict[str, Any], part: str, errors: PhoneErrors) -> None:
    row[f"{part}_per"] = errors.rate
    for name in ("substitutions", "deletions", "insertions", "reference"):
        row[f"{part}_{name}"] = getattr(errors, name)
