"""The activity that a power estimate starts from: one row a register, port, memory or adder, and the run's length.

Which columns apply follows from a row's kind; the others stay empty:

========  ==================================================================================================
register  ``bits`` flip-flops, ``clock`` gated or free; ``toggles`` settled at the clock edge; ``clocked_bits``
          flip-flop cycles that received a clock edge
port      combinational: ``bits``, ``toggles``
memory    ``bits`` a row, ``depth`` rows; ``reads`` and ``writes`` in rows
adder     ``bits`` wide; ``operations`` additions
========  ==================================================================================================
"""

from __future__ import annotations

import csv
import json
import math
import numbers
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from power.errors import ActivityError

KINDS = ("register", "port", "memory", "adder")
CLOCKS = ("gated", "free")
COUNTS = ("toggles", "clocked_bits", "reads", "writes", "operations", "depth")
COLUMNS = ("block", "signal", "kind", "bits", "clock", *COUNTS)
# What each kind must give; every other count must be empty, so that nothing is priced that does not apply.
REQUIRED = {
    "register": ("toggles", "clocked_bits"),
    "port": ("toggles",),
    "memory": ("reads", "writes", "depth"),
    "adder": ("operations",),
}


@dataclass(frozen=True, kw_only=True)
class ActivityRow:
    """Activity of one thing over a run; `from_mapping` is the constructor that validates.

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
        """Validate one row; None and empty cells are what does not apply.

        Raises
        ------
        ActivityError
            Names the place, the signal, the column and what was expected.
        """
        if set(row) != set(COLUMNS):
            raise ActivityError(f"{where}: columns {sorted(map(str, row))}, expected {sorted(COLUMNS)}")
        kind, clock = row["kind"], row["clock"] or None
        name = f"{where}: {row['block']}.{row['signal']}"
        for column in ("block", "signal"):
            if not row[column]:
                raise ActivityError(f"{name}: {column} is empty, expected a name")
        if kind not in KINDS:
            raise ActivityError(f"{name}: kind {kind!r}, expected one of {', '.join(KINDS)}")
        if (kind == "register") != (clock is not None) or (clock is not None and clock not in CLOCKS):
            raise ActivityError(f"{name}: clock {clock!r}, expected gated or free for a register, else nothing")
        counts: dict[str, int] = {}
        for column in COUNTS:
            if column in REQUIRED[str(kind)]:
                counts[column] = _count(name, column, row[column], least=int(column == "depth"))
            elif row[column] is not None and row[column] != "":
                raise ActivityError(f"{name}: {column} is {row[column]!r}, expected nothing for kind {kind}")
        return cls(
            block=str(row["block"]),
            signal=str(row["signal"]),
            kind=str(kind),
            bits=_count(name, "bits", row["bits"], least=1),
            clock=None if clock is None else str(clock),
            **counts,
        )


def _count(name: str, column: str, value: str | int | None, *, least: int) -> int:
    if value is None or value == "":
        raise ActivityError(f"{name}: {column} is empty, expected a count from {least}")
    if isinstance(value, str):
        count = int(value) if value.isascii() and value.isdigit() else None
    else:
        count = int(value) if _is_integer(value) else None
    if count is None or count < least:
        raise ActivityError(f"{name}: {column} is {value!r}, expected a count from {least}")
    return count


def _is_integer(value: object) -> bool:
    # Integers of numpy too; True is none.
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


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
        A count that is no integer above 0, or a figure that is not finite and above 0.
    """

    frames: int
    cycles: int
    clock_hz: float
    frame_period_s: float

    def __post_init__(self) -> None:
        for name in ("frames", "cycles"):
            value = getattr(self, name)
            if not _is_integer(value) or value < 1:
                raise ActivityError(f"run: {name} is {value!r}, expected an integer above 0")
        for name in ("clock_hz", "frame_period_s"):
            value = getattr(self, name)
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if not is_number or not math.isfinite(value) or value <= 0:
                raise ActivityError(f"run: {name} is {value!r}, expected a finite number above 0")

    @property
    def seconds(self) -> float:
        """Real time that the frames stand for, or that their cycles take where that is longer (overruns)."""
        return max(self.frames * self.frame_period_s, self.cycles / self.clock_hz)

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
        with open(path, newline="", encoding="utf-8") as handle:
            rows = list(csv.DictReader(handle, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ActivityError(f"{path}: cannot be read: {error}") from error
    if not rows:
        raise ActivityError(f"{path}: no rows, expected one a register, port, memory or adder")
    result: list[ActivityRow] = []
    first_line: dict[tuple[str, str], int] = {}
    for number, mapping in enumerate(rows, 2):
        row = ActivityRow.from_mapping(mapping, f"{path}, line {number}")
        first = first_line.setdefault((row.block, row.signal), number)
        if first != number:
            raise ActivityError(f"{path}, line {number}: {row.block}.{row.signal} stands in line {first} too")
        result.append(row)
    return result


def read_run(path: str | os.PathLike[str]) -> Run:
    """Read the description of a run, as `write_run` writes it.

    Raises
    ------
    ActivityError
        Names file, field and what was expected.
    """
    try:
        given: Any = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ActivityError(f"{path}: cannot be read: {error}") from error
    names = [field.name for field in fields(Run)]
    if not isinstance(given, dict) or set(given) != set(names):
        found = sorted(given) if isinstance(given, dict) else type(given).__name__
        raise ActivityError(f"{path}: fields {found}, expected {sorted(names)}")
    try:
        return Run(**given)
    except ActivityError as error:
        raise ActivityError(f"{path}: {error}") from None


def write_run(path: str | os.PathLike[str], run: Run) -> Path:
    """Write the description of a run as JSON, whole or not at all."""
    path = Path(path)
    part = path.with_name(path.name + ".part")
    fields_of_run = asdict(run) | {"frames": int(run.frames), "cycles": int(run.cycles)}
    part.write_text(json.dumps(fields_of_run, indent=2) + "\n", encoding="utf-8")
    os.replace(part, path)
    return path
