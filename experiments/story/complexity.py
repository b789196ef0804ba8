"""Work by step: the paper's end stated, its steps reconstructed, ours counted on speech."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from experiments.command.tables import write_csv
from experiments.story.arithmetic import STEPS
from experiments.story.bars import plot_steps
from experiments.story.cells import number, rows_by
from experiments.story.size import STAGES
from files.errors import FileError
from files.folder import output_folder
from files.reading import brief, parse_json, read_bytes

__all__ = ["PAPER_MMAC", "complexity_by_step"]

# Stated: what zero-skipping leaves, and that it is 90.49 % less.
PAPER_MMAC, PAPER_SAVED = 13.86, 0.9049
_LAST = "zero-skipping"
# Of power/techniques/techniques_cumulative.csv.
CONFIGURATIONS = {
    "baseline": "dense, 16 bits",
    "structured pruning": "+ structured pruning",
    "FC pruning": "+ FC pruning with gating",
    "4-bit weights": "+ 4-bit weights",
    "merged spike": "+ merged spike",
    _LAST: "+ zero-skipping",
}


def complexity_by_step(results: Path, out: Path) -> str:
    """Write ``complexity.csv`` and its plot from result files of `results`; return the table as text.

    Reads ``recognition/table.csv``, ``power/techniques/techniques_cumulative.csv`` and ``cycles/summary.json``.

    Raises
    ------
    FileError
        One of them lacks a row or a number.
    """
    table = results / "recognition" / "table.csv"
    techniques = results / "power" / "techniques" / "techniques_cumulative.csv"
    trained = rows_by(table, "stage", needed=("dense_mmac_per_second", "mmac_per_second"), names=list(STAGES.values()))
    configured = rows_by(
        techniques, "configuration", needed=("mmac_per_second", "frames"), names=list(CONFIGURATIONS.values())
    )
    rows: list[dict[str, Any]] = []

    def add(step: str, kind: str, value: float, counted: str, source: str) -> None:
        rows.append(
            {"step": step, "kind": kind, "mmac_per_second": round(value, 4), "counted": counted, "source": source}
        )

    def add_configured(step: str) -> None:
        row = configured[CONFIGURATIONS[step]]
        source = f"power/techniques/techniques_cumulative.csv, {row['configuration']}"
        add(step, "ours", number(row, "mmac_per_second", techniques), f"design, {row['frames']} test frames", source)

    for step in STEPS:
        source = f"{step.width} neurons a layer, {step.fc_weights} weights of the FC{', once a frame' * step.merged}"
        add(step.name, "reconstructed", step.mmac_per_second, "", source)
        add_configured(step.name)
        if step.name in STAGES:
            row = trained[STAGES[step.name]]
            source = f"recognition/table.csv, {row['stage']}"
            dense, skipped = (number(row, name, table) for name in ("dense_mmac_per_second", "mmac_per_second"))
            add(step.name, "ours", dense, "trained network, no zero skipped", f"{source}, dense_mmac_per_second")
            add(step.name, "ours", skipped, "trained, zeros skipped, merged spike", f"{source}, mmac_per_second")
    add(_LAST, "stated", PAPER_MMAC, "", "the paper's abstract")
    end = (1 - PAPER_SAVED) * STEPS[0].mmac_per_second
    add(_LAST, "reconstructed", end, "", "the stated 90.49 % off the reconstructed baseline")
    add_configured(_LAST)
    add(_LAST, "ours", *_counted(results / "cycles" / "summary.json"))
    with output_folder(out, by="rsnn complexity") as staging:
        write_csv(staging / "complexity.csv", rows)
        label = "multiply-accumulates a second (MMAC/s), 100 frames a second"
        plot_steps(staging / "complexity.png", rows, value="mmac_per_second", label=label, digits=2)
    return "".join(
        f"{row['step']:<20}{row['kind']:<15}{row['mmac_per_second']:>8.2f} MMAC/s  {row['counted']}\n" for row in rows
    )


def _counted(path: Path) -> tuple[float, str, str]:
    """Return the mean work that a summary of ``rsnn cycles`` has, and what it is of."""
    found = parse_json(read_bytes(path, what="summary"), str(path))
    work, frames = (found.get(name) if isinstance(found, dict) else None for name in ("mmac_per_s", "frames"))
    if not isinstance(work, int | float) or not 0 <= work < 1e9 or not isinstance(frames, int):
        raise FileError(f"{path}: mmac_per_s and frames are {brief([work, frames])}, expected numbers, 0 or more")
    return float(work), f"golden, {frames} frames", "cycles/summary.json, mmac_per_s"
