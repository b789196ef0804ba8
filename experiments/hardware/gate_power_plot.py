"""Power of the netlist: dynamic by block and component, glitches on top, and leakage beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from experiments.command.tables import write_figure

# Light to dark, so that they differ in grey, too.
PARTS = {
    "gates, internal": (("gates_uw",), "#B7E4C7"),
    "nets, switching": (("switching_uw",), "#74A9CF"),
    "flip-flops, data": (("flip_flops_uw",), "#C994C7"),
    "clock": (("clock_pins_uw", "clock_gates_uw", "clock_nets_uw"), "#54278F"),
}


def plot_netlist_power(path: Path, rows: Sequence[Mapping[str, Any]], title: str) -> Path:
    """Draw the table of `experiments.hardware.gate_power.power_rows`.

    Parameters
    ----------
    path : Path
        ``.png`` to write; the ``.svg`` lies beside it.
    rows : sequence of mapping
    title : str

    Returns
    -------
    Path
    """
    settled = [row for row in rows if row["toggles"] == "settled" and row["block"] != "total"]
    unit = {row["block"]: row for row in rows if row["toggles"] != "settled"}
    settled.sort(key=lambda row: float(row["dynamic_uw"]))
    places = np.arange(len(settled))
    figure = Figure(figsize=(10, 1.6 + 0.42 * len(settled)), layout="constrained")
    dynamic, leakage = figure.subplots(1, 2, sharey=True, width_ratios=(2, 1))
    left = np.zeros(len(settled))
    for name, (columns, colour) in PARTS.items():
        widths = np.array([sum(float(row[column]) for column in columns) for row in settled])
        dynamic.barh(places, widths, left=left, height=0.7, color=colour, edgecolor="black", linewidth=0.4, label=name)
        left += widths
    more = np.array([float(unit[row["block"]]["dynamic_uw"]) for row in settled]) - left
    dynamic.barh(places, np.maximum(more, 0), left=left, height=0.7, color="none", edgecolor="black", linewidth=0.8,
                 hatch="////", label="glitches, a unit of time a gate")  # fmt: skip
    dynamic.set_yticks(places, [row["block"].replace("_", " ") for row in settled], fontsize=8)
    dynamic.set_xlabel("dynamic power (uW)", fontsize=9)
    dynamic.legend(fontsize=8, frameon=False, loc="lower right")
    leaks = np.array([max(float(row["leakage_uw"]), 0.0) for row in settled])
    leakage.barh(places, leaks, height=0.7, color="#BDBDBD", edgecolor="black", linewidth=0.4)
    leakage.set_xlabel("leakage, by state (uW)", fontsize=9)
    for axes in (dynamic, leakage):
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
    figure.suptitle(title, fontsize=10)
    return write_figure(path, figure, svg=True)
