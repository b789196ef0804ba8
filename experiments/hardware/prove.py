"""The table of proofs: what holds for every input, what it assumes, and what it notices."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from experiments.command.tables import write_csv, write_json, write_text
from experiments.hardware.property_mutants import mutants_noticed
from experiments.hardware.synth import markdown
from files.errors import FileError
from files.folder import output_folder
from golden.checkpoint import load_checkpoint
from rtl.formal.harness import Property
from rtl.formal.properties import build_properties, discharged
from rtl.formal.prover import holds, is_reached, notices, solver_version
from rtl.formal.sizes import SIZES
from rtl.synthesis.yosys import yosys_version

# After so many seconds the solver is stopped at the network's own size: the proofs at small sizes stand for it.
PROOF_S = 900.0


def prove_checkpoint(
    *,
    checkpoint_path: Path | None = None,
    timeout_s: float = PROOF_S,
    names: Sequence[str] = (),
    mutants: bool = False,
    out: Path,
) -> tuple[str, int]:
    """Prove every property at small sizes, and at a checkpoint's where that takes no longer than `timeout_s` a step.

    Answers are kept by content: a run that was ended goes on where it was.

    That the situation which a property is about can be reached, and that the solver finds the property broken in
    designs with a fault, is asked at the small size.

    Parameters
    ----------
    checkpoint_path : Path, optional
        By default the embedded network.
    timeout_s : float
        Seconds; 0 proves at the small size alone.
    names : sequence of str
        Of properties; empty for all.
    mutants : bool
        Ask besides which mutants of its block each property of a block alone notices.
    out : Path
        Gets ``proofs.csv``, ``proofs.md``, ``proofs.json``, ``proofs_assumptions.csv``, and, of this machine,
        ``proofs_seconds.csv``; with `mutants` also ``proofs_mutants.csv`` and ``proofs_mutants_left.csv``.

    Returns
    -------
    text : str
        The table.
    missed : int
        Properties that do not hold, are about what cannot be reached, or do not notice every fault.

    Raises
    ------
    FileError
        There is no property of a name.
    EngineError
        A tool is missing or fails.
    """
    with output_folder(out, by="rsnn prove") as staging:
        spec = (load_checkpoint() if checkpoint_path is None else load_checkpoint(checkpoint_path)).specification
        tools = {"yosys": yosys_version(), "solver": solver_version()}
        sizes = {size: build_properties(small) for size, small in SIZES.items()}
        full = build_properties(spec) if timeout_s else {}
        known = sizes["small"]
        if unknown := sorted(set(names) - set(known)):
            raise FileError(f"--properties {unknown[0]}: expected some of {', '.join(known)}")
        asked = [name for name in known if name in names or not names]
        # What a block does wrong shows in a frame of several only after dozens of cycles: too many to ask.
        alone = {name: known[name] for name in asked if len(known[name].modules) == 1}
        counts, left = mutants_noticed(alone) if mutants else ([], [])
        rows, seconds = [], []
        for name in tqdm(asked, unit="property", disable=None, file=sys.stderr):
            row, taken = _proved({size: found[name] for size, found in sizes.items()}, full.get(name), timeout_s)
            row["mutants_noticed"] = "; ".join(
                f"{count['block']} {count['noticed']} of {count['mutants']}"
                for count in counts
                if count["property"] == name
            )
            row["assumes"] = " ".join(entry.name for entry in known[name].assumes)
            rows.append(row)
            seconds.append({"property": name, "seconds": round(taken, 1)})
        assumptions = _assumptions(known, asked)
        text = markdown(rows)
        write_csv(staging / "proofs.csv", rows)
        write_csv(staging / "proofs_seconds.csv", seconds)
        write_csv(staging / "proofs_assumptions.csv", assumptions)
        write_text(staging / "proofs.md", text)
        if mutants:
            write_csv(staging / "proofs_mutants.csv", counts)
            write_csv(staging / "proofs_mutants_left.csv", left)
        said = {"sizes": {size: small.to_json() for size, small in SIZES.items()}, "specification": spec.to_json()}
        write_json(staging / "proofs.json", said | {"tools": tools})
    missed = sum({row["holds"], row["reached"]} != {"yes"} or row["faults_noticed"] != row["faults"] for row in rows)
    return f"{len(rows) - missed} of {len(rows)} properties shown\n\n{text}\nwritten: {out}/\n", missed


def _assumptions(properties: Mapping[str, Property], asked: Sequence[str]) -> list[dict[str, Any]]:
    """Return a row an assumption: what it says, who makes it, who shows it."""
    entries = {entry.name: entry for name in asked for entry in properties[name].assumes}
    return [
        {
            "assumption": entry.name,
            "says": entry.says,
            "of": " ".join(name for name in asked if entry in properties[name].assumes),
            "shown_by": discharged(properties, entry),
        }
        for entry in entries.values()
    ]


def _proved(sizes: Mapping[str, Property], full: Property | None, timeout_s: float) -> tuple[dict[str, Any], float]:
    """Return the row of a property, given at the small sizes and, if it is asked for, at the network's; seconds."""
    wanted = sizes["small"]
    held, seconds, proved = [], 0.0, True
    for size, each in sizes.items():
        answer = holds(each)
        seconds += answer.seconds
        proved = proved and answer.yes
        held += [size] if answer else []
    # A bounded one unrolls the worst frame: at full size that is hundreds of copies of the design.
    if proved and full is not None and not wanted.bounded:
        begun = time.perf_counter()
        try:
            answer = holds(full, timeout_s=timeout_s)
            seconds += answer.seconds
            proved = answer.yes
            held += ["full"] if answer else []
        except TimeoutError:
            seconds += time.perf_counter() - begun
    reached = is_reached(wanted)
    noticed = [notices(wanted, mutant) for mutant in wanted.mutants]
    row = {
        "property": wanted.name,
        "says": wanted.says,
        "method": f"every start, {wanted.depth} cycles" if wanted.bounded else f"induction, k = {wanted.depth}",
        "blocks": " ".join(wanted.modules),
        "sizes": " ".join(held),
        "holds": "yes" if proved else "no",
        "reached": "yes" if reached else "no",
        "faults": len(wanted.mutants),
        "faults_noticed": sum(map(bool, noticed)),
    }
    return row, seconds + reached.seconds + sum(answer.seconds for answer in noticed)
