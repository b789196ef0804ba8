"""Run generated cases against every reader: ``python -m tests.fuzz SURFACE --seconds N``."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import threading
from pathlib import Path

from tests.fuzz.campaign import Tally, add_counts, campaign, described
from tests.fuzz.case import of_case
from tests.fuzz.surface import NAMES, surface
from tests.fuzz.verdict import FINDING
from tests.fuzz.worker import Worker


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return 1 if there are findings."""
    given = _parser().parse_args(arguments)
    if threading.current_thread() is threading.main_thread():
        # Ended by a signal it ends what it started as well.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if given.list:
        print("\n".join(NAMES))
        return 0
    if given.surface is None:
        _parser().error("expected a surface, 'all' or --list")
    names = list(NAMES) if given.surface == "all" else [given.surface]
    if given.case is not None:
        return _one(names, given)
    surfaces = {name: surface(name) for name in names}
    shares = sum(found.share for found in surfaces.values())
    tallies: list[Tally] = []
    for found in surfaces.values():
        part = found.share / shares
        tally = campaign(
            found,
            seed=given.seed,
            first=given.first,
            cases=None if given.cases is None else max(1, round(given.cases * part)),
            seconds=None if given.seconds is None else given.seconds / len(names),
            limit_s=given.limit,
            save=given.save,
        )
        print(described(tally), flush=True)
        tallies.append(tally)
        if given.counts is not None:
            add_counts(given.counts, [tally])
    found_any = sum(tally.outcomes[FINDING] for tally in tallies)
    if len(tallies) > 1:
        print(f"{sum(tally.tried for tally in tallies):,} cases, {found_any:,} findings")
    if found_any:
        print(f"findings are kept in {given.save}/")
    return int(found_any > 0)


def _one(names: list[str], given: argparse.Namespace) -> int:
    """Run one case of each surface and say what came of it; keep its files."""
    found_any = 0
    for name in names:
        found = surface(name)
        case = of_case(given.seed, name, given.case)
        folder = given.save / name / f"{given.seed}-{given.case}"
        with tempfile.TemporaryDirectory(prefix="fuzz-") as home:
            worker = Worker(found, given.seed, Path(home), limit_s=given.limit)
            _, verdict, seconds = next(iter(worker.run([given.case])))
        found.generate(case).save(folder, f"{verdict.outcome}: {verdict.kind}\n\n{verdict.what}\n")
        print(f"{name}, case {given.case}: {verdict.outcome} in {seconds:.3f} s: {ascii(verdict.kind)[1:-1]}")
        print(verdict.what.encode("ascii", "backslashreplace").decode())
        print(f"its files: {folder}/")
        found_any += verdict.outcome == FINDING
    return int(found_any > 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz",
        description="Generated cases against every reader of what is handed in. Allowed: a result, or a typed error "
        "that names the file, in bounded time and memory. Exit status 1 with findings.",
    )
    parser.add_argument("surface", nargs="?", metavar="SURFACE", choices=[*NAMES, "all"], help="see --list")
    parser.add_argument("--list", action="store_true", help="print the surfaces")
    parser.add_argument("--seconds", type=float, help="stop after so long (of 'all': shared equally)")
    parser.add_argument("--cases", type=int, help="stop after so many (of 'all': shared by what a case takes)")
    parser.add_argument("--seed", type=int, default=1, help="(default: 1)")
    parser.add_argument("--first", type=int, default=0, help="number of the first case (default: 0)")
    parser.add_argument("--case", type=int, help="run this one alone and keep its files")
    parser.add_argument("--limit", type=float, default=10.0, help="seconds of processor time a case (default: 10)")
    parser.add_argument("--save", type=Path, default=Path("build/fuzz"), help="findings (default: build/fuzz)")
    parser.add_argument("--counts", type=Path, help="CSV of counts that this run's are added to")
    return parser


if __name__ == "__main__":
    sys.exit(main())
