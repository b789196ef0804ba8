"""Many cases of one surface or all: counts, findings kept as files, and counts that add up over runs."""

from __future__ import annotations

import collections
import csv
import hashlib
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.case import of_case
from tests.fuzz.surface import Surface
from tests.fuzz.verdict import FINDING, REFUSED, RESULT, Verdict
from tests.fuzz.worker import Worker

# Of one kind of finding so many cases are kept.
KEPT = 3
COLUMNS = ("surface", "tried", RESULT, REFUSED, FINDING, "seconds", "slowest_s")
# Many numbers at once, so that a process is started seldom.
_BATCH = 20_000


@dataclass
class Tally:
    """Counts of one surface, and its findings by kind.

    Parameters
    ----------
    surface : str
    outcomes : Counter
    kinds : Counter
    examples : dict of str to (int, str)
        By kind, the first case's number and what happened.
    seconds, slowest_s : float
    """

    surface: str
    outcomes: collections.Counter[str] = field(default_factory=collections.Counter)
    kinds: collections.Counter[str] = field(default_factory=collections.Counter)
    examples: dict[str, tuple[int, str]] = field(default_factory=dict)
    seconds: float = 0.0
    slowest_s: float = 0.0

    @property
    def tried(self) -> int:
        """Cases."""
        return self.outcomes.total()

    def add(self, number: int, verdict: Verdict, seconds: float) -> None:
        """Count a case."""
        self.outcomes[verdict.outcome] += 1
        self.slowest_s = max(self.slowest_s, seconds)
        if verdict.outcome == FINDING:
            self.kinds[verdict.kind] += 1
            self.examples.setdefault(verdict.kind, (number, verdict.what))

    def row(self) -> dict[str, str | int | float]:
        """Return the counts as a row of `COLUMNS`."""
        counts = {outcome: self.outcomes[outcome] for outcome in (RESULT, REFUSED, FINDING)}
        times = {"seconds": round(self.seconds, 1), "slowest_s": round(self.slowest_s, 2)}
        return {"surface": self.surface, "tried": self.tried, **counts, **times}


def campaign(
    surface: Surface,
    *,
    seed: int,
    first: int = 0,
    cases: int | None = None,
    seconds: float | None = None,
    limit_s: float = 10.0,
    save: Path | None = None,
) -> Tally:
    """Run cases of a surface.

    Parameters
    ----------
    surface : Surface
    seed, first : int
        Case `first` of this seed and those after it.
    cases : int, optional
    seconds : float, optional
        Without either, for ever.
    limit_s : float
        Of a case.
    save : Path, optional
        Folder that findings are kept in, ``SURFACE/KIND/SEED-NUMBER``.
    """
    tally = Tally(surface.name)
    begun = time.monotonic()
    told = begun if sys.stderr.isatty() else float("inf")
    with tempfile.TemporaryDirectory(prefix="fuzz-") as home:
        worker = Worker(surface, seed, Path(home), limit_s=limit_s)
        for number, verdict, took in _until_stopped(_until(worker, first, cases, seconds, begun)):
            tally.add(number, verdict, took)
            if verdict.outcome == FINDING and save is not None and tally.kinds[verdict.kind] <= KEPT:
                keep(save, surface, seed, number, verdict)
            if time.monotonic() - told > 1:
                told = time.monotonic()
                print(f"\r{surface.name}: {tally.tried:,} cases, {tally.outcomes[FINDING]} findings", end="\033[K",
                      file=sys.stderr, flush=True)  # fmt: skip
    if told != float("inf"):
        print("\r\033[K", end="", file=sys.stderr)
    tally.seconds = time.monotonic() - begun
    return tally


def _until_stopped(outcomes: Iterable[tuple[int, Verdict, float]]) -> Iterator[tuple[int, Verdict, float]]:
    """Yield outcomes until there are no more, or Ctrl-C ends a run that has no end of its own."""
    try:
        yield from outcomes
    except KeyboardInterrupt:
        return


def _until(
    worker: Worker, first: int, cases: int | None, seconds: float | None, begun: float
) -> Iterable[tuple[int, Verdict, float]]:
    last = None if cases is None else first + cases
    numbers = itertools.count(first) if last is None else iter(range(first, last))
    while batch := list(itertools.islice(numbers, _BATCH)):
        for outcome in worker.run(batch):
            yield outcome
            if seconds is not None and time.monotonic() - begun > seconds:
                return


def keep(save: Path, surface: Surface, seed: int, number: int, verdict: Verdict) -> Path:
    """Save a case with what happened; return its folder."""
    digest = hashlib.sha256(verdict.kind.encode("utf-8", "backslashreplace")).hexdigest()[:8]
    folder = save / surface.name.rpartition(":")[2] / digest / f"{seed}-{number}"
    again = f"python -m tests.fuzz {surface.name} --seed {seed} --case {number}"
    surface.generate(of_case(seed, surface.name, number)).save(folder, f"{again}\n\n{verdict.kind}\n\n{verdict.what}\n")
    return folder


def described(tally: Tally) -> str:
    """Return a surface's counts, and its findings by kind, as text."""
    rate = tally.tried / tally.seconds if tally.seconds else 0.0
    lines = [
        f"{tally.surface:<15}{tally.tried:>9,} tried {tally.outcomes[RESULT]:>8,} result "
        f"{tally.outcomes[REFUSED]:>8,} typed error {tally.outcomes[FINDING]:>6,} anything else "
        f"{rate:8.1f}/s, slowest {tally.slowest_s:.2f} s"
    ]
    for kind, count in tally.kinds.most_common():
        number, what = tally.examples[kind]
        last = next((line for line in reversed(what.splitlines()) if line.strip()), "")
        lines.append(f"  {count:>6,} x {kind} (case {number}): {ascii(last[:140])[1:-1]}")
    return "\n".join(lines)


def add_counts(path: Path, tallies: Iterable[Tally]) -> None:
    """Add counts to a CSV of earlier runs, a row a surface."""
    rows: dict[str, dict[str, float]] = {}
    if path.is_file():
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                rows[row["surface"]] = {column: float(row[column]) for column in COLUMNS[1:]}
    for tally in tallies:
        before = rows.get(tally.surface, dict.fromkeys(COLUMNS[1:], 0.0))
        now = {column: float(value) for column, value in tally.row().items() if column != "surface"}
        sums = {column: before[column] + now[column] for column in COLUMNS[1:]}
        rows[tally.surface] = sums | {"slowest_s": max(before["slowest_s"], now["slowest_s"])}
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    with part.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for name in sorted(rows):
            writer.writerow([name, *(f"{rows[name][column]:.10g}" for column in COLUMNS[1:])])
    os.replace(part, path)
