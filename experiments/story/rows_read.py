"""Rows of weights read a frame, with and without time steps that share what is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from experiments.command.tables import write_csv
from experiments.story.bars import plot_steps
from experiments.story.cells import number, rows_by
from files.folder import output_folder

__all__ = ["rows_read"]

# Of techniques.csv, with what they are.
CONFIGURATIONS = {
    "shipped design": "time steps parallel, FC once a frame",
    "serial time steps": "layers read once a time step",
    "no merged spike": "FC read once a time step",
    "one time step": "one time step only",
    "one PE set": "one PE set, time steps serial",
}


def rows_read(results: Path, out: Path) -> str:
    """Write ``rows_read.csv`` and its plot from ``power/techniques/techniques.csv`` of `results`; return it as text.

    Raises
    ------
    FileError
        The table lacks a configuration or a number.
    """
    table = results / "power" / "techniques" / "techniques.csv"
    found = rows_by(table, "configuration", needed=("row_reads", "frames", "status"), names=list(CONFIGURATIONS))
    shipped = number(found["shipped design"], "row_reads", table)
    rows: list[dict[str, Any]] = []
    for name, what in CONFIGURATIONS.items():
        read = number(found[name], "row_reads", table)
        more = "" if name == "shipped design" else f", {100 * (read / shipped - 1):+.1f} %"
        rows.append(
            {
                "step": name,
                "kind": "ours",
                "rows_a_frame": read,
                "counted": what + more,
                "frames": found[name]["frames"],
                "source": f"power/techniques/techniques.csv, {found[name]['status']}",
            }
        )
    with output_folder(out, by="rsnn rows-read") as staging:
        write_csv(staging / "rows_read.csv", rows)
        label = "rows of weights read a frame, of 128 weights each"
        plot_steps(staging / "rows_read.png", rows, value="rows_a_frame", label=label, digits=1)
    return "".join(f"{row['step']:<20}{row['rows_a_frame']:>8.1f}  {row['counted']}\n" for row in rows)
