"""Capacitance of a net's wire by the number of pins that it drives: a wire-load model, for want of a layout."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gates.errors import LibertyError
from gates.liberty_values import LibertyValues

__all__ = ["WireLoad", "assumed_wire_load", "wire_load_by_fanout", "wire_loads"]

# Of the assumed model.
PITCHES_A_PIN, FF_PER_UM = 2.2, 0.2
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class WireLoad:
    """A wire-load model.

    Parameters
    ----------
    name : str
    per_length_f : float
        Farads of a unit of length.
    slope : float
        Length of each further pin beyond the last of `fanouts`.
    fanouts, lengths : np.ndarray [shape=(any,), dtype=float64]
        Ascending fanouts, and the length of a net of each; lengths between are interpolated, those below continue the
        slope, and are at least 0.
    """

    name: str
    per_length_f: float
    slope: float
    fanouts: Floats
    lengths: Floats

    def capacitance_f(self, fanout: npt.ArrayLike) -> Floats:
        """Return the farads of nets by their fanout [any shape]; a net that drives nothing has none."""
        pins = np.asarray(fanout, np.float64)
        length = np.interp(pins, self.fanouts, self.lengths)
        length = length + self.slope * np.maximum(0.0, pins - self.fanouts[-1])
        length = length - self.slope * np.maximum(0.0, self.fanouts[0] - pins)
        return np.where(pins > 0, np.maximum(0.0, length) * self.per_length_f, 0.0)


def wire_load_by_fanout(um_per_fanout: float, ff_per_um: float) -> WireLoad:
    """Return a model of nets that are as long as their pins are many.

    Parameters
    ----------
    um_per_fanout : float
        Micrometres a pin, from 0.
    ff_per_um : float
        Femtofarads a micrometre, from 0.

    Raises
    ------
    LibertyError
        One is negative or not finite.
    """
    for what, value in (("length a pin in um", um_per_fanout), ("capacitance in fF/um", ff_per_um)):
        if not 0 <= value < np.inf:
            raise LibertyError(f"wire load: {what} is {value}, expected a finite number from 0")
    name = f"{um_per_fanout:g} um a pin, {ff_per_um:g} fF/um"
    return WireLoad(name, ff_per_um * 1e-15, um_per_fanout, np.ones(1), np.array([float(um_per_fanout)]))


def assumed_wire_load(cell_area_um2: float) -> WireLoad:
    """Return a model for a library without one of its own: an assumption, of nets that grow with the cells.

    A net is `PITCHES_A_PIN` times as long a pin as a small cell is wide, as in the models of NanGate45 (2.0 to 2.7 at
    fanouts of 1 to 6) and IHP SG13G2 (2.5), and has `FF_PER_UM`, about what metal has had in every node (NanGate45's
    models: 0.18; IHP's: 0.3).

    Parameters
    ----------
    cell_area_um2 : float
        Of the smallest NAND of two inputs.
    """
    return wire_load_by_fanout(PITCHES_A_PIN * max(0.0, cell_area_um2) ** 0.5, FF_PER_UM)


def wire_loads(values: LibertyValues) -> dict[str, WireLoad]:
    """Return the models of a file, by name.

    Raises
    ------
    LibertyError
        One is malformed: its capacitance or slope is negative, fanouts do not ascend, or it is not to be had by length.
    """
    found = {}
    for group in values.library.of_kind("wire_load"):
        values.name = f"wire_load {', '.join(group.names)[:60]}"
        per_length, slope = values.given(group, "capacitance"), values.given(group, "slope")
        for key, number in (("capacitance", per_length), ("slope", slope)):
            if number < 0:
                raise values.bad(group, key, str(number), "a number from 0")
        said = [entry for entry in group.attributes.get("fanout_length", "").split(";") if entry]
        pairs = [values.numbers(group, "fanout_length", entry) for entry in said]
        if not pairs or any(len(pair) < 2 for pair in pairs):
            raise values.bad(group, "fanout_length", ";".join(said), "a fanout and a length, at least once")
        fanouts, lengths = (np.array([pair[place] for pair in pairs]) for place in (0, 1))
        if np.any(np.diff(fanouts) <= 0) or fanouts[0] < 0 or lengths.min() < 0:
            raise values.bad(group, "fanout_length", ";".join(said), "ascending fanouts and lengths from 0")
        for name in group.names:
            found[name] = WireLoad(name, per_length * values.farad, slope, fanouts, lengths)
    return found
