"""Training for one class an utterance: the loss of summed logits, and the stages of a recipe whose targets are classes.

What is learnt is what `golden.classes` computes: no frame is told what it should say, and the offset stays zero, since
integers on the chip have none.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from golden.checkpoint import Checkpoint
from golden.classes import ClassHost, class_of
from training.errors import RecipeError
from training.networks.acoustic_model import AcousticModel
from training.networks.model import SpikingNetwork
from training.preparation.dataset import DEV, TEST, Dataset
from training.stages.export import export
from training.stages.measure import results_of, spiking_size, work_of
from training.stages.objective import Objective, Weights
from training.stages.pipeline import Pipeline
from training.stages.stage import Recipe, Stage
from training.stages.train import run


class ClassObjective(Objective):
    """Cross-entropy of the logits summed over each utterance.

    Parameters
    ----------
    weights : Weights
        Of which `cross_entropy` and `acoustic_scale`, by which the sums are multiplied before the softmax.
    """

    def __init__(self, weights: Weights) -> None:
        self.weights = weights

    def __call__(
        self, logits: Tensor, targets: Tensor, labels: np.ndarray, starts: Tensor, *, told: Tensor | None = None
    ) -> Tensor:
        """Return the loss in nats an utterance.

        Parameters
        ----------
        logits : Tensor [shape=(frames, classes)]
        targets : Tensor [shape=(frames,), dtype=int64]
            Class of each frame, the same throughout an utterance.
        labels, told
            Of no use here.
        starts : Tensor [shape=(utterances + 1,), dtype=int64]
        """
        utterances = torch.repeat_interleave(torch.diff(starts))
        sums = logits.new_zeros(len(starts) - 1, logits.shape[1]).index_add(0, utterances, logits)
        return self.weights.cross_entropy * cross_entropy(self.weights.acoustic_scale * sums, targets[starts[:-1]])


class ClassPipeline(Pipeline):
    """`training.stages.pipeline.Pipeline` where an utterance is one class: it has no states, and its labels never lag.

    Parameters
    ----------
    data : Dataset
        Whose "phones" are the classes, one an utterance.
    """

    def __init__(self, data: Dataset, recipe: Recipe, *given: Any, **others: Any) -> None:
        super().__init__(data, dataclasses.replace(recipe, label_delay_frames=0), *given, **others)
        self.states = len(data.phone_names)
        if (np.diff(data.phone_starts) != 1).any():
            raise RecipeError("recipe: targets are classes, expected utterances of one class each")

    def class_host(self) -> ClassHost:
        """Return the checkpoint's host section."""
        return ClassHost(front_end=self.data.front_end, classes=self.data.phone_names)

    def senone_state(self, stage: Stage) -> np.ndarray:
        """Return the class of each output [shape=(outputs,), dtype=int16]: its own."""
        return np.arange(self.states, dtype=np.int16)

    def _targets(self, stage: Stage) -> np.ndarray:
        return np.repeat(self.data.phones, np.diff(self.data.starts))

    def _objective(self, stage: Stage) -> Objective:
        return ClassObjective(stage.plan.weights)

    def _dev_rate(self, stage: Stage, network: AcousticModel) -> float:
        if not len(self.data.members(DEV)):
            return float("nan")
        data = self.data.utterances(self.data.members(DEV), self._targets(stage), delay=0)
        return wrong(self.data, DEV, run(network, data)) / len(data)

    def _begin(self, stage: Stage) -> AcousticModel:
        network = super()._begin(stage)
        network.offset.requires_grad_(False)
        return network

    def _fitting_start(self, stage: Stage) -> Checkpoint:
        start = self.start
        if start is None or start.host != self.class_host():
            raise RecipeError(f'recipe: {stage.name} starts from "checkpoint", expected one of the same classes')
        return start

    def _measured(self, stage: Stage, network: AcousticModel) -> tuple[dict[str, Any], Checkpoint | None]:
        return measure_classes(network, self.data, self.class_host())


def wrong(data: Dataset, part: int, logits: Iterable[np.ndarray]) -> int:
    """Count the utterances of a set whose logits [frames, classes] are another class'."""
    said = zip(data.members(part), logits, strict=True)
    return sum(class_of(given) != int(data.sequence(which)[0]) for which, given in said)


def measure_classes(
    network: AcousticModel, data: Dataset, host: ClassHost
) -> tuple[dict[str, Any], Checkpoint | None]:
    """Count a network's errors on development and test set, and what it takes.

    Parameters
    ----------
    network : AcousticModel
        A quantised `SpikingNetwork` is run by ``golden.forward`` in integers, every other one by torch.
    data : Dataset
    host : ClassHost

    Returns
    -------
    row : dict of str to JSON types
        Errors by part (none of a development set that is empty), and, of a spiking network, size, spike rates, work
        and cycles on the test set.
    checkpoint : Checkpoint or None
        Of a quantised network.
    """
    spiking = network if isinstance(network, SpikingNetwork) else None
    checkpoint = export(spiking, host=host) if spiking is not None else None
    integers = checkpoint if spiking is not None and spiking.quantised else None
    row: dict[str, Any] = {}
    counted: list[tuple[np.ndarray, tuple[np.ndarray, ...]]] = []
    for name, part in (("dev", DEV), ("test", TEST)):
        if not len(data.members(part)):
            continue
        heard = list(results_of(network, integers, data, part))
        errors = wrong(data, part, (logits for _, logits, _ in heard))
        row |= {f"{name}_wrong": errors, f"{name}_utterances": len(heard), f"{name}_class_error": errors / len(heard)}
        counted = [(codes, spikes) for codes, _, spikes in heard]
    if spiking is not None and checkpoint is not None:
        row |= spiking_size(spiking)
        fired = [np.stack([layer.mean(axis=2) for layer in spikes], axis=1) for _, spikes in counted]
        row["spike_rates"] = np.concatenate(fired).mean(axis=0).round(4).tolist()
        row |= work_of(spiking, checkpoint, counted)
    return row, integers
