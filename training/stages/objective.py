"""What training minimises: cross-entropy of the frames, mutual information of the sequence, and a teacher's opinion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from training.preparation.dataset import IGNORED
from training.stages.sequence import MutualInformation, PhoneGraph, chains_of


@dataclass(frozen=True, kw_only=True)
class Weights:
    """How much each part of the loss counts.

    Parameters
    ----------
    cross_entropy : float
        Of each frame's class.
    mutual_information : float
        Of the phone sequence (`training.stages.sequence`).
    distillation : float
        Divergence of the states' posteriors from a teacher's.
    acoustic_scale : float
        Weight of the log-likelihoods beside the bigram in the mutual information, as the decoder has one.
    slack : int
        Frames that a state may lie beside its alignment in the mutual information.
    """

    cross_entropy: float = 1.0
    mutual_information: float = 0.0
    distillation: float = 0.0
    acoustic_scale: float = 0.3
    slack: int = 3


class Objective:
    """The loss of a batch.

    Parameters
    ----------
    weights : Weights
    senone_state : np.ndarray [shape=(outputs,), dtype=int16]
        State of each output of the network, not decreasing; every state has one.
    log_prior : np.ndarray [shape=(states,), dtype=float32]
    graph : PhoneGraph
    delay : int
        Frames by which the network's labels lag.
    """

    def __init__(
        self, weights: Weights, *, senone_state: np.ndarray, log_prior: np.ndarray, graph: PhoneGraph, delay: int
    ) -> None:
        self.weights, self.graph, self.delay = weights, graph, delay
        self.log_prior = torch.from_numpy(log_prior)
        states = len(log_prior)
        self.tied = len(senone_state) != states
        # Outputs to states as a product: many times faster than an indexed sum.
        member = senone_state.astype(np.int64)[:, None] == np.arange(states)
        self.member = torch.from_numpy(member.astype(np.float32))

    def states(self, logits: Tensor) -> Tensor:
        """Add up the outputs of each state: log of the summed exponentials [shape=(frames, states)]."""
        if not self.tied:
            return logits
        top = logits.detach().amax(dim=1, keepdim=True)
        return torch.log(torch.exp(logits - top) @ self.member.to(logits.device) + 1e-30) + top

    def __call__(
        self, logits: Tensor, targets: Tensor, labels: np.ndarray, starts: Tensor, *, told: Tensor | None = None
    ) -> Tensor:
        """Return the loss in nats a frame.

        Parameters
        ----------
        logits : Tensor [shape=(frames, outputs)]
        targets : Tensor [shape=(frames,), dtype=int64]
            Class of each frame, lagging by the delay, or `training.preparation.dataset.IGNORED`.
        labels : np.ndarray [shape=(frames,)]
            State of each frame, not lagging.
        starts : Tensor [shape=(utterances + 1,), dtype=int64]
        told : Tensor or None [shape=(frames, states)]
            Log-posteriors of a teacher that lags as much.
        """
        weights = self.weights
        loss = torch.zeros((), device=logits.device)
        if weights.cross_entropy:
            loss = loss + weights.cross_entropy * cross_entropy(logits, targets, ignore_index=IGNORED)
        if weights.mutual_information or told is not None:
            states = self.states(logits)
            if weights.mutual_information:
                scores = weights.acoustic_scale * (states - self.log_prior.to(states.device))
                chains = chains_of(labels, starts.cpu().numpy(), states_per_phone=self.graph.states_per_phone)
                information = MutualInformation.apply(scores, starts, chains, self.graph, self.delay, weights.slack)
                loss = loss + weights.mutual_information * information
            if told is not None:
                said = torch.log_softmax(states, dim=1)
                divergence = (told.exp() * (told - said)).sum(dim=1).mean()
                loss = loss + weights.distillation * divergence
        return loss
