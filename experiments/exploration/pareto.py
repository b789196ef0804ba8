"""The Pareto front: what no other beats in everything."""

from __future__ import annotations

import numpy as np

__all__ = ["pareto_front"]


def pareto_front(values: np.ndarray) -> np.ndarray:
    """Return which of some points no other dominates.

    One dominates another that is nowhere less than it and somewhere more. Equal points dominate neither.

    Parameters
    ----------
    values : np.ndarray [shape=(points, objectives), dtype=float64]
        Each is better the less it is; finite.

    Returns
    -------
    np.ndarray [shape=(points,), dtype=bool]

    Raises
    ------
    ValueError
        Not two dimensions, or a value that is not finite.
    """
    given = np.asarray(values, dtype=np.float64)
    if given.ndim != 2 or not np.isfinite(given).all():
        raise ValueError(f"pareto_front: shape {given.shape}, expected finite values of (points, objectives)")
    best = np.ones(len(given), dtype=bool)
    for number, own in enumerate(given):
        best[number] = not ((given <= own).all(axis=1) & (given < own).any(axis=1)).any()
    return best
