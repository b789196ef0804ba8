"""The campaign of mutants: which the scenarios tell from the original, which are it, and which are neither yet."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tqdm import tqdm

from cosim.engines.verilator import verilator_version
from cosim.mutants.campaign import run_module
from cosim.mutants.designs import DESIGNS
from cosim.mutants.equivalence import proved_equal
from cosim.mutants.scenarios import Scenario, scenarios
from experiments.chain.simulation_key import ROOMS
from experiments.command.tables import write_csv, write_text
from files.errors import FileError
from files.folder import output_folder
from rtl.build_cache import digest, kept
from rtl.design import Design, build_design
from rtl.netlist import MODULE
from rtl.sources import sources_digest
from rtl.synthesis.yosys import yosys_version

__all__ = ["mutate_all"]

KILLED, EQUAL, UNDECIDED = "killed", "equal", "undecided"


def mutate_all(out: Path, *, designs: Sequence[str], blocks: Sequence[str] = ()) -> str:
    """Run the campaign and write ``mutants.csv``, ``summary.csv`` and ``summary.md``.

    The verdicts on a module are kept by all sources that have a part in them, so that a run that was ended goes on.

    Parameters
    ----------
    out : Path
        Folder to write.
    designs : sequence of str
        Of `cosim.mutants.designs.DESIGNS`.
    blocks : sequence of str
        Modules without what all names begin with; empty for all.

    Returns
    -------
    str
        The summary.

    Raises
    ------
    FileError
        A design or block that there is not.
    EngineError
        Verilator, a compiler or Yosys is missing.
    """
    if unknown := sorted(set(designs) - set(DESIGNS)):
        raise FileError(f"--designs {unknown[0]}: expected some of {', '.join(DESIGNS)}")
    with output_folder(out, by="rsnn mutants") as staging:
        tools = f"{verilator_version()}, {yosys_version()}"
        rows: list[dict[str, Any]] = []
        for name in designs:
            chosen = DESIGNS[name]
            design = build_design(chosen.specification, chosen.architecture)
            modules = [module for module in design.modules if not blocks or module.removeprefix(MODULE) in blocks]
            if not modules:
                known = ", ".join(module.removeprefix(MODULE) for module in design.modules)
                raise FileError(f"--blocks {blocks[0]}: expected some of {known}")
            driven = scenarios(chosen.specification)
            for module in tqdm(modules, f"mutants of {name}", unit="module", disable=None, file=sys.stderr):
                key = digest(sources_digest(*ROOMS, __name__), repr(chosen), module, tools)
                rows += kept("mutants", key, lambda: _verdicts(name, design, module, driven))  # noqa: B023 - at once
        summary = _summary(rows)
        write_csv(staging / "mutants.csv", rows)
        write_csv(staging / "summary.csv", summary)
        text = _markdown(summary)
        write_text(staging / "summary.md", text)
    return f"{text}\nwritten: {out}/\n"


def _verdicts(name: str, design: Design, module: str, driven: Sequence[Scenario]) -> list[dict[str, Any]]:
    verdicts = run_module(design, module, driven)
    left = [number for number, verdict in enumerate(verdicts, 1) if not verdict.killed]
    equal = proved_equal({each: found.text for each, found in design.modules.items()}, module, left)
    return [
        {
            "design": name,
            **asdict(verdict.mutant),
            "verdict": KILLED if verdict.killed else EQUAL if number in equal else UNDECIDED,
            "scenario": verdict.scenario,
            "first_difference": verdict.difference,
        }
        for number, verdict in enumerate(verdicts, 1)
    ]


def _summary(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a row a design and module."""
    counted = Counter((row["design"], row["module"], row["verdict"]) for row in rows)
    places = list(dict.fromkeys((row["design"], row["module"]) for row in rows))
    found = []
    for design, module in places:
        counts = {verdict: counted[design, module, verdict] for verdict in (KILLED, EQUAL, UNDECIDED)}
        found.append({"design": design, "module": module, "mutants": sum(counts.values()), **counts})
    return found


def _markdown(summary: Sequence[dict[str, Any]]) -> str:
    columns = ("mutants", KILLED, EQUAL, UNDECIDED)
    total = {"design": "all", "module": "", **{column: sum(row[column] for row in summary) for column in columns}}
    lines = ["| design | module | mutants | killed | proved equal | undecided |", "|---|---|---|---|---|---|"]
    for row in (*summary, total):
        counts = " | ".join(f"{row[column]:,}" for column in columns)
        lines.append(f"| {row['design']} | {row['module']} | {counts} |")
    return "\n".join(lines) + "\n"
