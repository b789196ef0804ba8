"""What memories would save asleep, beside an estimate in which they are awake all the time.

- *Retention*, contents kept, in the idle rest of each frame period: a bank leaks `sram_retention_ratio` of its active
  leakage there, and each frame costs one wake-up of it. It pays off where that rest is longer than the break-even time.
- *Off*, contents lost, is for a chip that is not in use: the weights must be loaded anew.

None of it is in the figures of `power.energy`; wake-up energy and time, and the leakage when off, are assumptions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic

from power.constants import BITS_PER_KB, Bounds
from power.energy import NW_PER_UW
from power.gates import Value
from power.priced_activity import ActivityRow, Run
from power.uncertainty import Draws, summary


@dataclass(frozen=True, eq=False)
class Sleep(Generic[Value]):
    """Float or float64 (draws,) of each.

    Parameters
    ----------
    awake_uw : float
        Leakage of all memories, active.
    saved_uw : float
        By retention in idle cycles, wake-ups paid; negative where they cost more.
    off_uw : float
        What is left with all of them off.
    break_even_us : float
        In retention, until a wake-up is paid.
    wake_ns : float
        Until a macro can be read.
    """

    awake_uw: Value
    saved_uw: Value
    off_uw: Value
    break_even_us: Value
    wake_ns: Value


def memories_asleep(rows: Iterable[ActivityRow], run: Run, values: Mapping[str, Value]) -> Sleep[Value] | None:
    """Return what sleep is worth in a run, or None where there is no memory.

    Parameters
    ----------
    rows : iterable of ActivityRow
    run : Run
        Its frame period and clock say how long memories are idle.
    values : mapping of str to float or float64 (draws,)
        By item of the tables.
    """
    kilobytes = sum(row.bits * row.depth for row in rows if row.kind == "memory") / BITS_PER_KB
    if not kilobytes:
        return None
    idle = run.idle_cycles / run.clock_hz / run.seconds
    awake = values["sram_leakage"] * (kilobytes / NW_PER_UW)
    held_off = awake * (1.0 - values["sram_retention_ratio"])
    # pJ a second are 1e-6 uW; of no idle time, no wake-up.
    wakes = values["sram_wake_energy"] * (kilobytes * run.frames / run.seconds * 1e-6 if idle else 0.0)
    return Sleep(
        awake_uw=awake,
        saved_uw=held_off * idle - wakes,
        off_uw=awake * values["sram_off_ratio"],
        break_even_us=values["sram_wake_energy"] * kilobytes / held_off,
        wake_ns=values["sram_wake_time"],
    )


def sleep_lines(rows: Iterable[ActivityRow], run: Run, drawn: Mapping[str, Draws]) -> list[str]:
    """Return lines of text: median (5th-95th percentile) of the draws; none where there is no memory."""
    found = memories_asleep(rows, run, drawn)
    if found is None:
        return []
    return [
        "Memories asleep (not in the figures above; wake-up and off are assumptions):",
        f"  retention in idle cycles saves {_text(summary(found.saved_uw))} uW of {_text(summary(found.awake_uw))} "
        f"that they leak; it pays from {_text(summary(found.break_even_us))} us on, and takes "
        f"{_text(summary(found.wake_ns))} ns to wake",
        f"  off, their contents lost, they leak {_text(summary(found.off_uw))} uW",
    ]


def _text(bounds: Bounds) -> str:
    return f"{bounds.typical:.3g} ({bounds.low:.3g}-{bounds.high:.3g})"
