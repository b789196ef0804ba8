"""What a co-simulation found, on whatever engine it ran."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from cosim.waveform import Wave
from golden.predicted_activity import Row


class Activity(Protocol):
    """Toggles, clock edges, memory accesses and additions, by phase of the frame."""

    @property
    def cycles(self) -> Mapping[str, int]:
        """Cycles counted, by phase."""

    @property
    def total_cycles(self) -> int:
        """Cycles counted."""

    def rows(self, phase: str | None = None) -> list[Row]:
        """Return the activity table, of one phase or of all."""


@dataclass
class Cosimulation:
    """What a co-simulation found.

    Parameters
    ----------
    frames, cycles : int
        Frames and clock cycles compared.
    signals, bits : int
        Registers and ports of a record, and their bits, compared in each of those cycles.
    frame_cycles : list of int
        Cycles of each frame, loading included.
    overruns : int
        Frames that raised the overrun flag.
    best : list of int
        The accelerator's arg-max of each frame.
    activity : Activity
    seconds : float
        Wall-clock time of the simulation, comparison included.
    waves : list of Wave
        The first cycles, where a waveform was asked for.
    engine : str
        Name of the simulator, as people write it.
    """

    signals: int
    bits: int
    activity: Activity
    frames: int = 0
    cycles: int = 0
    frame_cycles: list[int] = field(default_factory=list)
    overruns: int = 0
    best: list[int] = field(default_factory=list)
    seconds: float = 0.0
    waves: list[Wave] = field(default_factory=list)
    engine: str = "MyHDL"

    @property
    def values_compared(self) -> int:
        """Registers and ports compared, over all cycles."""
        return self.signals * self.cycles
