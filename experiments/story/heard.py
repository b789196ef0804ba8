"""Utterances through the front-end and golden's forward, some at a time."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

import numpy as np
from tqdm import tqdm

from experiments.chain.listing import ToHear
from experiments.chain.spoken import front_end_of
from features.audio import read_audio
from features.frontend import batch_codes
from golden.checkpoint import Checkpoint

__all__ = ["heard_in_batches"]

UTTERANCES_AT_ONCE = 50


def heard_in_batches(
    checkpoint: Checkpoint, utterances: Sequence[ToHear]
) -> Iterator[tuple[Sequence[ToHear], list[np.ndarray]]]:
    """Yield utterances and their codes.

    Parameters
    ----------
    checkpoint : Checkpoint
        Its front-end makes the codes.
    utterances : sequence of ToHear

    Yields
    ------
    batch : sequence of ToHear
    codes : list of np.ndarray [shape=(frames, inputs), dtype=integer]

    Raises
    ------
    AudioError, CheckpointError
    """
    settings = front_end_of(checkpoint)
    for start in tqdm(range(0, len(utterances), UTTERANCES_AT_ONCE), unit="batch", disable=None, file=sys.stderr):
        batch = utterances[start : start + UTTERANCES_AT_ONCE]
        yield batch, [batch_codes(read_audio(one.path), settings) for one in batch]
