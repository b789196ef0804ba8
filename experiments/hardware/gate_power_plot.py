"""Power of the netlist: dynamic by block and component, glitches on top, and leakage beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments.command.figures import FONT, PAGE, figure_of, save

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
    height = 1.3 + 0.2 * len(settled)
    figure, (dynamic, leakage) = figure_of(PAGE, height, ncols=2, sharey=True, width_ratios=(2, 1))
    left = np.zeros(len(settled))
    for name, (columns, colour) in PARTS.items():
        widths = np.array([sum(float(row[column]) for column in columns) for row in settled])
        dynamic.barh(places, widths, left=left, height=0.7, color=colour, edgecolor="black", linewidth=0.4, label=name)
        left += widths
    more = np.array([float(unit[row["block"]]["dynamic_uw"]) for row in settled]) - left
    dynamic.barh(places, np.maximum(more, 0), left=left, height=0.7, color="none", edgecolor="black", linewidth=0.8,
                 hatch="////", label="glitches, a unit of time a gate")  # fmt: skip
    dynamic.set_yticks(places, [row["block"].replace("_", " ") for row in settled], fontsize=FONT)
    dynamic.set_xlabel("dynamic power (uW)", fontsize=FONT)
    leaks = np.array([max(float(row["leakage_uw"]), 0.0) for row in settled])
    leakage.barh(places, leaks, height=0.7, color="#BDBDBD", edgecolor="black", linewidth=0.4)
    leakage.set_xlabel("leakage, by state (uW)", fontsize=FONT)
    handles, labels = dynamic.get_legend_handles_labels()
    figure.legend(handles, labels, title=title, loc="outside upper center", ncols=len(labels), fontsize=FONT - 0.5,
                  title_fontsize=FONT, frameon=False)  # fmt: skip
    return save(path, figure)
