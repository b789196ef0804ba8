"""The table of proofs: what holds of the controller, the zero-skip unit and the streams for every input."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from experiments.command.tables import write_csv, write_json, write_text
from experiments.hardware.synth import markdown
from files.errors import FileError
from files.folder import output_folder
from golden.checkpoint import load_checkpoint
from rtl.formal.harness import Property
from rtl.formal.properties import SMALL, build_properties
from rtl.formal.prover import holds, is_reached, notices, solver_version
from rtl.synthesis.yosys import yosys_version

# After so many seconds the solver is stopped at the network's own size: the proof at a small size stands for it.
PROOF_S = 900.0


def prove_checkpoint(
    *, checkpoint_path: Path | None = None, timeout_s: float = PROOF_S, names: Sequence[str] = (), out: Path
) -> tuple[str, int]:
    """Prove every property, at the size of a checkpoint where that takes no longer than `timeout_s` a step.

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
    out : Path
        Gets ``proofs.csv``, ``proofs.md``, ``proofs.json``, and, of this machine, ``proofs_seconds.csv``.

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
        small, full = build_properties(SMALL), build_properties(spec) if timeout_s else {}
        if unknown := sorted(set(names) - set(small)):
            raise FileError(f"--properties {unknown[0]}: expected some of {', '.join(small)}")
        small = {name: wanted for name, wanted in small.items() if name in names or not names}
        rows, seconds = [], []
        for name, wanted in tqdm(small.items(), unit="property", disable=None, file=sys.stderr):
            row, taken = _proved(wanted, full.get(name), timeout_s)
            rows.append(row)
            seconds.append({"property": name, "seconds": round(taken, 1)})
        text = markdown(rows)
        write_csv(staging / "proofs.csv", rows)
        write_csv(staging / "proofs_seconds.csv", seconds)
        write_text(staging / "proofs.md", text)
        write_json(staging / "proofs.json", {"small": SMALL.to_json(), "specification": spec.to_json(), "tools": tools})
    missed = sum({row["holds"], row["reached"]} != {"yes"} or row["faults_noticed"] != row["faults"] for row in rows)
    return f"{len(rows) - missed} of {len(rows)} properties shown\n\n{text}\nwritten: {out}/\n", missed


def _proved(wanted: Property, full: Property | None, timeout_s: float) -> tuple[dict[str, Any], float]:
    """Return the row of a property, given at the small size and, if it is asked for, at the network's; seconds."""
    proved, size = holds(wanted), "small"
    seconds = proved.seconds
    # A bounded one unrolls the worst frame: at full size that is hundreds of copies of the design.
    if proved and full is not None and not wanted.bounded:
        begun = time.perf_counter()
        try:
            proved, size = holds(full, timeout_s=timeout_s), "full"
            seconds += proved.seconds
        except TimeoutError:
            seconds += time.perf_counter() - begun
    reached = is_reached(wanted)
    noticed = [notices(wanted, mutant) for mutant in wanted.mutants]
    row = {
        "property": wanted.name,
        "says": wanted.says,
        "method": f"every start, {wanted.depth} cycles" if wanted.bounded else f"induction, k = {wanted.depth}",
        "blocks": " ".join(wanted.modules),
        "size": size,
        "holds": "yes" if proved else "no",
        "reached": "yes" if reached else "no",
        "faults": len(wanted.mutants),
        "faults_noticed": sum(map(bool, noticed)),
    }
    return row, seconds + reached.seconds + sum(answer.seconds for answer in noticed)
