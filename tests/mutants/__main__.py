"""Mutants of the Python that makes figures: ``python -m tests.mutants MODULE ...``."""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest
from tqdm import tqdm

from tests.mutants.making import Mutant, mutants_of
from tests.mutants.modules import LEFT_OUT, MODULES, PLAIN, judges_of

ROOT = Path(__file__).resolve().parents[2]
REVIEWED = Path(__file__).with_name("equivalent.csv")
COLUMNS = ("module", "function", "operator", "before", "after", "occurrence", "verdict", "by")
VERDICTS = ("killed", "equivalent", "survived")


def main(arguments: list[str] | None = None) -> int:
    """Run the modules; return 1 if a mutant survives that is not listed as equivalent."""
    given = _parser().parse_args(arguments)
    os.chdir(ROOT)
    reviewed = read_reviewed()
    rows: list[dict[str, str]] = []
    wrong: list[str] = []
    for module in given.modules or MODULES:
        mutants = list(mutants_of(module, ROOT / (module.replace(".", "/") + ".py")))
        wanted = [mutant for mutant in mutants if given.listed or mutant.key not in reviewed]
        kept = _kept_file(module, given.kept)
        child = os.fork()  # a module a process: what a mutant's tests import must be fresh
        if child == 0:
            status = 1
            try:
                status = _run(module, kept, wanted, given.kills_hold)
            finally:
                os._exit(status)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
            print(f"{module}: its tests did not run", file=sys.stderr)
            return 2
        killers = {key: by for key, _, by in _read_kept(kept)}
        found = [_row(mutant, killers.get(mutant.key, ""), reviewed) for mutant in mutants]
        counts = {verdict: sum(row["verdict"] == verdict for row in found) for verdict in VERDICTS}
        print(f"{module:<28}{len(found):>6}", *(f"{counts[verdict]:>6} {verdict}" for verdict in VERDICTS), flush=True)
        rows += found
        keys = {mutant.key for mutant in mutants}
        wrong += [f"listed, but no mutant: {key}" for key in reviewed if key[0] == module and key not in keys]
        wrong += [f"listed, but killed by {killers[key]}: {key}" for key in reviewed if killers.get(key)]
    given.out.parent.mkdir(parents=True, exist_ok=True)
    with given.out.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    for row in rows:
        if row["verdict"] == "survived":
            where = f"{row['module']} {row['function']} [{row['occurrence']}]"
            wrong.append(f"{where}: {row['before']}  ->  {row['after']}")
    print(*wrong, sep="\n", end="\n" if wrong else "")
    return int(bool(wrong))


def _row(mutant: Mutant, by: str, reviewed: Collection[tuple[str, ...]]) -> dict[str, str]:
    verdict = "killed" if by else "equivalent" if mutant.key in reviewed else "survived"
    named = dict(zip(("module", "function", "before", "after", "occurrence"), mutant.key, strict=True))
    return named | {"operator": mutant.operator, "verdict": verdict, "by": by}


def read_reviewed() -> dict[tuple[str, ...], str]:
    """Return the reasons of the mutants that no figure can tell from the original, by key."""
    with REVIEWED.open(newline="") as file:
        return {
            (row["module"], row["function"], row["before"], row["after"], row["occurrence"]): row["reason"]
            for row in csv.DictReader(file)
        }


def _kept_file(module: str, folder: Path) -> Path:
    """Return where a module's verdicts are kept: they hold for these bytes of source and tests alone."""
    source = module.replace(".", "/") + ".py"
    beside = ("specifications", "schedule_table", "hardware_trace")
    shared = ["tests/conftest.py", *(f"tests/golden/{name}.py" for name in beside)]
    tests = sorted({name.split("::")[0] for name in judges_of(module)})
    return folder / f"{module}-{_digest([source])}-{_digest([*tests, *shared])}.jsonl"


def _digest(paths: list[str]) -> str:
    return hashlib.sha256(b"".join((ROOT / path).read_bytes() for path in paths)).hexdigest()[:12]


def _read_kept(path: Path) -> Iterator[tuple[tuple[str, ...], str, str]]:
    if path.is_file():
        for line in path.read_text().splitlines(keepends=True):
            if line.endswith("\n"):  # the last may be half written
                key, operator, by = json.loads(line)
                yield tuple(key), operator, by


def _run(module: str, path: Path, mutants: list[Mutant], kills_hold: bool) -> int:
    """Bring the kept verdicts of a module up to date; return pytest's exit status."""
    folder = path.parent
    folder.mkdir(parents=True, exist_ok=True)
    known = {key for key, _, _ in _read_kept(path)}
    # What killed a mutant before is likely to do so again.
    before = sorted(folder.glob(f"{module}-*.jsonl"), key=os.path.getmtime)
    killers = {key: by for old in before for key, _, by in _read_kept(old) if by}
    if kills_hold:
        source = path.name.rpartition("-")[0]
        held = [row for old in before if old.name.startswith(source) for row in _read_kept(old) if row[2]]
        with path.open("a") as file:
            file.writelines(json.dumps(row) + "\n" for row in held if row[0] not in known)
        known |= {row[0] for row in held}
    wanted = [mutant for mutant in mutants if mutant.key not in known]
    if not wanted:
        return 0
    if path.is_file():  # whoever was ended in the middle of a line
        path.write_text("".join(line for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")))
    if module in PLAIN:
        from tests.mutants.plain import leave_plain

        leave_plain(PLAIN[module])
    from tests.mutants.running import Tests

    with path.open("a") as file, tqdm(total=len(wanted), desc=module, disable=None) as bar:

        def take(mutant: Mutant, by: str) -> None:
            file.write(json.dumps([mutant.key, mutant.operator, by]) + "\n")
            file.flush()
            bar.update()

        plugin: Any = Tests(wanted, take, lambda mutant: killers.get(mutant.key, ""))
        options = ["-q", "-q", "-p", "no:cacheprovider", "-p", "no:faulthandler", "-m", "not full"]
        left_out = ["-k", f"not {LEFT_OUT[module]}"] if module in LEFT_OUT else []
        return int(pytest.main([*options, *left_out, *judges_of(module)], plugins=[plugin]))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutants",
        description="Change one thing of a module at a time and run its tests. Exit status 1 if a mutant survives that "
        "tests/mutants/equivalent.csv does not list.",
        epilog="for example: python -m tests.mutants golden.size golden.handshake",
    )
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"(default: all of {', '.join(MODULES)})")
    table, kept = Path("build/mutants.csv"), Path("build/mutants")
    parser.add_argument("--out", type=Path, default=table, help="a row a mutant (default: %(default)s)")
    parser.add_argument("--kept", type=Path, default=kept, help="verdicts so far (default: %(default)s)")
    parser.add_argument(
        "--kills-hold", action="store_true", help="tests were added alone: what they killed of the same source is dead"
    )
    parser.add_argument("--listed", action="store_true", help="run the listed ones too: a killed one is no equal")
    return parser


if __name__ == "__main__":
    sys.exit(main())
