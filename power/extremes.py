"""An estimate with all constants at their low, typical and high values, as plain bounds by block and component.

These bracket what the sources say; they are no percentiles. They are cheap, so that each cycle of a frame can have its
own, and add up exactly over frames, cycles and phases.
"""

from __future__ import annotations

from collections.abc import Iterable

from power.activity import ActivityRow, Run
from power.constants import Bounds
from power.energy import estimate


def estimate_extremes(rows: Iterable[ActivityRow], run: Run) -> dict[tuple[str, str], Bounds]:
    """Return the power of a run in uW by block and component.

    Raises
    ------
    ActivityError
        As `power.energy.estimate`.
    """
    return {(row.block, row.component): row.power_uw for row in estimate(rows, run).rows}
