"""Training on whole utterances, resumable to the bit."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from files.reading import read_bytes
from files.writing import write_bytes
from training.errors import StateError
from training.networks.acoustic_model import AcousticModel
from training.preparation.dataset import Utterances
from training.stages.objective import Objective, Weights


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
    weights : Weights
        Of the parts of the loss.
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
    weights: Weights = field(default_factory=Weights)
    seed: int = 1


@dataclass(frozen=True)
class Epoch:
    """What an epoch came to.

    Parameters
    ----------
    number : int
        From 1.
    loss : float
        Mean, in nats a frame, the spike penalty left out.
    dev_rate : float
        Phone error rate on the development set; not a number where none was asked for.
    spike_rates : tuple of float
        By layer; empty for a network without spikes.
    seconds : float
    """

    number: int
    loss: float
    dev_rate: float
    spike_rates: tuple[float, ...]
    seconds: float


def rate_at(plan: Plan, update: int, updates: int) -> float:
    """Return the learning rate of update `update` of `updates`."""
    warm = max(1, round(plan.warm_up * updates))
    if update < warm:
        return plan.learning_rate * (update + 1) / warm
    return plan.learning_rate * 0.5 * (1 + math.cos(math.pi * (update - warm) / max(1, updates - warm)))


def batches(data: Utterances, plan: Plan, epoch: int) -> Iterator[np.ndarray]:
    """Yield the utterances of each batch, as seed and epoch determine.

    Of an utterance and its copies at other speeds one is drawn for each epoch.
    """
    generator = np.random.default_rng([plan.seed, epoch])
    firsts = np.flatnonzero(np.diff(data.original, prepend=-1))
    copies = np.diff(firsts, append=len(data))
    chosen = firsts + generator.integers(0, copies)
    order = generator.permutation(chosen)
    for first in range(0, len(order), plan.batch):
        yield order[first : first + plan.batch]


def train(
    network: AcousticModel,
    data: Utterances,
    plan: Plan,
    objective: Objective,
    *,
    state: Path | None = None,
    about: str = "",
    dev_rate: Callable[[], float] | None = None,
    report: Callable[[Epoch], None] | None = None,
    name: str = "training",
) -> list[Epoch]:
    """Train `network` in place, on the device where it is.

    Parameters
    ----------
    network : AcousticModel
        In the mode (float or quantised, pruned or not) in which it should learn.
    data : Utterances
    plan : Plan
    objective : Objective
        The loss.
    state : Path or None
        Written after every epoch; when it is there already, training goes on from it, to the same weights as if it had
        never stopped. One that is damaged is not used, and a line says so.
    about : str
        What the training depends on, as a digest: a state of something else is not gone on from.
    dev_rate : callable or None
        Called after every epoch; what it returns is written down.
    report : callable or None
        Called after every epoch of this call.
    name : str
        Of the progress.

    Returns
    -------
    list of Epoch
        All, those of earlier calls included.

    Raises
    ------
    StateError
        A state of another network, or a loss that is not a number.
    files.errors.WriteError
        The state cannot be written; names it.
    """
    weights = [parameter for parameter in network.parameters() if parameter.requires_grad]
    device = weights[0].device
    optimiser = torch.optim.Adam(weights, lr=plan.learning_rate)
    generator = torch.Generator().manual_seed(plan.seed)
    history: list[Epoch] = []
    if state is not None and state.is_file():
        history = _resume(state, about, network, optimiser, generator)
    per_epoch = math.ceil(len(np.unique(data.original)) / plan.batch)
    for epoch in range(len(history), plan.epochs):
        began, lost, frames = time.monotonic(), 0.0, 0
        fired = np.zeros(0)
        network.train()
        progress = tqdm(batches(data, plan, epoch), f"{name} {epoch + 1}/{plan.epochs}", per_epoch, disable=None)
        for number, chosen in enumerate(progress):
            for group in optimiser.param_groups:
                group["lr"] = rate_at(plan, epoch * per_epoch + number, plan.epochs * per_epoch)
            batch = data.batch(chosen)
            codes, targets, starts = (
                torch.from_numpy(array).to(device) for array in (batch.codes, batch.targets, batch.starts)
            )
            told = None if batch.told is None else torch.from_numpy(batch.told).to(device, torch.float32)
            activity = network(codes, starts, dropout=plan.dropout, generator=generator)
            loss = objective(activity.logits, targets, batch.labels, starts, told=told)
            rates = [spikes.mean() for spikes in activity.spikes]
            optimiser.zero_grad(set_to_none=True)
            (loss + plan.spike_penalty * sum(rates) if plan.spike_penalty else loss).backward()
            norm = torch.nn.utils.clip_grad_norm_(weights, plan.clip)
            if not torch.isfinite(norm + loss.detach()):
                raise StateError(
                    f"{name}: epoch {epoch + 1}, batch {number + 1}: the loss or its gradient is not a number, "
                    "expected a lower learning_rate or acoustic_scale"
                )
            optimiser.step()
            # In float mode too: weights that grow out of the range cost 4 points of PER when they are quantised.
            network.clip_weights()
            lost += float(loss.detach()) * len(codes)
            frames += len(codes)
            fired = np.array([float(rate.detach()) for rate in rates]) * len(codes) + (fired if len(fired) else 0)
            progress.set_postfix(loss=f"{lost / frames:.3f}", refresh=False)
        seconds = time.monotonic() - began
        rate = float("nan") if dev_rate is None else dev_rate()
        history.append(Epoch(epoch + 1, lost / frames, rate, tuple((fired / frames).tolist()), seconds))
        if state is not None:
            _save(state, about, network, optimiser, generator, history)
        if report is not None:
            report(history[-1])
    return history


def _save(
    path: Path,
    about: str,
    network: AcousticModel,
    optimiser: torch.optim.Optimizer,
    generator: torch.Generator,
    history: list[Epoch],
) -> None:
    state = {
        "network": network.state_dict(),
        "optimiser": optimiser.state_dict(),
        "generator": generator.get_state(),
        "history": [dataclasses.astuple(epoch) for epoch in history],
    }
    content = io.BytesIO()
    torch.save(state, content)
    write_bytes(path, _first_line(content.getvalue(), about) + content.getvalue())


def _first_line(content: bytes, about: str) -> bytes:
    """Return what begins a state: the digest of what follows, and of what it is about."""
    digest = hashlib.sha256(about.encode() + b"\n")
    digest.update(content)
    return f"rsnn training state 1 {digest.hexdigest()}\n".encode()


def _resume(
    path: Path, about: str, network: AcousticModel, optimiser: torch.optim.Optimizer, generator: torch.Generator
) -> list[Epoch]:
    """Return the epochs of a state, taken over; none of one that is not as it was written or about something else."""
    content = read_bytes(path, what="training state")
    first, end, content = content.partition(b"\n")
    # Before torch's reader, which is native code, sees any of it.
    if first + end != _first_line(content, about):
        print(f"{path}: damaged, or of another training: begun anew", file=sys.stderr)
        return []
    try:
        state = torch.load(io.BytesIO(content), weights_only=True, map_location="cpu")
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
        generator.set_state(state["generator"])
        return [Epoch(*epoch) for epoch in state["history"]]
    except Exception as error:  # torch raises what its readers happen to stumble over
        raise StateError(f"{path}: not the state of this training: {error}; delete it to begin anew") from error


@torch.no_grad()
def run(network: AcousticModel, data: Utterances, *, batch: int = 16) -> Iterator[np.ndarray]:
    """Yield the logits [shape=(frames, outputs), dtype=float32, real units, offset left out] of each utterance."""
    for logits, _ in run_spikes(network, data, batch=batch):
        yield logits


@torch.no_grad()
def run_spikes(
    network: AcousticModel, data: Utterances, *, batch: int = 16
) -> Iterator[tuple[np.ndarray, tuple[np.ndarray, ...]]]:
    """Yield the logits of each utterance as `run` does, and its spikes.

    Yields
    ------
    logits : np.ndarray [shape=(frames, outputs), dtype=float32]
    spikes : tuple of np.ndarray [shape=(frames, T, width), dtype=bool]
        One a layer; none for a network without spikes.
    """
    network.eval()
    device = next(network.parameters()).device
    for first in range(0, len(data), batch):
        chosen = data.batch(np.arange(first, min(first + batch, len(data))))
        activity = network(*(torch.from_numpy(array).to(device) for array in (chosen.codes, chosen.starts)))
        logits = (activity.logits - network.offset).cpu().numpy()
        spikes = tuple(fired.cpu().numpy() > 0 for fired in activity.spikes)
        for begin, end in zip(chosen.starts[:-1].tolist(), chosen.starts[1:].tolist(), strict=True):
            yield logits[begin:end], tuple(fired[begin:end] for fired in spikes)
