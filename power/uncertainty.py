"""How uncertain an estimate is: constants drawn at random within one class of cells, and one at a time.

Each constant is drawn between its bounds from a triangular distribution of its logarithm, whose mode is the typical
value: bounds that lie a factor apart, as those of leakage do, are factors and not differences. Constants of one group
share their quantile: where one SRAM size is dearer than its sources' middle, so is the next. Quantiles are stratified,
one in each of as many equal strata as there are draws (Latin hypercube), so that few draws give steady percentiles.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from power.constants import Bounds, Constant, Constants

Draws = npt.NDArray[np.float64]
DRAWS = 2000
PERCENTILES = (5.0, 50.0, 95.0)


def draw(constants: Constants, *, seed: int = 0, draws: int = DRAWS) -> dict[str, Draws]:
    """Draw all constants.

    Parameters
    ----------
    constants : mapping of str to Constant
    seed : int
    draws : int

    Returns
    -------
    dict of str to float64 (draws,)
        By item. The same seed gives a group the same draws, whatever other rows there are.
    """
    quantiles = {group: _stratified(group, seed, draws) for group in {each.group for each in constants.values()}}
    return {item: log_triangular(constant.bounds, quantiles[constant.group]) for item, constant in constants.items()}


def _stratified(group: str, seed: int, draws: int) -> Draws:
    rng = np.random.default_rng([seed, zlib.crc32(group.encode())])
    return (rng.permutation(draws) + rng.random(draws)) / draws


def log_triangular(bounds: Bounds, quantile: Draws) -> Draws:
    """Return the values at quantiles in [0, 1] of a quantity whose logarithm is triangular, float64 (n,)."""
    low, mode, high = np.log(list(bounds))
    if low == high:
        return np.full_like(quantile, bounds.typical)
    rising = low + np.sqrt(quantile * (high - low) * (mode - low))
    falling = high - np.sqrt((1 - quantile) * (high - low) * (high - mode))
    return np.asarray(np.exp(np.where(quantile < (mode - low) / (high - low), rising, falling)), np.float64)


def summary(values: Draws) -> Bounds:
    """Return 5th percentile, median and 95th percentile of draws."""
    return Bounds(*(float(value) for value in np.percentile(values, PERCENTILES)))


@dataclass(frozen=True)
class Swing:
    """What a group of constants does to a figure alone: the figure at all its low and all its high bounds."""

    group: str
    low: float
    high: float


def tornado(figure: Callable[[Mapping[str, float]], float], constants: Constants) -> list[Swing]:
    """Move each group from its low to its high bounds, all others at their typical values.

    Parameters
    ----------
    figure : callable
        Takes a value for each item.
    constants : mapping of str to Constant

    Returns
    -------
    list of Swing
        The widest first.
    """

    def at(group: str, side: str) -> float:
        def value(constant: Constant) -> float:
            return float(getattr(constant.bounds, side if constant.group == group else "typical"))

        return figure({item: value(constant) for item, constant in constants.items()})

    groups = sorted({constant.group for constant in constants.values()})
    swings = [Swing(group, at(group, "low"), at(group, "high")) for group in groups]
    return sorted(swings, key=lambda swing: -abs(swing.high - swing.low))
