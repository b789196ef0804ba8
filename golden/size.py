"""How many bytes the weights of a network take, by three ways of counting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from golden.checkpoint import Checkpoint


@dataclass(frozen=True, kw_only=True)
class WeightSize:
    """Weights of a checkpoint.

    Parameters
    ----------
    weights, nonzero_weights : int
        All weights, and those that are not 0 in the FC plus all the others (the paper prunes the FC one by
        one, *reconstructed*).
    dense_bytes : float
        Every weight stored: what this accelerator's buffer holds (*ours*).
    nonzero_bytes : float
        The FC's zeros not stored, their places not counted either: the paper's 0.1 MB (*reconstructed*).
    bitmap_bytes : float
        The FC's zeros not stored, and a bit for each FC weight that says whether it is (*ours*).
    """

    weights: int
    nonzero_weights: int
    dense_bytes: float
    nonzero_bytes: float
    bitmap_bytes: float


def weight_size(checkpoint: Checkpoint) -> WeightSize:
    """Return the sizes of a checkpoint's weights."""
    spec = checkpoint.specification
    layers = sum(matrix.size for matrix in checkpoint.feed_forward)
    layers += sum(matrix.size for matrix in checkpoint.recurrent if matrix is not None)
    nonzero = layers + int(np.count_nonzero(checkpoint.fc))
    bytes_each = spec.weight_bits / 8
    return WeightSize(
        weights=layers + checkpoint.fc.size,
        nonzero_weights=nonzero,
        dense_bytes=(layers + checkpoint.fc.size) * bytes_each,
        nonzero_bytes=nonzero * bytes_each,
        bitmap_bytes=nonzero * bytes_each + checkpoint.fc.size / 8,
    )
