"""Tables of the power model: constants, their sources, activity, the description of a run."""

from __future__ import annotations

import csv
import io
import json
import math
import random
from pathlib import Path

from power.constants import TABLES, load_constants
from power.energy import estimate
from power.errors import PowerError
from power.priced_activity import COLUMNS, Run, read_activity, read_run
from power.sources import TABLE, load_sources
from tests.fuzz.case import Case
from tests.fuzz.mutation import json_mutated, name, number, placed, text_mutated
from tests.fuzz.surface import Finding, Surface

CONSTANTS = TABLES[0].read_text(encoding="utf-8")
SOURCES = TABLE.read_text(encoding="utf-8")
ROWS = (
    ("controller", "state", "register", "2", "free", "160", "52582", "", "", "", ""),
    ("pe_array", "acc0", "register", "18", "gated", "900", "4000", "", "", "", ""),
    ("pe_array", "adder0", "adder", "18", "", "", "", "", "", "700", ""),
    ("neuron_unit", "membrane0_0", "register", "16", "gated", "1200", "9000", "", "", "", ""),
    ("weight_buffer", "bank0", "memory", "512", "", "", "", "900", "12", "", "1200"),
    ("output", "valid", "port", "1", "", "40", "", "", "", "", ""),
)
RUN = {"frames": 40, "cycles": 26_291, "clock_hz": 100_000.0, "frame_period_s": 0.01}


def table(rows: list[list[str]]) -> str:
    """Return rows as CSV."""
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(rows)
    return file.getvalue()


ACTIVITY = table([list(COLUMNS), *map(list, ROWS)])


def cells_changed(rng: random.Random, text: str) -> bytes:
    """Return a table with cells, a row or a column changed."""
    rows = list(csv.reader(io.StringIO(text)))
    for _ in range(rng.randint(1, 3)):
        row = rng.choice(rows)
        if not row:
            continue
        at = rng.randrange(len(row))
        change = rng.randrange(8)
        if change <= 2:
            row[at] = number(rng)
        elif change == 3:
            row[at] = rng.choice([name(rng), "", rng.choice(rng.choice(rows) or [""])])
        elif change == 4:
            rows.insert(rng.randrange(len(rows)), list(row))
        elif change == 5:
            rows.remove(row)
            rows = rows or [[""]]
        elif change == 6:
            for each in rows:
                del each[at : at + 1]
        else:
            row.append(name(rng))
    return table(rows).encode("utf-8", "surrogateescape")


def generate(rng: random.Random) -> Case:
    """Return one of the four with damage or malice."""
    kind = rng.choice(["constants", "activity", "run", "sources"])
    if kind == "run":
        content = json_mutated(rng, RUN)
    else:
        text = {"constants": CONSTANTS, "sources": SOURCES}.get(kind, ACTIVITY)
        content = cells_changed(rng, text) if rng.random() < 0.6 else text_mutated(rng, text)
    entries, argument = placed(rng, {"run": "run.json"}.get(kind, f"{kind}.csv"), content)
    return Case(entries, argument, {"kind": kind})


def run(case: Case, folder: Path) -> None:
    """Read it, and price with it; figures must be finite."""
    path, kind = case.path(folder), case.words["kind"]
    if kind == "sources":
        if not all(0 < source.value < math.inf for source in load_sources(path).values()):
            raise Finding("a source is no number above 0")
        return
    constants = load_constants(path) if kind == "constants" else load_constants()
    if kind == "activity":
        rows = read_activity(path)
    else:
        good = folder / "good.csv"
        good.write_text(ACTIVITY)
        rows = read_activity(good)
    period = read_run(path) if kind == "run" else Run(**json.loads(json.dumps(RUN)))
    try:
        report = estimate(rows, period, constants)
    except PowerError:
        # Of several files at once: who calls it names them; `run_folders` asks.
        return
    if not all(math.isfinite(value) for value in report.total):
        raise Finding(f"power is not finite: {list(report.total)}")


SURFACE = Surface("tables", generate, run, share=10)
