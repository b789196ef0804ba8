"""The power chart: every block in each class of cells, stacked by component, with the paper's figure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from matplotlib.axes import Axes

from experiments.command.figures import FONT, PAGE, figure_of, save
from power.constants import NOTHING
from power.report import LEAKAGE, PAPER_POWER_UW, PowerReport

# Okabe and Ito's colours, distinguishable without colour vision, and hatches, without any; leakage is grey.
PARTS = {
    "switching": ("#0072b2", ""),
    "clock, gated": ("#e69f00", "////"),
    "clock, free": ("#d55e00", "xxxx"),
    "adders": ("#56b4e9", ""),
    "memory reads": ("#009e73", "...."),
    "memory writes": ("#f0e442", ""),
    "memory leakage": ("#cccccc", "\\\\\\\\"),
    "logic leakage": ("#666666", ""),
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
    rows = -(-(len(reports) + 1) // 2)
    height = 0.8 + rows * (0.7 + 0.17 * len(names))
    figure, panels = figure_of(PAGE, height, nrows=rows, ncols=2, sharey=True, squeeze=False)
    axes = list(panels.flat)
    for axis in axes[len(reports) + 1 :]:
        axis.set_visible(False)
    for axis, (threshold, report) in zip(axes, reports.items(), strict=False):
        end = 1.3 * max(PAPER_POWER_UW, report.total.high)
        _panel(axis, report, names, list(PARTS), end=end)
        axis.axvline(PAPER_POWER_UW, color="black", linestyle="--", linewidth=1)
        axis.text(PAPER_POWER_UW, -0.9, f" paper, stated: {PAPER_POWER_UW} uW", fontsize=FONT - 1, va="center")
        axis.set_title(f"{threshold} cells", loc="left", fontsize=FONT)
    active = [component for component in PARTS if component not in LEAKAGE]
    last = axes[len(reports)]
    _panel(last, first, names, active, end=max(1e-6, 1.5 * first.of(active).high))
    last.set_title("without leakage, all classes", loc="left", fontsize=FONT)
    axes[0].set_ylim(-1.3, len(names) + 0.6)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, title=title, loc="outside upper center", ncols=4, fontsize=FONT,
                  title_fontsize=FONT + 1, frameon=False)  # fmt: skip
    figure.supxlabel("power (uW): bars medians of each part, whisker 5th to 95th percentile of the sum", fontsize=FONT)
    return save(path, figure)


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
            facecolor=PARTS[component][0],
            hatch=PARTS[component][1],
            edgecolor="black",
            linewidth=0.4,
            label=component,
        )
        for name in bars:
            left[name] += widths.get(name, 0.0)
    for position, name in enumerate(left):
        bounds = sums.get(name, NOTHING)
        axis.plot([bounds.low, bounds.high], [position, position], color="black", linewidth=1, marker="|", markersize=4)
        axis.annotate(
            f"{_brief(bounds.typical)} ({_brief(bounds.low)}-{_brief(bounds.high)})",
            (max(bounds.high, left[name]), position),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=FONT - 1,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.3},
        )
    axis.set_xlim(0, end)


def _brief(power: float) -> str:
    """Return three digits, and never an exponent."""
    return f"{power:,.0f}" if power >= 100 else f"{power:.3g}" if power >= 1e-3 else f"{power:.5f}"
