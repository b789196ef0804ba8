"""An estimate with all constants at their low, typical and high values, as plain bounds by block and component.

These bracket what the sources say; they are no percentiles. They are cheap, so that each cycle of a frame can have its
own, and add up exactly over frames, cycles and phases.
"""

from __future__ import annotations

from collections.abc import Iterable

from power.constants import Bounds, load_constants
from power.energy import price
from power.priced_activity import ActivityRow, Run


def estimate_extremes(rows: Iterable[ActivityRow], run: Run) -> dict[tuple[str, str], Bounds]:
    """Return the power of a run in uW by block and component; logic leakage is that of the default class.

    Raises
    ------
    ActivityError
        As `power.energy.price`.
    """
    given = list(rows)
    low, typical, high = (
        price(given, run, {item: float(getattr(constant.bounds, end)) for item, constant in load_constants().items()})
        for end in ("low", "typical", "high")
    )
    return {place: Bounds(float(low[place]), float(typical[place]), float(high[place])) for place in typical}
