"""The table of proofs: what holds of the controller, the zero-skip unit and the streams for every input."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from tqdm import tqdm

from experiments.synth import markdown
from experiments.tables import write_csv, write_json, write_text
from golden.checkpoint import load_checkpoint
from rtl.formal.harness import Property
from rtl.formal.properties import SMALL, build_properties
from rtl.formal.prover import holds, is_reached, notices, solver_version
from rtl.synthesis.yosys import yosys_version

# After so many seconds the solver is stopped at the network's own size: the proof at a small size stands for it.
PROOF_S = 900.0


def prove_checkpoint(*, checkpoint_path: Path | None = None, timeout_s: float = PROOF_S, out: Path) -> tuple[str, int]:
    """Prove every property, at the size of a checkpoint where that takes no longer than `timeout_s` a step.

    That the situation which a property is about can be reached, and that the solver finds the property broken in
    designs with a fault, is asked at the small size.

    Parameters
    ----------
    checkpoint_path : Path, optional
        By default the embedded network.
    timeout_s : float
        Seconds; 0 proves at the small size alone.
    out : Path
        Gets ``proofs.csv``, ``proofs.md``, ``proofs.json``.

    Returns
    -------
    text : str
        The table.
    missed : int
        Properties that do not hold, are about what cannot be reached, or do not notice every fault.

    Raises
    ------
    EngineError
        A tool is missing or fails.
    """
    spec = (load_checkpoint() if checkpoint_path is None else load_checkpoint(checkpoint_path)).specification
    tools = {"yosys": yosys_version(), "solver": solver_version()}
    out.mkdir(parents=True, exist_ok=True)
    small, full = build_properties(SMALL), build_properties(spec)
    rows = []
    for name, wanted in tqdm(small.items(), unit="property", disable=None, file=sys.stderr):
        rows.append(_proved(wanted, full.get(name), timeout_s))
        write_csv(out / "proofs.csv", rows)
    text = markdown(rows)
    write_text(out / "proofs.md", text)
    write_json(out / "proofs.json", {"small": SMALL.to_json(), "specification": spec.to_json(), "tools": tools})
    missed = sum({row["holds"], row["reached"]} != {"yes"} or row["faults_noticed"] != row["faults"] for row in rows)
    return f"{len(rows) - missed} of {len(rows)} properties shown\n\n{text}\nwritten: {out}/\n", missed


def _proved(wanted: Property, full: Property | None, timeout_s: float) -> dict[str, Any]:
    """Return the row of a property, given at the small size and, if the network has it, at the network's."""
    begun = time.perf_counter()
    proved, size = holds(wanted), "small"
    # A bounded one unrolls the worst frame: at full size that is hundreds of copies of the design.
    if proved and timeout_s and full is not None and not wanted.bounded:
        with suppress(TimeoutError):
            proved, size = holds(full, timeout_s=timeout_s), "full"
    return {
        "property": wanted.name,
        "says": wanted.says,
        "method": f"every start, {wanted.depth} cycles" if wanted.bounded else f"induction, k = {wanted.depth}",
        "blocks": " ".join(wanted.modules),
        "size": size,
        "holds": "yes" if proved else "no",
        "reached": "yes" if is_reached(wanted) else "no",
        "faults": len(wanted.mutants),
        "faults_noticed": sum(notices(wanted, mutant) for mutant in wanted.mutants),
        "seconds": round(time.perf_counter() - begun, 1),
    }
