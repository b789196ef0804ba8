"""A checkpoint's logits recognised with its own host section, whatever its task."""

from __future__ import annotations

import numpy as np

from golden.checkpoint import Checkpoint
from golden.decoder import PhoneSegment
from golden.errors import StimulusError
from golden.tasks import decoder_of


def decode_checkpoint(checkpoint: Checkpoint, logits: np.ndarray) -> list[PhoneSegment]:
    """Decode the integer logits of `checkpoint`'s network for its task.

    Parameters
    ----------
    checkpoint : Checkpoint
    logits : np.ndarray [shape=(frames, outputs), dtype=integer]
        Of one utterance.

    Raises
    ------
    StimulusError
        A checkpoint without host section, or logits of another shape.
    """
    if checkpoint.host is None:
        raise StimulusError("decoder: the checkpoint has no host section")
    decoder = decoder_of(checkpoint.host, len(logits), fc_scale=checkpoint.scales["fc"])
    decoder.push(logits)
    return decoder.finish()
