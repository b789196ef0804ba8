"""From the trained torch model to the hardware's integers and the host's tables, and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch

from golden.checkpoint import Checkpoint, Host
from golden.tasks import HostSection
from training.networks.model import SpikingNetwork
from training.preparation.labels import SILENCE, STATES_PER_PHONE
from training.stages.quantise import to_integers


def export(
    network: SpikingNetwork, *, host: HostSection | None = None, provenance: dict[str, Any] | None = None
) -> Checkpoint:
    """Round the weights and make the checkpoint.

    Parameters
    ----------
    network : SpikingNetwork
    host : HostSection or None
    provenance : dict
        JSON types.

    Returns
    -------
    Checkpoint
        Its ``fc_zeros`` are the pruned weights; rounding makes more.
    """
    spec, scales = network.spec, network.scales
    dtype = torch.int8 if spec.weight_bits <= 8 else torch.int16

    coarser = network.coarser

    def integers(weights: torch.Tensor, scale: int) -> np.ndarray:
        steps = to_integers(weights, scale=scale + coarser, bits=network.grid_bits)
        return (steps * 2**coarser).to(dtype).numpy()

    return Checkpoint(
        specification=spec,
        feed_forward=tuple(
            integers(weights, scale) for weights, scale in zip(network.feed_forward, scales.feed_forward, strict=True)
        ),
        recurrent=tuple(
            integers(weights, scale) if has else None
            for weights, scale, has in zip(network.recurrent, scales.recurrent, spec.recurrent, strict=True)
        ),
        fc=integers(network.fc * network.fc_mask, scales.fc),
        scales=scales.named(),
        fc_zeros=int((~network.fc_mask).sum()),
        host=host,
        provenance=provenance or {},
    )


def load_network(checkpoint: Checkpoint) -> SpikingNetwork:
    """Return the torch model of `checkpoint`, in quantised mode; exporting it gives the same integers.

    Parameters
    ----------
    checkpoint : Checkpoint
    """
    network = SpikingNetwork(checkpoint.specification)
    network.quantised = True
    scales = network.scales
    with torch.no_grad():
        for layer, weights in enumerate(checkpoint.feed_forward):
            network.feed_forward[layer].copy_(torch.from_numpy(weights) * 2.0 ** scales.feed_forward[layer])
        for layer, fed_back in enumerate(checkpoint.recurrent):
            if fed_back is not None:
                network.recurrent[layer].copy_(torch.from_numpy(fed_back) * 2.0 ** scales.recurrent[layer])
        network.fc.copy_(torch.from_numpy(checkpoint.fc) * 2.0**scales.fc)
        if checkpoint.fc_zeros:
            zeros = np.flatnonzero(checkpoint.fc == 0)
            network.fc_mask.view(-1)[torch.from_numpy(zeros[: checkpoint.fc_zeros])] = False
        if isinstance(checkpoint.host, Host):
            network.offset.copy_(torch.from_numpy(checkpoint.host.class_offset))
    return network


def replicate_head(network: SpikingNetwork, senone_state: np.ndarray) -> SpikingNetwork:
    """Give each leaf the FC column of its state.

    The leaves' shares are equal and add up to their state's, so that the new network decodes as the old one did.

    Parameters
    ----------
    network : SpikingNetwork
        With one output a state.
    senone_state : np.ndarray [shape=(senones,), dtype=int16]

    Returns
    -------
    SpikingNetwork
        With one output a leaf, its layers equal to those of `network`.
    """
    wider = SpikingNetwork(network.spec.replace(outputs=len(senone_state)))
    chosen = torch.from_numpy(senone_state.astype(np.int64))
    counts = torch.bincount(chosen, minlength=network.spec.outputs).to(torch.float32)
    state = network.state_dict()
    state["fc"] = state["fc"][:, chosen]
    state["fc_mask"] = state["fc_mask"][:, chosen]
    state["offset"] = state["offset"][chosen] - torch.log(counts[chosen])
    wider.load_state_dict(state)
    wider.quantised, wider.grid_bits = network.quantised, network.grid_bits
    return wider


def host_tables(
    states: np.ndarray, sequences: Iterable[np.ndarray], *, phones: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Count the decoder's priors and bigram on the training set.

    Parameters
    ----------
    states : np.ndarray [shape=(frames,)]
        State of every training frame.
    sequences : iterable of np.ndarray
        Phone indices of each training utterance, silences included.
    phones : int
        How many there are.

    Returns
    -------
    log_prior : np.ndarray [shape=(states,), dtype=float32]
    bigram_log : np.ndarray [shape=(phones, phones), dtype=float32]
        Row: from. Every pair counts half an occurrence more than seen; silence never follows itself.
    initial_log : np.ndarray [shape=(phones,), dtype=float32]
    """
    counts = np.bincount(states, minlength=phones * STATES_PER_PHONE) + 1.0
    bigram, initial = np.full((phones, phones), 0.5), np.full(phones, 0.5)
    for sequence in sequences:
        initial[sequence[0]] += 1
        np.add.at(bigram, (sequence[:-1], sequence[1:]), 1)
    bigram[SILENCE, SILENCE] = 1e-6
    return (
        np.log(counts / counts.sum()).astype(np.float32),
        np.log(bigram / bigram.sum(axis=1, keepdims=True)).astype(np.float32),
        np.log(initial / initial.sum()).astype(np.float32),
    )
