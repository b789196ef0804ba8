"""Size of the weights by step: the paper's ends stated, its steps reconstructed, ours beside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from experiments.command.tables import write_csv
from experiments.story.arithmetic import STEPS
from experiments.story.bars import plot_steps
from experiments.story.cells import number, rows_by
from files.folder import output_folder

__all__ = ["PAPER_MB", "size_by_step"]

# Stated, by step.
PAPER_MB = {"baseline": 2.79, "4-bit weights": 0.1}
# Of recognition/table.csv.
STAGES = {
    "baseline": "float-256",
    "structured pruning": "structured",
    "FC pruning": "fc-pruned",
    "4-bit weights": "integer-t2",
}
_COUNTED = {
    "megabytes": "weights left, places not counted",
    "bitmap_megabytes": "with a bit for each place of the FC",
    "dense_megabytes": "zeros stored, as in our weight buffer",
}


def size_by_step(results: Path, out: Path) -> str:
    """Write ``size.csv`` and its plot from ``recognition/table.csv`` of `results`; return the table as text.

    Raises
    ------
    FileError
        The table lacks a stage or a number.
    """
    table = results / "recognition" / "table.csv"
    trained = rows_by(table, "stage", needed=tuple(_COUNTED), names=list(STAGES.values()))
    rows: list[dict[str, Any]] = []
    for step in STEPS:
        if step.name not in STAGES:
            continue
        if step.name in PAPER_MB:
            rows.append(_row(step.name, "stated", PAPER_MB[step.name], "", "the paper's abstract"))
        rows.append(_row(step.name, "reconstructed", step.megabytes, "", f"{step.weights} weights of {step.bits} bits"))
        ours = trained[STAGES[step.name]]
        known: set[float] = set()
        for column, counted in _COUNTED.items():
            size = number(ours, column, table)
            if size not in known:
                rows.append(_row(step.name, "ours", size, counted, f"recognition/table.csv, {ours['stage']}, {column}"))
            known.add(size)
    with output_folder(out, by="rsnn size") as staging:
        write_csv(staging / "size.csv", rows)
        label = "weights (MB, a million bytes)"
        plot_steps(staging / "size.png", rows, value="megabytes", label=label, digits=3)
    return "".join(f"{row['step']:<20}{row['kind']:<15}{row['megabytes']:>8.4f} MB  {row['counted']}\n" for row in rows)


def _row(step: str, kind: str, megabytes: float, counted: str, source: str) -> dict[str, Any]:
    return {"step": step, "kind": kind, "megabytes": round(megabytes, 6), "counted": counted, "source": source}
