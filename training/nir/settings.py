"""How a network from NIR is rounded: what the file cannot say, and the user may."""

from __future__ import annotations

from dataclasses import dataclass

from training.nir.graph import LEAST_DT, MOST_DT, NirError
from training.stages.quantise import INPUT_SCALE

# The widest membrane of a specification.
_MEMBRANE = 32


@dataclass(frozen=True, kw_only=True)
class ImportSettings:
    """How to round a graph.

    Parameters
    ----------
    weight_bits : {4, 8, 16}
    input_bits : int
        Of the codes that the network will be fed, 2..16.
    input_scale : int
        log2 of a code's worth: the graph's input is code x 2^`input_scale`. 0 for a network fed with spikes.
    guard_bits : int
        Bits of a membrane below its layer's finest weight, 0..16, as far as shifts and `membrane_bits` allow.
    membrane_bits : int
        Widest membrane, 4..32. One that is too narrow saturates, which is reported.
    leak_tolerance : float
        Largest difference between the graph's beta and the nearest 1 - 2^-k.
    dt : float or None
        Seconds of a time step, 1e-9..1e6; None takes the graph's metadata "dt", or 1e-4, snnTorch's.
    ignore_metadata : bool
        Read a graph that this project exported as if another had.

    Raises
    ------
    NirError
        Names the setting and its range.
    """

    weight_bits: int = 4
    input_bits: int = 8
    input_scale: int = INPUT_SCALE
    guard_bits: int = 4
    membrane_bits: int = _MEMBRANE
    leak_tolerance: float = 0.05
    dt: float | None = None
    ignore_metadata: bool = False

    def __post_init__(self) -> None:
        ranges = {"input_bits": (2, 16), "input_scale": (-32, 32), "guard_bits": (0, 16), "membrane_bits": (4, 32)}
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if type(value) is not int or not low <= value <= high:
                raise NirError(f"settings: {name} is {value!r}, expected {low}..{high}")
        if type(self.weight_bits) is not int or self.weight_bits not in (4, 8, 16):
            raise NirError(f"settings: weight_bits is {self.weight_bits!r}, expected 4, 8 or 16")
        if type(self.leak_tolerance) not in (int, float) or not 0 <= self.leak_tolerance < 1:
            raise NirError(f"settings: leak_tolerance is {self.leak_tolerance!r}, expected 0..1")
        if self.dt is not None and not (type(self.dt) in (int, float) and LEAST_DT <= self.dt <= MOST_DT):
            raise NirError(f"settings: dt is {self.dt!r}, expected {LEAST_DT:g}..{MOST_DT:g} s")
        if type(self.ignore_metadata) is not bool:
            raise NirError(f"settings: ignore_metadata is {self.ignore_metadata!r}, expected true or false")
