"""The power chart: every block, stacked by component, with bounds and the paper's figure."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.tables import write_figure
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


LEAKAGE = ("memory leakage", "logic leakage")


def plot_power(report: PowerReport, path: Path, *, title: str = "Modelled power at 28 nm, 0.9 V, in real time") -> Path:
    """Write the chart as PNG: all components on the left; on the right what activity causes, leakage left out.

    Parameters
    ----------
    report : PowerReport
    path : Path
    title : str

    Returns
    -------
    Path
    """
    names = [name for name, _ in sorted(report.by_block().items(), key=lambda item: item[1].typical)]
    figure = Figure(figsize=(12, 1.7 + 0.42 * len(names)), layout="constrained")
    whole, dynamic = figure.subplots(1, 2, sharey=True, width_ratios=[3, 2])
    end = 2 * max(PAPER_POWER_UW, report.total.typical)
    _panel(whole, report, names, list(COLOURS), end=end)
    whole.axvline(PAPER_POWER_UW, color="black", linestyle="--", linewidth=1)
    whole.text(PAPER_POWER_UW, -0.9, f" paper, stated: {PAPER_POWER_UW} uW", fontsize=8, va="center")
    whole.set_title(title, loc="left", fontsize=11)
    whole.legend(fontsize=8, frameon=False, loc="lower right")
    active = [component for component in COLOURS if component not in LEAKAGE]
    spent = sum((row.power_uw for row in report.rows if row.component in active), NOTHING)
    _panel(dynamic, report, names, active, end=max(1e-6, 2 * spent.typical))
    dynamic.set_title("The same without leakage", loc="left", fontsize=11)
    whole.set_ylim(-1.3, len(names) + 0.6)
    figure.supxlabel("uW: bar typical, whisker and brackets from all-low to all-high constants", fontsize=9)
    return write_figure(path, figure)


def _panel(axis: Axes, report: PowerReport, names: list[str], components: list[str], *, end: float) -> None:
    """Draw each block and the total, stacked by `components`.

    All-high constants lie far out (leakage is known to a factor of forty): the axis stops at `end`, and the numbers
    beside each bar tell the rest.
    """
    rows = [row for row in report.rows if row.component in components]
    left = dict.fromkeys([*names, "total"], 0.0)
    for component in components:
        widths = {row.block: row.power_uw.typical for row in rows if row.component == component}
        widths["total"] = sum(widths.values())
        if not widths["total"]:
            continue
        bars = list(left)
        axis.barh(
            bars,
            [widths.get(name, 0.0) for name in bars],
            left=[left[name] for name in bars],
            color=COLOURS[component],
            label=component,
        )
        for name in bars:
            left[name] += widths.get(name, 0.0)
    for position, name in enumerate(left):
        bounds = sum((row.power_uw for row in rows if name in (row.block, "total")), NOTHING)
        reach = min(bounds.high, 0.7 * end)
        axis.plot([bounds.low, reach], [position, position], color="black", linewidth=1)
        axis.plot(bounds.low, position, "|", color="black", markersize=7)
        axis.plot(reach, position, "|" if reach == bounds.high else ">", color="black", markersize=5)
        axis.annotate(
            f"{bounds.typical:.3g} ({bounds.low:.3g} to {bounds.high:.3g})",
            (max(reach, left[name]), position),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    axis.set_xlim(0, end)
    axis.spines[["top", "right"]].set_visible(False)
