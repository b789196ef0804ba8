"""A design at every voltage and class of cells: power, energy and time of a frame, by pricing alone.

Two clocks: that of the specification (100 kHz), where no frame takes longer than real time there, and the slowest at
which none does. A design that misses real time at 100 kHz is priced at its slowest clock alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from experiments.exploration.measured import Activity
from golden.specification import Specification
from power.inference import ASSUMED_CLASSES, AT_28_NM
from power.operating_point import LongestPath, operating_point

__all__ = ["SLOWEST", "Clock", "Prices", "area_mm2", "clocks_of", "price_design"]

SLOWEST = "slowest"
LOAD = "real time"
ENDS = ("low", "typical", "high")


@dataclass(frozen=True)
class Clock:
    """A clock that a design is priced at.

    Parameters
    ----------
    name : str
        "100 kHz" as the specification has it, or `SLOWEST`.
    hz : float
    """

    name: str
    hz: float


@dataclass(frozen=True)
class Prices:
    """What designs are priced with.

    Parameters
    ----------
    voltages : sequence of float
        Supplies in V, 0.5 to 0.9.
    path : LongestPath
        Taken for every design: it is in the comparison of the logits of a cycle, which all have alike.
    """

    voltages: Sequence[float]
    path: LongestPath


def clocks_of(spec: Specification, activity: Activity) -> list[Clock]:
    """Return the clocks that a design is priced at."""
    slowest = Clock(SLOWEST, activity.cycles_most / spec.frame_period_s)
    if activity.cycles_most > spec.frame_budget:
        return [slowest]
    return [Clock(f"{spec.clock_hz / 1e3:g} kHz", spec.clock_hz), slowest]


def area_mm2(gates: float, memory_bits: int) -> dict[str, str]:
    """Return the columns of area at 28 nm: logic and its placement, memories as macros, bounds of the total."""
    logic, memory = AT_28_NM.logic_mm2(gates), AT_28_NM.memory_mm2(memory_bits)
    total = logic + memory
    return {
        "logic_mm2": f"{logic.typical:.4g}",
        "memory_mm2": f"{memory.typical:.4g}",
        **{f"area_{end}_mm2": f"{getattr(total, end):.4g}" for end in ENDS},
    }


def price_design(spec: Specification, activity: Activity, gates: float, prices: Prices) -> list[dict[str, Any]]:
    """Return a row a clock, class and voltage.

    Parameters
    ----------
    spec : Specification
    activity : Activity
    gates : float
        NAND2 equivalents of all blocks.
    prices : Prices

    Raises
    ------
    ConstantsError
        A voltage out of range.
    """
    rows, table = activity.priced_rows(), []
    for clock in clocks_of(spec, activity):
        run = activity.run(clock.hz, spec.frame_period_s)
        for name, leakage in ASSUMED_CLASSES.items():
            for vdd in prices.voltages:
                point = operating_point(
                    rows, run, clock_hz=clock.hz, vdd=vdd, load=LOAD, gate_nw=leakage, gates=gates
                )
                parts = {part: of.typical for part, of in point.parts_uw.items()}
                table.append(
                    {
                        "class": name,
                        "vdd_v": f"{vdd:g}",
                        "clock": clock.name,
                        "clock_hz": f"{clock.hz:.0f}",
                        "meets_timing": prices.path.meets(clock.hz, vdd),
                        "dynamic_uw": f"{sum(of for part, of in parts.items() if 'leakage' not in part):.4g}",
                        "memory_leakage_uw": f"{parts['memory leakage']:.4g}",
                        "logic_leakage_uw": f"{parts['logic leakage']:.4g}",
                        **{f"total_{end}_uw": f"{getattr(point.total_uw, end):.4g}" for end in ENDS},
                        "frame_nj": f"{point.frame_nj.typical:.4g}",
                        "latency_ms": f"{1e3 * activity.cycles / activity.frames / clock.hz:.4g}",
                        "latency_most_ms": f"{1e3 * activity.cycles_most / clock.hz:.4g}",
                    }
                )
    return table
