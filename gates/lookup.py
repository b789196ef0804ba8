"""Tables over input slew and output load: bilinear between their points, clamped at their border."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Table"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Table:
    """Energy over input slew and output load, in SI.

    Beyond its border the nearest point of the border counts: a slope of energy, continued, becomes negative soon.

    Parameters
    ----------
    slews : ndarray of float64 [n]
        Seconds, ascending; one where the energy does not depend on it.
    loads : ndarray of float64 [m]
        Farads, ascending; one where the energy does not depend on it.
    values : ndarray of float64 [n, m]
        Joules.
    """

    slews: Floats
    loads: Floats
    values: Floats

    def at(self, slew: npt.ArrayLike, load: npt.ArrayLike = 0.0) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Look up many at once.

        Parameters
        ----------
        slew, load : array_like of float
            Seconds and farads, broadcast against each other.

        Returns
        -------
        energy : ndarray of float64
            Joules.
        outside : ndarray of bool
            Where the table's border was taken instead.
        """
        slew, load = np.broadcast_arrays(np.asarray(slew, np.float64), np.asarray(load, np.float64))
        row, along, beyond = _place(self.slews, slew)
        column, across, above = _place(self.loads, load)
        next_row = np.minimum(row + 1, self.slews.size - 1)
        next_column = np.minimum(column + 1, self.loads.size - 1)
        near = self.values[row, column] * (1 - across) + self.values[row, next_column] * across
        far = self.values[next_row, column] * (1 - across) + self.values[next_row, next_column] * across
        return near * (1 - along) + far * along, beyond | above


def _place(axis: Floats, at: Floats) -> tuple[npt.NDArray[np.intp], Floats, npt.NDArray[np.bool_]]:
    """Return the point below, the way from it to the next as a fraction, and where that is beyond the border."""
    if axis.size == 1:
        return np.zeros(at.shape, np.intp), np.zeros(at.shape), np.zeros(at.shape, bool)
    below = np.clip(np.searchsorted(axis, at, side="right") - 1, 0, axis.size - 2)
    fraction = (at - axis[below]) / (axis[below + 1] - axis[below])
    return below, np.clip(fraction, 0.0, 1.0), (at < axis[0]) | (at > axis[-1])
