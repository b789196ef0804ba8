"""The campaign of mutants: which the scenarios tell from the original, which are it, and which are neither yet."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tqdm import tqdm

from cosim.engines.verilator import verilator_version
from cosim.mutants.campaign import Verdict, run_module
from cosim.mutants.designs import DESIGNS
from cosim.mutants.equivalence import proved_equal
from cosim.mutants.held import held_values
from cosim.mutants.scenarios import Scenario, scenarios
from experiments.chain.simulation_key import ROOMS
from experiments.command.tables import write_csv, write_text
from files.errors import FileError
from files.folder import output_folder
from rtl.build_cache import digest, kept
from rtl.design import TOP, Design, build_design
from rtl.netlist import MODULE
from rtl.sources import sources_digest
from rtl.synthesis.yosys import yosys_version

__all__ = ["mutate_all"]

KILLED, HELD, EQUAL, IN_PLACE, UNDECIDED = "killed", "keeps a value", "equal", "equal in place", "undecided"
_VERDICTS = (KILLED, HELD, EQUAL, IN_PLACE, UNDECIDED)


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
        tools = f"{verilator_version()}, {yosys_version()}, python-sat {version('python-sat')}"
        rows: list[dict[str, Any]] = []
        for name in designs:
            chosen = DESIGNS[name]
            design = build_design(chosen.specification, chosen.architecture)
            modules = [module for module in design.modules if not blocks or module.removeprefix(MODULE) in blocks]
            if not modules:
                known = ", ".join(module.removeprefix(MODULE) for module in design.modules)
                raise FileError(f"--blocks {blocks[0]}: expected some of {known}")
            driven = scenarios(chosen.specification)
            found: dict[str, list[dict[str, Any]]] = {}
            for module in tqdm(modules, f"mutants of {name}", unit="module", disable=None, file=sys.stderr):
                key = digest(sources_digest(*ROOMS, __name__), repr(chosen), module, tools)
                found[module] = kept("mutants", key, lambda: _verdicts(name, design, module, driven))  # noqa: B023
            _decide_in_place(design, found, tools)
            rows += [row for each in found.values() for row in each]
        summary = _summary(rows)
        write_csv(staging / "mutants.csv", rows)
        write_csv(staging / "summary.csv", summary)
        text = _markdown(summary)
        write_text(staging / "summary.md", text)
    return f"{text}\nwritten: {out}/\n"


def _verdicts(name: str, design: Design, module: str, driven: Sequence[Scenario]) -> list[dict[str, Any]]:
    """Return the rows of a module that is looked at alone."""
    verdicts = run_module(design, module, driven)
    texts = {each: given.text for each, given in design.modules.items()}
    left = [number for number, verdict in enumerate(verdicts, 1) if not verdict.killed]
    # Of a memory each word would be one of these.
    held = held_values(texts, module, left) if module != f"{MODULE}memory" else {}
    asked = [number for number in left if number not in held]
    # The accelerator as a whole comes later, with the mutants of all modules.
    equal = proved_equal(texts, {module: asked}, module).get(module, frozenset()) if module != TOP else frozenset()

    def decided(number: int, verdict: Verdict) -> tuple[str, str]:
        if verdict.killed:
            return KILLED, verdict.difference
        if number in held:
            return HELD, held[number]
        return (EQUAL if number in equal else UNDECIDED), ""

    rows = []
    for number, verdict in enumerate(verdicts, 1):
        said, why = decided(number, verdict)
        rows.append(
            {
                "design": name,
                **asdict(verdict.mutant),
                "verdict": said,
                "scenario": verdict.scenario,
                "first_difference": why,
            }
        )
    return rows


def _decide_in_place(design: Design, found: Mapping[str, list[dict[str, Any]]], tools: str) -> None:
    """Ask of what is undecided in a module alone whether it is equal where the module stands."""
    left = {
        module: [number for number, row in enumerate(rows, 1) if row["verdict"] == UNDECIDED]
        for module, rows in found.items()
    }
    texts = {each: given.text for each, given in design.modules.items()}
    key = digest(sources_digest("cosim.mutants"), design.digest, repr(left), tools)

    def prove() -> dict[str, list[int]]:
        return {module: sorted(numbers) for module, numbers in proved_equal(texts, left, TOP).items()}

    for module, numbers in kept("in-place", key, prove).items():
        for number in numbers:
            found[module][number - 1]["verdict"] = IN_PLACE


def _summary(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a row a design and module."""
    counted = Counter((row["design"], row["module"], row["verdict"]) for row in rows)
    places = list(dict.fromkeys((row["design"], row["module"]) for row in rows))
    found = []
    for design, module in places:
        counts = {verdict: counted[design, module, verdict] for verdict in _VERDICTS}
        found.append({"design": design, "module": module, "mutants": sum(counts.values()), **counts})
    return found


def _markdown(summary: Sequence[dict[str, Any]]) -> str:
    columns = ("mutants", *_VERDICTS)
    total = {"design": "all", "module": "", **{column: sum(row[column] for row in summary) for column in columns}}
    lines = [f"| design | module | {' | '.join(columns)} |", "|---" * (2 + len(columns)) + "|"]
    for row in (*summary, total):
        counts = " | ".join(f"{row[column]:,}" for column in columns)
        lines.append(f"| {row['design']} | {row['module']} | {counts} |")
    return "\n".join(lines) + "\n"
