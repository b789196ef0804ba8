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

from cosim.engines.icarus import icarus_key
from cosim.engines.verilator import build_key
from cosim.mutants.campaign import run_design
from cosim.mutants.designs import DESIGNS, MutatedDesign
from cosim.mutants.driven import Driven
from cosim.mutants.equivalence import proved_equal
from cosim.mutants.held import held_values
from cosim.mutants.in_icarus import told_by_icarus
from cosim.mutants.mutant import Mutant
from cosim.mutants.population import populate
from cosim.mutants.reviewed import REVIEWED_LIST
from cosim.mutants.scenarios import scenarios
from cosim.mutants.unassigned import unassigned_by
from experiments.command.tables import read_rows, write_csv, write_text
from files.errors import FileError
from files.folder import output_folder
from golden.schedule import build_schedule
from rtl.build_cache import digest, kept
from rtl.design import TOP, Design, build_design
from rtl.formal.invariants import invariants
from rtl.netlist import MODULE
from rtl.sources import sources_digest
from rtl.synthesis.yosys import yosys_version

__all__ = ["mutate_all", "named"]

KILLED, HELD, EQUAL, IN_PLACE = "killed", "keeps a value", "equal", "equal in place"
REVIEWED, UNDECIDED = "reviewed", "undecided"
_VERDICTS = (KILLED, HELD, EQUAL, IN_PLACE, REVIEWED, UNDECIDED)
_MEMORY = f"{MODULE}memory"
# Nets of the record that are neither outputs of the accelerator nor registers.
_WATCHED = ("address", "read", "clocked0", "clocked1", "codes")
_NAMES = ("module", "process", "kind", "before", "after", "occurrence")
# What there is to decide; what a proof depends on besides, and a simulation.
_CHANGES = tuple(f"cosim.mutants.{name}" for name in ("alternatives", "population", "schemata"))
_PROOFS = (*_CHANGES, *(f"cosim.mutants.{name}" for name in ("circuit", "context", "equivalence", "held", "logic")))
_SIMULATIONS = (
    *(*_CHANGES, *(f"cosim.mutants.{name}" for name in ("campaign", "driven", "scenarios"))),
    *("cosim.engines", "cosim.latched_rows", "golden", "rtl"),
)


def mutate_all(
    out: Path, *, designs: Sequence[str], blocks: Sequence[str] = (), again: bool = False
) -> tuple[str, int]:
    """Run the campaign and write ``mutants.csv``, ``summary.csv`` and ``summary.md``.

    What is found is kept by all that it depends on, so that a run that was ended goes on.

    Parameters
    ----------
    out : Path
        Folder to write.
    designs : sequence of str
        Of `cosim.mutants.designs.DESIGNS`.
    blocks : sequence of str
        Modules without what all names begin with; empty for all.
    again : bool
        Of a later design all mutants, not just those that no check of an earlier one noticed.

    Returns
    -------
    summary : str
    undecided : int
        Mutants that no check notices, and that are not known to be equal.

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
        rows: list[dict[str, Any]] = []
        reviewed = _reviewed()
        noticed: set[Mutant] = set()
        for name in designs:
            design = build_design(DESIGNS[name].specification, DESIGNS[name].architecture)
            texts = {module: given.text for module, given in design.modules.items()}
            everyone = populate(texts, "0", dict.fromkeys(_asked(texts, blocks))).mutants
            chosen = {
                module: [number for number, mutant in enumerate(those, 1) if again or mutant not in noticed]
                for module, those in everyone.items()
            }
            found = _rows(name, design, chosen, reviewed)
            noticed.update(mutant for mutant, row in found if row["verdict"] in (KILLED, HELD))
            rows += [row for _, row in found]
        summary = _summary(rows)
        write_csv(staging / "mutants.csv", rows)
        write_csv(staging / "summary.csv", summary)
        text = _markdown(summary)
        write_text(staging / "summary.md", text)
    return f"{text}\nwritten: {out}/\n", sum(row["verdict"] == UNDECIDED for row in rows)


def _reviewed() -> dict[tuple[str, Mutant], str]:
    """Return the reason why a mutant of a design is equal, of those that were reviewed."""
    rows = read_rows(REVIEWED_LIST, needed=("design", *_NAMES, "reason"))
    return {(row["design"], named(row)): row["reason"] for row in rows}


def named(row: Mapping[str, str]) -> Mutant:
    """Return the mutant of a row of ``mutants.csv``."""
    return Mutant(**{name: row[name] for name in _NAMES[:-1]}, occurrence=int(row["occurrence"]))


def _asked(texts: Mapping[str, str], blocks: Sequence[str]) -> list[str]:
    known = {module.removeprefix(MODULE): module for module in texts}
    if unknown := [block for block in blocks if block not in known]:
        raise FileError(f"--blocks {unknown[0]}: expected some of {', '.join(known)}")
    return [module for block, module in known.items() if not blocks or block in blocks]


def _rows(
    name: str, design: Design, chosen: Mapping[str, Sequence[int]], reviewed: Mapping[tuple[str, Mutant], str]
) -> list[tuple[Mutant, dict[str, Any]]]:
    """Return the mutants of a design, each with its row."""
    texts = {module: given.text for module, given in design.modules.items()}
    simulated = _simulated(DESIGNS[name], design, chosen)
    left = {
        module: [number for number, (scenario, _) in zip(numbers, simulated[module], strict=True) if not scenario]
        for module, numbers in chosen.items()
    }
    population = populate(texts, "0", chosen)
    held, equal = {}, {}
    for module in tqdm(left, f"proofs of {name}", unit="module", disable=None, file=sys.stderr):
        # Of a memory each word would be one that is held.
        held[module] = _held(texts, module, left[module]) if module != _MEMORY else {}
        held[module] |= unassigned_by(texts[module], population.mutants[module], left[module])
        left[module] = [number for number in left[module] if number not in held[module]]
        # The accelerator as a whole comes later, with the mutants of all modules.
        equal[module] = _proved(texts, {module: left[module]}, module)[module] if module != TOP else []
        left[module] = [number for number in left[module] if number not in equal[module]]
    in_place = _proved(texts, left, TOP, invariants=invariants(build_schedule(design.specification)))
    left = {module: [each for each in those if each not in in_place[module]] for module, those in left.items()}
    icarus = _in_icarus(DESIGNS[name], design, left)
    rows = []
    for module, numbers in chosen.items():
        for number, (scenario, difference) in zip(numbers, simulated[module], strict=True):
            mutant = population.mutants[module][number - 1]
            if scenario:
                verdict = KILLED
            elif number in held[module]:
                verdict, difference = HELD, held[module][number]
            elif number in equal[module]:
                verdict = EQUAL
            elif number in in_place[module]:
                verdict = IN_PLACE
            elif (module, number) in icarus:
                scenario, difference = icarus[module, number]
                verdict, scenario = KILLED, f"{scenario}, in Icarus"
            else:
                difference = reviewed.get((name, mutant), "")
                verdict = REVIEWED if difference else UNDECIDED
            row = {"design": name, **asdict(mutant), "verdict": verdict, "scenario": scenario, "why": difference}
            rows.append((mutant, row))
    return rows


def _simulated(
    chosen: MutatedDesign, design: Design, numbers: Mapping[str, Sequence[int]]
) -> dict[str, list[tuple[str, str]]]:
    """Return scenario and first difference of each mutant."""
    key = digest(sources_digest(*_SIMULATIONS), repr(chosen), repr(numbers), build_key())
    total = sum(map(len, numbers.values()))

    def simulate() -> dict[str, list[tuple[str, str]]]:
        driven = scenarios(chosen.specification)
        with tqdm(total=total, desc=chosen.what, unit="mutant", disable=None, file=sys.stderr) as bar:
            found = run_design(design, driven, numbers, progress=bar.update)
        return {
            module: [(found[module][number].scenario, found[module][number].difference) for number in asked]
            for module, asked in numbers.items()
        }

    return dict(kept("mutants", key, simulate))


def _in_icarus(
    chosen: MutatedDesign, design: Design, numbers: Mapping[str, Sequence[int]]
) -> dict[tuple[str, int], tuple[str, str]]:
    """Return scenario and first difference of each mutant that Icarus tells."""

    def simulate() -> list[tuple[str, int, str, str]]:
        driven = [Driven(scenario) for scenario in scenarios(chosen.specification)]
        return [(*place, *found) for place, found in told_by_icarus(design, numbers, driven).items()]

    sources = sources_digest(*_SIMULATIONS, "cosim.mutants.in_icarus")
    found = kept("mutants-icarus", digest(sources, repr(chosen), repr(numbers), icarus_key()), simulate)
    return {(module, number): (scenario, difference) for module, number, scenario, difference in found}


def _held(texts: Mapping[str, str], module: str, numbers: Sequence[int]) -> dict[int, str]:
    """Return the name of what each mutant keeps, of those that keep something."""
    key = _proof_key(texts, {module: numbers}, "held")
    found = kept("held", key, lambda: list(held_values(texts, module, numbers).items()))
    return dict(found)


def _proved(
    texts: Mapping[str, str],
    numbers: Mapping[str, Sequence[int]],
    top: str,
    *,
    invariants: Mapping[str, str] | None = None,
) -> dict[str, list[int]]:
    """Return the mutants with which `top` is what it was."""
    # In the place of memory stands a bank of which nothing is known.
    asked = {module: those for module, those in numbers.items() if module == top or module != _MEMORY}
    watched = _WATCHED if top == TOP else ()

    def prove() -> dict[str, list[int]]:
        found = proved_equal(texts, asked, top, watched=watched, invariants=invariants)
        return {module: sorted(equal) for module, equal in found.items()}

    key = _proof_key(texts, asked, f"{top} {watched} {invariants}")
    found = kept("proved-equal", key, prove)
    return {module: found.get(module, []) for module in numbers}


def _proof_key(texts: Mapping[str, str], numbers: Mapping[str, Sequence[int]], what: str) -> str:
    tools = f"{yosys_version()}, python-sat {version('python-sat')}, pyslang {version('pyslang')}"
    return digest(sources_digest(*_PROOFS), repr(sorted(texts.items())), repr(dict(numbers)), what, tools)


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
