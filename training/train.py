"""Training of the torch model on whole utterances, resumable to the bit."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from tqdm import tqdm

from training.dataset import IGNORED, Utterances
from training.model import SpikingNetwork


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How to train.

    Parameters
    ----------
    epochs : int
    learning_rate : float
        Of Adam, after the warm-up and before the cosine.
    batch : int
        Utterances.
    warm_up : float
        Share of the updates.
    clip : float
        Norm of the gradient.
    dropout : float
    spike_penalty : float
        Added to the loss for each layer, times its mean spike rate; in nats.
    seed : int
        Of the order and the dropout.
    """

    epochs: int
    learning_rate: float
    batch: int = 16
    warm_up: float = 0.1
    clip: float = 1.0
    dropout: float = 0.1
    spike_penalty: float = 0.0
    seed: int = 1


@dataclass(frozen=True)
class Epoch:
    """What an epoch came to: its number (from 1), mean loss in nats a frame, spike rates by layer, seconds."""

    number: int
    loss: float
    spike_rates: tuple[float, ...]
    seconds: float


def rate_at(plan: Plan, update: int, updates: int) -> float:
    """Return the learning rate of update `update` of `updates`."""
    warm = max(1, round(plan.warm_up * updates))
    if update < warm:
        return plan.learning_rate * (update + 1) / warm
    return plan.learning_rate * 0.5 * (1 + math.cos(math.pi * (update - warm) / max(1, updates - warm)))


def batches(data: Utterances, plan: Plan, epoch: int) -> Iterator[np.ndarray]:
    """Yield the utterances of each batch, in the order that seed and epoch determine."""
    order = np.random.default_rng([plan.seed, epoch]).permutation(len(data))
    for first in range(0, len(order), plan.batch):
        yield order[first : first + plan.batch]


def train(
    network: SpikingNetwork,
    data: Utterances,
    plan: Plan,
    *,
    checkpoint: Path | None = None,
    report: Callable[[Epoch], None] | None = None,
) -> list[Epoch]:
    """Train `network` in place.

    Parameters
    ----------
    network : SpikingNetwork
        In the mode (float or quantised, pruned or not) in which it should learn.
    data : Utterances
    plan : Plan
    checkpoint : Path or None
        Written after every epoch; when it is there already, training goes on from it, to the same weights as if it had
        never stopped.
    report : callable or None
        Called after every epoch of this call.

    Returns
    -------
    list of Epoch
        Those of this call.

    Raises
    ------
    ValueError
        A checkpoint of another network.
    """
    weights = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimiser = torch.optim.Adam(weights, lr=plan.learning_rate)
    generator = torch.Generator().manual_seed(plan.seed)
    done = 0
    if checkpoint is not None and checkpoint.is_file():
        done = _resume(checkpoint, network, optimiser, generator)
    per_epoch = math.ceil(len(data) / plan.batch)
    history: list[Epoch] = []
    for epoch in range(done, plan.epochs):
        began, lost, frames = time.monotonic(), 0.0, 0
        spikes = [0.0] * len(network.spec.layers)
        progress = tqdm(batches(data, plan, epoch), f"epoch {epoch + 1}/{plan.epochs}", per_epoch, disable=None)
        for number, chosen in enumerate(progress):
            for group in optimiser.param_groups:
                group["lr"] = rate_at(plan, epoch * per_epoch + number, plan.epochs * per_epoch)
            codes, targets, starts = map(torch.from_numpy, data.batch(chosen))
            activity = network(codes, starts, dropout=plan.dropout, generator=generator)
            loss = cross_entropy(activity.logits, targets, ignore_index=IGNORED)
            optimiser.zero_grad(set_to_none=True)
            (loss + plan.spike_penalty * sum(fired.mean() for fired in activity.spikes)).backward()
            torch.nn.utils.clip_grad_norm_(weights, plan.clip)
            optimiser.step()
            # In float mode too: weights that grow out of the range cost 4 points of PER when they are quantised.
            network.clip_weights()
            lost += float(loss.detach()) * len(codes)
            frames += len(codes)
            for layer, fired in enumerate(activity.spikes):
                spikes[layer] += float(fired.detach().mean()) * len(codes)
        history.append(Epoch(epoch + 1, lost / frames, tuple(s / frames for s in spikes), time.monotonic() - began))
        if checkpoint is not None:
            _save(checkpoint, network, optimiser, generator, epoch + 1)
        if report is not None:
            report(history[-1])
    return history


def _save(
    path: Path, network: SpikingNetwork, optimiser: torch.optim.Optimizer, generator: torch.Generator, done: int
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    state = {
        "network": network.state_dict(),
        "optimiser": optimiser.state_dict(),
        "generator": generator.get_state(),
        "epochs": done,
    }
    torch.save(state, part)
    os.replace(part, path)


def _resume(path: Path, network: SpikingNetwork, optimiser: torch.optim.Optimizer, generator: torch.Generator) -> int:
    state = torch.load(path, weights_only=True)
    try:
        network.load_state_dict(state["network"])
    except RuntimeError as error:
        raise ValueError(f"{path}: the checkpoint of another network: {error}") from error
    optimiser.load_state_dict(state["optimiser"])
    generator.set_state(state["generator"])
    return int(state["epochs"])


@torch.no_grad()
def run(network: SpikingNetwork, data: Utterances, *, batch: int = 16) -> Iterator[np.ndarray]:
    """Yield the logits [shape=(frames, outputs), dtype=float32, real units, offset left out] of each utterance."""
    for first in range(0, len(data), batch):
        codes, _, starts = map(torch.from_numpy, data.batch(np.arange(first, min(first + batch, len(data)))))
        logits = (network(codes, starts).logits - network.offset).numpy()
        for begin, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
            yield logits[begin:end]
