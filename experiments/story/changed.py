"""The shipped network pruned further or with fewer bits, nothing trained anew."""

from __future__ import annotations

import dataclasses

import numpy as np

from golden.checkpoint import Checkpoint
from golden.errors import CheckpointError
from golden.reshape import SEED

__all__ = ["with_fc_pruned", "with_fewer_bits"]


def with_fc_pruned(checkpoint: Checkpoint, share: float) -> Checkpoint:
    """Return the network with the smallest weights of the FC at 0, at least `share` of them all.

    Weights of equal size are many in so few bits: which of them go is drawn, with a fixed seed.

    Raises
    ------
    CheckpointError
        `share` is not in 0..1.
    """
    if not 0 <= share <= 1:
        raise CheckpointError(f"share of the FC to prune is {share}, expected 0..1")
    fc = checkpoint.fc.copy()
    drawn = np.random.default_rng(SEED).random(fc.size)
    order = np.lexsort((drawn, np.abs(fc.astype(np.int64)).ravel()))
    fc.ravel()[order[: round(share * fc.size)]] = 0
    return dataclasses.replace(checkpoint, fc=fc, fc_zeros=int(np.count_nonzero(fc == 0)))


def with_fewer_bits(checkpoint: Checkpoint, bits: int) -> Checkpoint:
    """Return the network with weights rounded to multiples of a step, as many as `bits` tell apart.

    The step is 2 to the power of the bits that go, so sums and thresholds keep their unit. Halves are rounded to even,
    and what would be too large is the largest.

    Raises
    ------
    CheckpointError
        `bits` is not in 2 to the network's own.
    """
    spec = checkpoint.specification
    if not 2 <= bits <= spec.weight_bits:
        raise CheckpointError(f"weight bits are {bits}, expected 2..{spec.weight_bits}")
    step, half = 1 << (spec.weight_bits - bits), 1 << (bits - 1)

    def rounded(matrix: np.ndarray) -> np.ndarray:
        return (np.clip(np.rint(matrix / step), -half, half - 1) * step).astype(matrix.dtype)

    fc = rounded(checkpoint.fc)
    return dataclasses.replace(
        checkpoint,
        feed_forward=tuple(rounded(matrix) for matrix in checkpoint.feed_forward),
        recurrent=tuple(None if matrix is None else rounded(matrix) for matrix in checkpoint.recurrent),
        fc=fc,
        fc_zeros=int(np.count_nonzero(fc == 0)),
    )
