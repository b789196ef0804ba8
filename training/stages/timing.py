"""How long networks take to learn from the same batches, side by side."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import numba
import numpy as np
import torch
from torch.nn.functional import cross_entropy

from training.networks.acoustic_model import AcousticModel


def use_threads(count: int) -> None:
    """Let torch and numba use `count` threads each, numba no more than there are cores."""
    # Numba first: where both use the same OpenMP, starting its threads sets torch's number to that of the cores.
    numba.set_num_threads(min(count, numba.config.NUMBA_NUM_THREADS))
    torch.set_num_threads(count)


def seconds_by_batch(
    networks: Mapping[str, AcousticModel],
    batches: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]],
    *,
    repetitions: int = 3,
    dropout: float = 0.1,
) -> dict[str, np.ndarray]:
    """Time updates: cross entropy, gradient, clipping of its norm, Adam, range of the weights.

    The networks take turns at each batch, so that a disturbance of the machine meets all; of each network and batch the
    shortest time counts. One update of each before that does not count.

    Parameters
    ----------
    networks : mapping of str to AcousticModel
        They are trained.
    batches : sequence of (codes, targets, starts)
        Codes [shape=(frames, inputs), dtype=int8], class of each frame [shape=(frames,), dtype=int64], first frame of
        each utterance and the number of frames [shape=(utterances + 1,), dtype=int64].
    repetitions : int
    dropout : float

    Returns
    -------
    dict of str to np.ndarray [shape=(batches,)]
        Seconds.
    """
    optimisers = {
        name: torch.optim.Adam([weights for weights in network.parameters() if weights.requires_grad], lr=1e-3)
        for name, network in networks.items()
    }
    generator = torch.Generator().manual_seed(1)

    def update(name: str, batch: tuple[np.ndarray, np.ndarray, np.ndarray]) -> float:
        network, optimiser = networks[name], optimisers[name]
        begun = time.perf_counter()
        codes, targets, starts = map(torch.from_numpy, batch)
        logits = network(codes, starts, dropout=dropout, generator=generator).logits
        optimiser.zero_grad(set_to_none=True)
        cross_entropy(logits, targets).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        network.clip_weights()
        return time.perf_counter() - begun

    for network in networks.values():
        network.train()
    for name in networks:
        update(name, batches[0])
    seconds = {name: np.full(len(batches), np.inf) for name in networks}
    for _ in range(repetitions):
        for number, batch in enumerate(batches):
            for name in networks:
                seconds[name][number] = min(seconds[name][number], update(name, batch))
    return seconds
