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

import json
import numbers
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from files.errors import FileError
from files.names import GRAMMAR, is_identifier
from files.reading import brief, parse_json, read_text, whole_number
from files.writing import write_text
from power.csv_table import MOST_BYTES, parse_table
from power.errors import ActivityError

KINDS = ("register", "port", "memory", "adder")
CLOCKS = ("gated", "free")
COUNTS = ("toggles", "clocked_bits", "reads", "writes", "operations", "depth")
COLUMNS = ("block", "signal", "kind", "bits", "clock", *COUNTS)
# Beyond what any run counts, and within what energies and their sums are finite numbers for.
MOST_COUNT, MOST_BITS = 10**18, 10**9
# Of a run: the bounds of a specification's operating point, a year of frames.
CLOCK_RANGE_HZ, PERIOD_RANGE_S = (1, 1e12), (1e-9, 1000)
MOST_FRAMES, MOST_CYCLES = 10**12, 10**15
# Additions a cycle and bit of a block's flip-flops: the neuron unit adds twice for each membrane that it writes. A
# block without registers can add on as many lanes as a specification can have, twice.
_ADDITIONS_PER_REGISTER, _MOST_ADDITIONS = 2, 2048
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
    where : str
        File and line that it was read from, for messages.
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
    where: str = field(default="activity", compare=False, repr=False)

    @classmethod
    def from_mapping(cls, row: Mapping[str, str | int | None], where: str = "activity") -> ActivityRow:
        """Validate one row; None and empty cells are what does not apply.

        Raises
        ------
        ActivityError
            Names the place, the signal, the column and what was expected.
        """
        if set(row) != set(COLUMNS):
            found = brief(sorted(map(str, row)), most=400)
            raise ActivityError(f"{where}: columns {found}, expected {sorted(COLUMNS)}")
        kind, clock = row["kind"], row["clock"] or None
        for column in ("block", "signal"):
            if not is_identifier(str(row[column] or "")):
                raise ActivityError(f"{where}: {column} is {brief(row[column])}, expected a name: {GRAMMAR}")
        name = f"{where}: {row['block']}.{row['signal']}"
        if kind not in KINDS:
            raise ActivityError(f"{name}: kind {brief(kind)}, expected one of {', '.join(KINDS)}")
        if (kind == "register") != (clock is not None) or (clock is not None and clock not in CLOCKS):
            raise ActivityError(f"{name}: clock {brief(clock)}, expected gated or free for a register, else nothing")
        counts: dict[str, int] = {}
        for column in COUNTS:
            if column in REQUIRED[str(kind)]:
                most = MOST_BITS if column == "depth" else MOST_COUNT
                counts[column] = _count(name, column, row[column], least=int(column == "depth"), most=most)
            elif row[column] is not None and row[column] != "":
                raise ActivityError(f"{name}: {column} is {brief(row[column])}, expected nothing for kind {kind}")
        return cls(
            block=str(row["block"]),
            signal=str(row["signal"]),
            kind=str(kind),
            bits=_count(name, "bits", row["bits"], least=1, most=MOST_BITS),
            clock=None if clock is None else str(clock),
            where=where,
            **counts,
        )


def _count(name: str, column: str, value: str | int | None, *, least: int, most: int) -> int:
    expected = f"expected a count in {least}..{most:g}"
    if value is None or value == "":
        raise ActivityError(f"{name}: {column} is empty, {expected}")
    if isinstance(value, str):
        count = whole_number(value, least=least, most=most)
    else:
        count = int(value) if _is_integer(value) and least <= value <= most else None
    if count is None:
        raise ActivityError(f"{name}: {column} is {brief(value)}, {expected}")
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
        Frames, and simulated clock cycles, loading included: at least one a frame, at most 10^15.
    clock_hz, frame_period_s : float
        Real-time operating point, 1 Hz to 1 THz and 1 ns to 1,000 s.

    Raises
    ------
    ActivityError
        A count or figure out of its range, which the message gives.
    """

    frames: int
    cycles: int
    clock_hz: float
    frame_period_s: float

    def __post_init__(self) -> None:
        for name, most in (("frames", MOST_FRAMES), ("cycles", MOST_CYCLES)):
            value = getattr(self, name)
            if not _is_integer(value) or not 1 <= value <= most:
                raise ActivityError(f"run: {name} is {brief(value)}, expected an integer in 1..{most:,}")
        if self.cycles < self.frames:
            raise ActivityError(f"run: cycles is {self.cycles}, expected at least one for each of {self.frames} frames")
        for name, (low, high) in (("clock_hz", CLOCK_RANGE_HZ), ("frame_period_s", PERIOD_RANGE_S)):
            value = getattr(self, name)
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if not is_number or not low <= value <= high:
                raise ActivityError(f"run: {name} is {brief(value)}, expected a number in {low:g}..{high:g}")

    @property
    def seconds(self) -> float:
        """Real time that the frames stand for, or that their cycles take where that is longer (overruns)."""
        return max(self.frames * self.frame_period_s, self.cycles / self.clock_hz)

    @property
    def idle_cycles(self) -> float:
        """Clock cycles between frames, in which only free-running flip-flops see a clock edge."""
        return max(0.0, self.seconds * self.clock_hz - self.cycles)


def check_counts(rows: Sequence[ActivityRow], run: Run) -> None:
    """Hold every count to what can have happened in a run's cycles.

    A bit toggles, and a flip-flop is clocked, at most once a cycle, and one that runs freely in every cycle; a bank is
    read and written once a cycle at most; a block adds no more bits a cycle than twice those of its flip-flops, or,
    where it has none, 2,048 numbers.

    Raises
    ------
    ActivityError
        Names file, line, signal, column and the most that the run allows: the counts are of another run, or damaged.
    """
    flip_flops = Counter[str]()
    for row in rows:
        if row.kind == "register":
            flip_flops[row.block] += row.bits
    for row in rows:
        most = dict.fromkeys(("toggles", "clocked_bits"), row.bits * run.cycles)
        most |= dict.fromkeys(("reads", "writes"), run.cycles)
        registers = _ADDITIONS_PER_REGISTER * flip_flops[row.block] // row.bits
        most["operations"] = run.cycles * (registers if flip_flops[row.block] else _MOST_ADDITIONS)
        name = f"{row.where}: {row.block}.{row.signal}"
        for column, limit in most.items():
            count = getattr(row, column)
            if not 0 <= count <= limit:
                raise ActivityError(
                    f"{name}: {column} is {brief(count)}, expected at most {limit:,} in {run.cycles:,} cycles: counts "
                    "and run are not of each other"
                )
        if row.clock == "free" and row.clocked_bits != row.bits * run.cycles:
            raise ActivityError(
                f"{name}: clocked_bits is {row.clocked_bits}, expected {row.bits * run.cycles}: {row.bits} flip-flops "
                f"that run freely in {run.cycles:,} cycles; counts and run are not of each other"
            )


def read_activity(path: str | os.PathLike[str]) -> list[ActivityRow]:
    """Read an activity table; see `parse_activity`.

    Parameters
    ----------
    path : path-like
        CSV with the columns `COLUMNS`.
    """
    try:
        text = read_text(path, what="activity table", most=MOST_BYTES)
    except FileError as error:
        raise ActivityError(str(error)) from error
    return parse_activity(text, str(path))


def parse_activity(text: str | bytes, where: str) -> list[ActivityRow]:
    """Return the rows of an activity table.

    Parameters
    ----------
    text : str or bytes
        CSV with the columns `COLUMNS`; bytes are UTF-8.
    where : str
        The file, which begins every message.

    Raises
    ------
    ActivityError
        Names file, line, signal, column and what was expected.
    """
    result: list[ActivityRow] = []
    first_line: dict[tuple[str, str], int] = {}
    try:
        for number, mapping in parse_table(_decoded(text, where), where, COLUMNS):
            row = ActivityRow.from_mapping(mapping, f"{where}, line {number}")
            first = first_line.setdefault((row.block, row.signal), number)
            if first != number:
                raise ActivityError(f"{where}, line {number}: {row.block}.{row.signal} stands in line {first} too")
            result.append(row)
    except ActivityError:
        raise
    except ValueError as error:
        raise ActivityError(str(error)) from error
    return result


def _decoded(text: str | bytes, where: str) -> str:
    try:
        return text if isinstance(text, str) else text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ActivityError(f"{where}: no UTF-8 text (byte {error.start})") from error


def read_run(path: str | os.PathLike[str]) -> Run:
    """Read the description of a run, as `write_run` writes it; see `parse_run`."""
    try:
        text = read_text(path, what="description of a run", most=MOST_BYTES)
    except FileError as error:
        raise ActivityError(str(error)) from error
    return parse_run(text, str(path))


def parse_run(text: str | bytes, where: str) -> Run:
    """Return the run that JSON describes.

    Parameters
    ----------
    text : str or bytes
        An object with the fields of `Run`.
    where : str
        The file, which begins every message.

    Raises
    ------
    ActivityError
        Names file, field and what was expected.
    """
    try:
        given = parse_json(text, where)
    except FileError as error:
        raise ActivityError(str(error)) from error
    names = [field.name for field in fields(Run)]
    if not isinstance(given, dict) or set(given) != set(names):
        found = brief(sorted(given)) if isinstance(given, dict) else type(given).__name__
        raise ActivityError(f"{where}: fields {found}, expected {sorted(names)}")
    try:
        return Run(**given)
    except ActivityError as error:
        raise ActivityError(f"{where}: {error}") from None


def write_run(path: str | os.PathLike[str], run: Run) -> Path:
    """Write the description of a run as JSON, whole or not at all."""
    fields_of_run = asdict(run) | {"frames": int(run.frames), "cycles": int(run.cycles)}
    return write_text(path, json.dumps(fields_of_run, indent=2) + "\n")
