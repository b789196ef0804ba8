"""Why a figure differs from the paper's: what the paper does not state, by how far it moves ours.

Every candidate is worth the microwatts between the ends of what is open: over classes of cells the least and the most
total; in the class that comes nearest to the paper's figure, the 5th and 95th percentile of what memories, and of what
clock, wires and adders take, and the totals at the highest and the lowest voltage that energy is scaled to.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from power.constants import NOMINAL_V, Bounds
from power.operating_point import leakage_factor
from power.report import LEAKAGE, PAPER_POWER_UW, PowerReport, bounds_text
from power.scaling import bracket_28nm_voltage

LOWEST_V = 0.5
# Below any estimate: no power at all is farthest from the paper's.
TINY_UW = 1e-30
MEMORY = ("memory leakage", "memory reads", "memory writes")


@dataclass(frozen=True)
class Reason:
    """A sentence, and how many uW the figure moves by it."""

    text: str
    worth_uw: float


def reasons(reports: Mapping[str, PowerReport]) -> list[Reason]:
    """Return every candidate, the one that moves the figure furthest first.

    Parameters
    ----------
    reports : mapping of str to PowerReport
        By class of cells, at least one, with power in it.
    """
    totals = {name: report.total.typical for name, report in reports.items()}
    nearest = min(reports, key=lambda name: abs(math.log(max(totals[name], TINY_UW) / PAPER_POWER_UW)))
    report = reports[nearest]
    memory = report.of(MEMORY)
    active = report.of({row.component for row in report.rows} - {*MEMORY, *LEAKAGE})
    at_lowest = _at_voltage(report, LOWEST_V)
    found = [
        Reason(
            f"the paper does not state its class of cells: {' / '.join(reports)} give "
            f"{' / '.join(f'{total:.1f}' for total in totals.values())} uW here, in the same run",
            max(totals.values()) - min(totals.values()),
        ),
        Reason(
            f"it does not state how its memories are organised: ours, two banks priced from CACTI and peers, take "
            f"{bounds_text(memory)} uW in every class",
            _width(memory),
        ),
        Reason(
            f"it does not state its supply voltage at 100 kHz: ours, {NOMINAL_V} V at 25 C, gives "
            f"{totals[nearest]:.1f} uW in {nearest} cells, and {LOWEST_V} V would give {at_lowest:.1f}",
            totals[nearest] - at_lowest,
        ),
        Reason(
            f"it is laid out and ours is not: clock, wires and adders take {bounds_text(active)} uW here, with assumed "
            "wires and clock tree",
            _width(active),
        ),
    ]
    return sorted(found, key=lambda reason: -reason.worth_uw)


def largest(reports: Mapping[str, PowerReport], count: int = 3) -> list[Reason]:
    """Return the first of `reasons`."""
    return reasons(reports)[:count]


def _width(bounds: Bounds) -> float:
    return bounds.high - bounds.low


def _at_voltage(report: PowerReport, vdd: float) -> float:
    """Return the total at another voltage: energy and leakage as `power.operating_point` scales them, typically."""
    _, energy, _ = bracket_28nm_voltage(NOMINAL_V, vdd, "energy")
    leaking = report.of(LEAKAGE).typical
    return (report.total.typical - leaking) * energy + leaking * leakage_factor(vdd).typical
