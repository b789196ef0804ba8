"""The activity that a power estimate starts from: one row a register, port, memory or adder, and the run's length."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from dataclasses import dataclass

from power.errors import ActivityError

KINDS = ("register", "port", "memory", "adder")
CLOCKS = ("gated", "free")
COUNTS = ("toggles", "clocked_bits", "reads", "writes", "operations", "depth")
COLUMNS = ("block", "signal", "kind", "bits", "clock", *COUNTS)
# What each kind must give.
REQUIRED = {
    "register": ("toggles", "clocked_bits"),
    "port": ("toggles",),
    "memory": ("reads", "writes", "depth"),
    "adder": ("operations",),
}


@dataclass(frozen=True, kw_only=True)
class ActivityRow:
    """Activity of one thing over a run.

    Parameters
    ----------
    block, signal : str
    kind : {"register", "port", "memory", "adder"}
    bits : int
        Flip-flops; width of a port or adder; bits of a memory row.
    clock : {"gated", "free"} or None
        Of a register.
    toggles : int
        Bit flips, settled at the clock edge.
    clocked_bits : int
        Flip-flop cycles with a clock edge.
    reads, writes : int
        Rows accessed.
    operations : int
        Additions.
    depth : int
        Rows of a memory.
    """

    block: str
    signal: str
    kind: str
    bits: int
    clock: str | None = None
    toggles: int = 0
    clocked_bits: int = 0
    reads: int = 0
    writes: int = 0
    operations: int = 0
    depth: int = 0

    @classmethod
    def from_mapping(cls, row: Mapping[str, str | int | None], where: str = "activity") -> ActivityRow:
        """Validate one row; None and empty cells are allowed where a column does not apply.

        Raises
        ------
        ActivityError
            Names the place, the signal, the column and what was expected.
        """
        if set(row) != set(COLUMNS):
            raise ActivityError(f"{where}: columns {sorted(row)}, expected {sorted(COLUMNS)}")
        kind, clock = row["kind"], row["clock"] or None
        name = f"{where}: {row['block']}.{row['signal']}"
        if kind not in KINDS:
            raise ActivityError(f"{name}: kind {kind!r}, expected one of {', '.join(KINDS)}")
        if (kind == "register") != (clock is not None) or (clock is not None and clock not in CLOCKS):
            raise ActivityError(f"{name}: clock {clock!r}, expected gated or free for a register, else nothing")
        counts = {
            column: _count(name, column, row[column], needed=column in REQUIRED[str(kind)]) for column in COUNTS
        }
        bits = _count(name, "bits", row["bits"], needed=True)
        if bits < 1:
            raise ActivityError(f"{name}: bits {bits}, expected 1 or more")
        return cls(
            block=str(row["block"]),
            signal=str(row["signal"]),
            kind=str(kind),
            bits=bits,
            clock=None if clock is None else str(clock),
            **counts,
        )


def _count(name: str, column: str, value: str | int | None, *, needed: bool) -> int:
    if value is None or value == "":
        if needed:
            raise ActivityError(f"{name}: {column} is empty, expected a count")
        return 0
    try:
        count = int(value)
    except ValueError:
        count = -1
    if count < 0:
        raise ActivityError(f"{name}: {column} is {value!r}, expected a count from 0")
    return count


@dataclass(frozen=True, kw_only=True)
class Run:
    """What the activity was counted over.

    Parameters
    ----------
    frames, cycles : int
        Frames, and simulated clock cycles, loading included.
    clock_hz, frame_period_s : float
        Real-time operating point.

    Raises
    ------
    ActivityError
        A count or figure that is not above 0.
    """

    frames: int
    cycles: int
    clock_hz: float
    frame_period_s: float

    def __post_init__(self) -> None:
        for name in ("frames", "cycles", "clock_hz", "frame_period_s"):
            if not getattr(self, name) > 0:
                raise ActivityError(f"run: {name} is {getattr(self, name)}, expected a number above 0")

    @property
    def seconds(self) -> float:
        """Real time that the frames stand for."""
        return self.frames * self.frame_period_s

    @property
    def idle_cycles(self) -> float:
        """Clock cycles between frames, in which only free-running flip-flops see a clock edge."""
        return max(0.0, self.seconds * self.clock_hz - self.cycles)


def read_activity(path: str | os.PathLike[str]) -> list[ActivityRow]:
    """Read an activity table.

    Parameters
    ----------
    path : path-like
        CSV with the columns `COLUMNS`.

    Raises
    ------
    ActivityError
        Names file, line, signal, column and what was expected.
    """
    try:
        with open(path, newline="") as handle:
            rows = list(csv.DictReader(handle))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ActivityError(f"{path}: cannot be read: {error}") from error
    if not rows:
        raise ActivityError(f"{path}: no rows, expected one a register, port, memory or adder")
    return [ActivityRow.from_mapping(row, f"{path}, line {number}") for number, row in enumerate(rows, 2)]
