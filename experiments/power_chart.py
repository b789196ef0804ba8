"""The power chart: every block, stacked by component, with bounds and the paper's figure."""

from __future__ import annotations

import os
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from power.constants import NOTHING
from power.report import PAPER_POWER_UW, PowerReport

# Okabe and Ito's colours, distinguishable without colour vision; leakage is grey.
COLOURS = {
    "switching": "#0072B2",
    "clock, gated": "#E69F00",
    "clock, free": "#D55E00",
    "adders": "#56B4E9",
    "memory reads": "#009E73",
    "memory writes": "#F0E442",
    "memory leakage": "#999999",
    "logic leakage": "#555555",
}


def plot_power(report: PowerReport, path: Path, *, title: str = "Modelled power at 28 nm, 0.9 V, in real time") -> Path:
    """Write the chart as PNG.

    Parameters
    ----------
    report : PowerReport
    path : Path
    title : str

    Returns
    -------
    Path
    """
    blocks = sorted(report.by_block().items(), key=lambda item: item[1].typical)
    names = [name for name, _ in blocks] + ["total"]
    figure = Figure(figsize=(9, 1.6 + 0.42 * len(names)), layout="constrained")
    FigureCanvasAgg(figure)
    axis = figure.subplots()
    left = dict.fromkeys(names, 0.0)
    by_component = report.by_component()
    for component in [name for name in COLOURS if name in by_component]:
        of_block = {row.block: row.power_uw.typical for row in report.rows if row.component == component}
        widths = [of_block.get(name, 0.0) for name in names[:-1]] + [by_component[component].typical]
        axis.barh(names, widths, left=[left[name] for name in names], color=COLOURS[component], label=component)
        for name, width in zip(names, widths, strict=True):
            left[name] += width
    # All-high constants lie far out (leakage is known to a factor of forty): the axis ends at twice the typical total,
    # and the numbers beside each bar tell the rest.
    end = 2 * max(PAPER_POWER_UW, report.total.typical)
    totals = {**dict(blocks), "total": report.total}
    for position, name in enumerate(names):
        bounds = totals.get(name, NOTHING)
        reach = min(bounds.high, 0.8 * end)
        axis.plot([bounds.low, reach], [position, position], color="black", linewidth=1)
        axis.plot(bounds.low, position, "|", color="black", markersize=7)
        axis.plot(reach, position, "|" if reach == bounds.high else ">", color="black", markersize=5)
        axis.annotate(
            f"{bounds.typical:.3g} ({bounds.low:.3g} to {bounds.high:.3g})",
            (reach, position),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    axis.axvline(PAPER_POWER_UW, color="black", linestyle="--", linewidth=1)
    axis.text(
        PAPER_POWER_UW, -0.9, f" paper, stated: {PAPER_POWER_UW} uW", fontsize=8, va="center", ha="left",
    )  # fmt: skip
    axis.set_ylim(-1.3, len(names) - 0.4)
    axis.set_xlim(0, end)
    axis.set_xlabel("uW: bar typical, whisker and brackets from all-low to all-high constants")
    axis.set_title(title, loc="left", fontsize=11)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(fontsize=8, frameon=False, loc="lower right")
    part = path.with_name(path.name + ".part")
    figure.savefig(part, format="png", dpi=110)
    os.replace(part, path)
    return path
