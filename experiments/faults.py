"""The fault-injection table: every fault put into a copy of the RTL, one at a time, and what co-simulation said."""

from __future__ import annotations

import sys
from pathlib import Path

from tqdm import tqdm

from cosim.faults import FAULTS, inject
from experiments.tables import write_csv


def inject_all(out: Path) -> tuple[str, int]:
    """Inject every fault and write ``faults.csv``.

    Parameters
    ----------
    out : Path
        Folder to write.

    Returns
    -------
    text : str
        The table.
    missed : int
        Faults that went unnoticed; also counts the unchanged copy if it did not pass.
    """
    out.mkdir(parents=True, exist_ok=True)
    control = inject(None)
    rows = []
    for fault in tqdm(FAULTS, unit="fault", disable=None, file=sys.stderr):
        verdict = inject(fault)
        rows.append(
            {
                "block": fault.block,
                "fault": fault.what,
                "caught": verdict.caught,
                "by": verdict.by,
                "first_difference": verdict.said,
            }
        )
    write_csv(out / "faults.csv", rows)
    missed = sum(not row["caught"] for row in rows) + control.caught
    by_comparison = sum(row["by"] == "comparison" for row in rows)
    lines = [f"{row['block']:<14} {row['fault']:<42} {row['by'] or 'MISSED'}" for row in rows]
    lines += [
        f"{len(rows)} faults in {len({row['block'] for row in rows})} blocks: {by_comparison} caught by comparison, "
        f"{sum(row['by'] == 'MyHDL' for row in rows)} by MyHDL's range check, {missed} missed; the unchanged copy "
        f"{'FAILS' if control.caught else 'passes'}",
        f"written: {out}/faults.csv",
    ]
    return "\n".join(lines) + "\n", missed
