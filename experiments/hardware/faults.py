"""The fault-injection table: every fault put into a copy of the RTL, one at a time, and what co-simulation said."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

from cosim.faults import FAULTS, Fault, Verdict, inject
from experiments.chain.simulation_key import ROOMS
from experiments.command.tables import write_csv
from files.folder import output_folder
from rtl.build_cache import digest, kept
from rtl.sources import sources_digest


def inject_all(out: Path, *, every: int = 1) -> tuple[str, int]:
    """Inject every fault and write ``faults.csv``; what was injected before a run was ended is not injected again.

    Parameters
    ----------
    out : Path
        Folder to write.
    every : int
        Every so many of the faults.

    Returns
    -------
    text : str
        The table.
    missed : int
        Faults that went unnoticed; also counts the unchanged copy if it did not pass.
    """
    with output_folder(out, by="rsnn faults") as staging:
        unchanged_passes = not _verdict(None)["caught"]
        rows = []
        for fault in tqdm(FAULTS[::every], unit="fault", disable=None, file=sys.stderr):
            said = _verdict(fault)
            rows.append(
                {
                    "block": fault.block,
                    "fault": fault.what,
                    "caught": said["caught"],
                    "by": said["by"],
                    "first_difference": said["said"],
                }
            )
        write_csv(staging / "faults.csv", rows)
    missed = sum(not row["caught"] for row in rows) + (not unchanged_passes)
    by_comparison = sum(row["by"] == "comparison" for row in rows)
    lines = [f"{row['block']:<14} {row['fault']:<42} {row['by'] or 'MISSED'}" for row in rows]
    lines += [
        f"{len(rows)} faults in {len({row['block'] for row in rows})} blocks: {by_comparison} caught by comparison, "
        f"{sum(row['by'] == 'MyHDL' for row in rows)} by MyHDL's range check, {missed} missed; the unchanged copy "
        f"{'passes' if unchanged_passes else 'FAILS'}",
        f"written: {out}/faults.csv",
    ]
    return "\n".join(lines) + "\n", missed


def _verdict(fault: Fault | None) -> dict[str, Any]:
    """Return what a fault gave: kept by the fault and by all sources that have a part in it."""
    key = digest(sources_digest(*ROOMS), repr(fault))
    return dict(kept("fault", key, lambda: _as_json(inject(fault))))


def _as_json(verdict: Verdict) -> dict[str, Any]:
    return {"caught": verdict.caught, "by": verdict.by, "said": verdict.said}
