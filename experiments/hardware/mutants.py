"""The campaign of mutants: which the scenarios tell from the original, which are it, and which are neither yet."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
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
from experiments.chain.sweep import Workers, sweep
from experiments.command.tables import read_rows, write_csv, write_text
from experiments.hardware.mutant_tables import (
    EQUAL,
    HELD,
    IN_ICARUS,
    IN_PLACE,
    KILLED,
    REVIEWED,
    UNDECIDED,
    by_block,
    markdown,
)
from files.errors import FileError
from files.folder import output_folder
from golden.schedule import build_schedule
from rtl.build_cache import digest, kept
from rtl.design import TOP, Design, build_design
from rtl.formal.invariants import invariants
from rtl.netlist import MODULE
from rtl.sources import sources_digest
from rtl.synthesis.yosys import yosys_version

__all__ = ["CHANGES", "asked_modules", "mutate_all", "named"]

_MEMORY = f"{MODULE}memory"
# Nets of the record that are neither outputs of the accelerator nor registers.
_WATCHED = ("address", "read", "clocked0", "clocked1", "codes")
_NAMES = ("module", "process", "kind", "before", "after", "occurrence")
# What there is to decide; what a proof depends on besides, and a simulation.
CHANGES = tuple(f"cosim.mutants.{name}" for name in ("alternatives", "population", "schemata"))
_PROOFS = (*CHANGES, *(f"cosim.mutants.{name}" for name in ("circuit", "context", "equivalence", "held", "logic")))
_SIMULATIONS = (
    *(*CHANGES, *(f"cosim.mutants.{name}" for name in ("campaign", "driven", "scenarios"))),
    *("cosim.engines", "cosim.latched_rows", "golden"),
    *(f"rtl.{name}" for name in ("build_cache", "netlist", "program", "registers")),
)


def mutate_all(
    out: Path,
    *,
    designs: Sequence[str],
    blocks: Sequence[str] = (),
    again: bool = False,
    workers: Workers | None = None,
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
    workers : Workers, optional
        Where designs are decided; simulated they are one behind the other, on all cores of this machine.

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
        looked: list[_Looked] = []
        noticed: set[Mutant] = set()
        for name in designs:
            looked.append(_look(name, blocks, set() if again else noticed))
            noticed |= looked[-1].noticed
        # Proofs know nothing of each other, so designs are decided side by side.
        found = sweep(_rows, looked, workers or Workers(), unit="design")
        rows = [row for each in found for row in each]
        text = markdown(rows)
        write_csv(staging / "mutants.csv", rows)
        write_csv(staging / "summary.csv", by_block(rows))
        write_text(staging / "summary.md", text)
    return f"{text}\nwritten: {out}/\n", sum(row["verdict"] == UNDECIDED for row in rows)


@dataclass(frozen=True)
class _Looked:
    """What simulation, and the analysis of its processes, say of a design's mutants.

    Parameters
    ----------
    name : str
    chosen : dict of str to list of int
        Mutants that are looked at, by module.
    simulated : dict of str to list of (str, str)
        Scenario and first difference of each, "" of those that survive.
    held : dict of str to dict of int to str
        What is kept by those that survive and keep a value.
    mutants : dict of str to list of Mutant
        Of those that are looked at.
    """

    name: str
    chosen: dict[str, list[int]]
    simulated: dict[str, list[tuple[str, str]]]
    held: dict[str, dict[int, str]]
    mutants: dict[str, list[Mutant]]

    @property
    def noticed(self) -> set[Mutant]:
        """Mutants that a check notices here, and that need not be looked at in another design."""
        return {
            mutant
            for module, those in self.mutants.items()
            for number, mutant, (scenario, _) in zip(
                self.chosen[module], those, self.simulated[module], strict=True
            )
            if scenario or number in self.held[module]
        }


def _look(name: str, blocks: Sequence[str], known: Collection[Mutant]) -> _Looked:
    """Simulate the mutants of a design but for those that are known, and analyse what survives."""
    design = build_design(DESIGNS[name].specification, DESIGNS[name].architecture)
    texts = {module: given.text for module, given in design.modules.items()}
    everyone = populate(texts, "0", dict.fromkeys(asked_modules(texts, blocks))).mutants
    chosen = {
        module: [number for number, mutant in enumerate(those, 1) if mutant not in known]
        for module, those in everyone.items()
    }
    simulated = _simulated(DESIGNS[name], design, chosen)
    held = {}
    for module, numbers in chosen.items():
        left = [number for number, (scenario, _) in zip(numbers, simulated[module], strict=True) if not scenario]
        # Of a memory each word would be one that is held.
        held[module] = _held(texts, module, left) if module != _MEMORY else {}
        held[module] |= unassigned_by(texts[module], everyone[module], left)
    mutants = {module: [everyone[module][number - 1] for number in numbers] for module, numbers in chosen.items()}
    return _Looked(name, chosen, simulated, held, mutants)


def _reviewed() -> dict[tuple[str, Mutant], str]:
    """Return the reason why a mutant of a design is equal, of those that were reviewed."""
    rows = read_rows(REVIEWED_LIST, needed=("design", *_NAMES, "reason"))
    return {(row["design"], named(row)): row["reason"] for row in rows}


def named(row: Mapping[str, str]) -> Mutant:
    """Return the mutant of a row of ``mutants.csv``."""
    return Mutant(**{name: row[name] for name in _NAMES[:-1]}, occurrence=int(row["occurrence"]))


def asked_modules(texts: Mapping[str, str], blocks: Sequence[str]) -> list[str]:
    """Return the modules of a design that are named without what all names begin with; of no name all.

    Raises
    ------
    FileError
        A block that there is not.
    """
    known = {module.removeprefix(MODULE): module for module in texts}
    if unknown := [block for block in blocks if block not in known]:
        raise FileError(f"--blocks {unknown[0]}: expected some of {', '.join(known)}")
    return [module for block, module in known.items() if not blocks or block in blocks]


def _rows(looked: _Looked) -> list[dict[str, Any]]:
    """Return a row of each of a design's mutants."""
    name = looked.name
    design = build_design(DESIGNS[name].specification, DESIGNS[name].architecture)
    texts = {module: given.text for module, given in design.modules.items()}
    reviewed, equal, left = _reviewed(), {}, {}
    modules = tqdm(looked.chosen, f"proofs of {name}", unit="module", leave=False, disable=None, file=sys.stderr)
    for module in modules:
        numbers = looked.chosen[module]
        survived = zip(numbers, looked.simulated[module], strict=True)
        left[module] = [each for each, (scenario, _) in survived if not scenario and each not in looked.held[module]]
        # The accelerator as a whole comes later, with the mutants of all modules.
        equal[module] = _proved(texts, {module: left[module]}, module)[module] if module != TOP else []
        left[module] = [number for number in left[module] if number not in equal[module]]
    in_place = _proved(texts, left, TOP, invariants=invariants(build_schedule(design.specification)))
    left = {module: [each for each in those if each not in in_place[module]] for module, those in left.items()}
    icarus = _in_icarus(DESIGNS[name], design, left)
    rows = []
    for module, mutants in looked.mutants.items():
        given = zip(looked.chosen[module], mutants, looked.simulated[module], strict=True)
        for number, mutant, (scenario, why) in given:
            verdict = KILLED
            if scenario:
                pass
            elif number in looked.held[module]:
                verdict, why = HELD, looked.held[module][number]
            elif number in equal[module]:
                verdict = EQUAL
            elif number in in_place[module]:
                verdict = IN_PLACE
            elif (module, number) in icarus:
                scenario, why = icarus[module, number]
                scenario += IN_ICARUS
            else:
                why = reviewed.get((name, mutant), "")
                verdict = REVIEWED if why else UNDECIDED
            rows.append({"design": name, **asdict(mutant), "verdict": verdict, "scenario": scenario, "why": why})
    return rows


def _simulated(
    chosen: MutatedDesign, design: Design, numbers: Mapping[str, Sequence[int]]
) -> dict[str, list[tuple[str, str]]]:
    """Return scenario and first difference of each mutant."""
    key = digest(sources_digest(*_SIMULATIONS), design.digest, repr(chosen), repr(numbers), build_key())
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
    key = digest(sources, design.digest, repr(chosen), repr(numbers), icarus_key())
    found = kept("mutants-icarus", key, simulate)
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
