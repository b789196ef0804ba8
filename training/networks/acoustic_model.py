"""What the training loop asks of a network, whether it spikes or not."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn


@dataclass(frozen=True)
class Activity:
    """What a network computed, in real units.

    Parameters
    ----------
    logits : torch.Tensor [shape=(frames, outputs)]
        Offset included.
    spikes, membranes : tuple of torch.Tensor [shape=(frames, T, width)]
        One a layer, spikes as 0.0 and 1.0; none for a network without spikes.
    """

    logits: torch.Tensor
    spikes: tuple[torch.Tensor, ...] = ()
    membranes: tuple[torch.Tensor, ...] = ()


class AcousticModel(nn.Module):
    """A network from frames of codes to the logits of states or senones.

    Attributes
    ----------
    offset : nn.Parameter [shape=(outputs,)]
        Part of the logits; the host's, not the hardware's.
    """

    offset: nn.Parameter

    @property
    def outputs(self) -> int:
        """Number of classes."""
        return len(self.offset)

    def clip_weights(self) -> None:
        """Bring the weights back into their range after an update; here they have none."""

    def forward(
        self,
        codes: torch.Tensor,
        starts: torch.Tensor,
        *,
        dropout: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> Activity:
        """Run a batch of utterances, each on its own.

        Parameters
        ----------
        codes : torch.Tensor [shape=(frames, inputs), dtype=int8 or another integer]
            All utterances, one after the other.
        starts : torch.Tensor [shape=(utterances + 1,), dtype=int64]
            First frame of each, and the number of frames.
        dropout : float
        generator : torch.Generator or None
            Of the dropout; on the CPU.
        """
        raise NotImplementedError
