"""Unstructured magnitude pruning of the fully connected layer (paper: 40 % of its weights)."""

from __future__ import annotations

import torch


def magnitude_mask(weights: torch.Tensor, *, share: float) -> torch.Tensor:
    """Keep the largest weights.

    Parameters
    ----------
    weights : torch.Tensor
    share : float
        Share of the weights to prune, in 0..1; exactly ``round(share * weights.numel())`` are, the smallest in
        magnitude, the first among equals.

    Returns
    -------
    torch.Tensor [same shape, dtype=bool]
        False where pruned.

    Raises
    ------
    ValueError
        A share outside 0..1.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"prune: share is {share}, expected 0..1")
    order = torch.sort(weights.detach().abs().flatten(), stable=True).indices
    mask = torch.ones(weights.numel(), dtype=torch.bool)
    mask[order[: round(share * weights.numel())]] = False
    return mask.reshape(weights.shape)
