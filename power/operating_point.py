"""Power of a run at another clock and supply voltage, from its estimate at 0.9 V.

- *Dynamic* energy follows Stillmaker and Baas' energy at 28 nm (`power.scaling`, *derived*).
- *Timing*: the longest path, scaled from the node and voltage that it was found at, by their delay.
- *Leakage* is V x I, and I falls with the drain's barrier lowering (DIBL) by a decade each `slope / DIBL` volts: high
  is no DIBL, typical 0.08 V/V, low 0.15 V/V, at 90 mV a decade, 25 C (*assumption*; the polynomials have no leakage).
- Real time has a frame each period and idles in between; back to back starts each frame after the other, as a figure
  in operations a second at 500 MHz takes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from power.constants import NOMINAL_V, NOTHING, Bounds
from power.errors import ConstantsError
from power.extremes import estimate_extremes
from power.priced_activity import ActivityRow, Run
from power.scaling import bracket_28nm_voltage, bracket_to_28nm

DIBL_V_PER_V = Bounds(0.15, 0.08, 0.0)
SLOPE_V_PER_DECADE = 0.09
PARTS = ("clock", "memory", "logic", "memory leakage", "logic leakage")
LOADS = ("real time", "back to back")


@dataclass(frozen=True)
class LongestPath:
    """A longest path, in ns, and the published node ("180") and supply voltage that it was found at."""

    ns: float
    node: str
    vdd: float

    def at_28nm(self, vdd: float) -> Bounds:
        """Return it in ns at 28 nm: fastest, middle, slowest."""
        return Bounds(*bracket_to_28nm(self.node, self.vdd, vdd, "delay")) * self.ns

    def meets(self, clock_hz: float, vdd: float) -> str:
        """Return whether the path fits the clock's period: "yes", "at the middle", "at best" or "no"."""
        period_ns = 1e9 / clock_hz
        count = sum(delay <= period_ns for delay in self.at_28nm(vdd))
        return ("no", "at best", "at the middle", "yes")[count]


@dataclass(frozen=True)
class OperatingPoint:
    """A clock, a voltage and a load, and what a run costs there.

    Parameters
    ----------
    clock_hz, vdd : float
    load : {"real time", "back to back"}
    parts_uw : mapping of str to Bounds
        Each of `PARTS` in uW.
    seconds_a_frame, cycles_a_second : float
        Busy cycles alone.
    """

    clock_hz: float
    vdd: float
    load: str
    parts_uw: Mapping[str, Bounds]
    seconds_a_frame: float
    cycles_a_second: float

    @property
    def total_uw(self) -> Bounds:
        """Sum of all parts."""
        return sum(self.parts_uw.values(), NOTHING)

    @property
    def frame_nj(self) -> Bounds:
        """Energy of a frame, leakage included."""
        return self.total_uw * (self.seconds_a_frame * 1e3)


def leakage_factor(vdd: float) -> Bounds:
    """Return leakage at a voltage over that at 0.9 V.

    Raises
    ------
    ConstantsError
        A voltage beyond 0.9 V, where the bounds would change places, or none.
    """
    if not 0 < vdd <= NOMINAL_V:
        raise ConstantsError(f"leakage: {vdd:g} V, expected above 0, to {NOMINAL_V} V")
    decades = (NOMINAL_V - vdd) / SLOPE_V_PER_DECADE
    return Bounds(*(vdd / NOMINAL_V * 10 ** (-dibl * decades) for dibl in DIBL_V_PER_V))


def operating_point(
    rows: Iterable[ActivityRow],
    run: Run,
    *,
    clock_hz: float,
    vdd: float,
    load: str,
    gate_nw: Bounds | None = None,
    gates: float = 0.0,
) -> OperatingPoint:
    """Price a run at a clock, a voltage and a load.

    Parameters
    ----------
    rows : iterable of ActivityRow
    run : Run
    clock_hz, vdd : float
    load : {"real time", "back to back"}
    gate_nw : Bounds, optional
        Leakage of a gate at 0.9 V in nW; with it, `gates` of them are the logic's leakage, instead of the estimate's.
    gates : float
        NAND2 equivalents.

    Raises
    ------
    ActivityError, ConstantsError
        As `power.energy.estimate`; a voltage out of range.
    """
    busy_s = run.cycles / run.frames / clock_hz
    period = run.frame_period_s if load == "real time" else busy_s
    here = replace(run, clock_hz=clock_hz, frame_period_s=period)
    energy = Bounds(*bracket_28nm_voltage(NOMINAL_V, vdd, "energy"))
    leakage = leakage_factor(vdd)
    parts = dict.fromkeys(PARTS, NOTHING)
    for (_, component), power in estimate_extremes(rows, here).items():
        parts[part_of(component)] += power * (leakage if "leakage" in component else energy)
    if gate_nw is not None:
        parts["logic leakage"] = gate_nw * leakage * (gates / 1e3)
    seconds = here.seconds / run.frames
    return OperatingPoint(clock_hz, vdd, load, parts, seconds, run.cycles / run.frames / seconds)


def part_of(component: str) -> str:
    """Return which of `PARTS` a component of `power.energy.estimate` belongs to."""
    memory = "memory" in component
    if "leakage" in component:
        return "memory leakage" if memory else "logic leakage"
    return "memory" if memory else "clock" if "clock" in component else "logic"
