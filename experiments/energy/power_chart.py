"""The power chart: every block in each class of cells, stacked by component, with the paper's figure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.command.tables import write_figure
from power.constants import NOTHING
from power.report import LEAKAGE, PAPER_POWER_UW, PowerReport

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


def plot_power(
    reports: Mapping[str, PowerReport], path: Path, *, title: str = "Modelled power at 28 nm, 0.9 V, in real time"
) -> Path:
    """Write the chart as PNG and SVG: a panel a class of cells, and one of what activity causes, common to all.

    Parameters
    ----------
    reports : mapping of str to PowerReport
        By class of cells.
    path : Path
    title : str

    Returns
    -------
    Path
    """
    first = next(iter(reports.values()))
    names = [name for name, _ in sorted(first.by_block().items(), key=lambda item: item[1].typical)]
    figure = Figure(figsize=(6 * (len(reports) + 1), 1.9 + 0.42 * len(names)), layout="constrained")
    axes = list(figure.subplots(1, len(reports) + 1, sharey=True))
    for axis, (threshold, report) in zip(axes, reports.items(), strict=False):
        end = 1.3 * max(PAPER_POWER_UW, report.total.high)
        _panel(axis, report, names, list(COLOURS), end=end)
        axis.axvline(PAPER_POWER_UW, color="black", linestyle="--", linewidth=1)
        axis.text(PAPER_POWER_UW, -0.9, f" paper, stated: {PAPER_POWER_UW} uW", fontsize=8, va="center")
        axis.set_title(f"{threshold} cells", loc="left", fontsize=11)
    active = [component for component in COLOURS if component not in LEAKAGE]
    _panel(axes[-1], first, names, active, end=max(1e-6, 1.5 * first.of(active).high))
    axes[-1].set_title("Without leakage, all classes", loc="left", fontsize=11)
    handles = axes[0].get_legend_handles_labels()
    axes[-1].legend(*handles, fontsize=8, frameon=False, loc="center right")
    axes[0].set_ylim(-1.3, len(names) + 0.6)
    figure.suptitle(title, fontsize=12)
    figure.supxlabel("uW: bars medians of each part, whisker 5th to 95th percentile of the sum", fontsize=9)
    return write_figure(path, figure, svg=True)


def _panel(axis: Axes, report: PowerReport, names: list[str], components: list[str], *, end: float) -> None:
    """Draw each block and the total, stacked by `components`."""
    part = PowerReport(report.threshold, tuple(row for row in report.rows if row.component in components))
    sums = part.by_block() | {"total": part.total}
    left = dict.fromkeys([*names, "total"], 0.0)
    for component in components:
        widths = {row.block: row.power_uw.typical for row in part.rows if row.component == component}
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
        bounds = sums.get(name, NOTHING)
        axis.plot([bounds.low, bounds.high], [position, position], color="black", linewidth=1, marker="|")
        axis.annotate(
            f"{bounds.typical:.3g} ({bounds.low:.3g}-{bounds.high:.3g})",
            (max(bounds.high, left[name]), position),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    axis.set_xlim(0, end)
    axis.spines[["top", "right"]].set_visible(False)
