"""Power against area, a panel a class of cells: every design at 0.9 V, what no other beats, ours and the paper's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from experiments.command.figures import FONT, PAGE, figure_of, save
from experiments.exploration.fronts import FRONTS, NOMINAL
from experiments.exploration.grid import TRAINED
from experiments.exploration.pareto import pareto_front
from experiments.exploration.priced import SLOWEST
from power.constants import CLASSES, NOMINAL_V
from power.inference import PAPER_GOPS_PER_MM2, PAPER_HIGH_HZ
from power.report import PAPER_POWER_UW

__all__ = ["plot_space"]

Row = Mapping[str, Any]
# Operations a cycle of 256 PEs, counted as two and as four: reconstructed, the paper does not say what it counts.
_OPERATIONS = (512, 1024)
_COLOURS = "cividis"


def plot_space(path: Path, rows: Sequence[Row], fronts: Sequence[Row], shipped: str) -> None:
    """Draw the designs at 0.9 V as PNG and SVG, each at 100 kHz, or where it misses that at its slowest clock.

    Parameters
    ----------
    path : Path
        ``.png`` to write; the ``.svg`` lies beside it.
    rows, fronts : sequence of mapping
        Of ``design_space.csv`` and ``pareto.csv``.
    shipped : str
        Name of the shipped design.
    """
    shown = _shown(rows)
    figure, axes = figure_of(PAGE, 4.0, ncols=len(CLASSES), sharex=True)
    latencies = [float(row["latency_ms"]) for row in shown]
    scale = LogNorm(min(latencies), max(max(latencies), min(latencies) * 1.01))
    best = {
        (row["class"], row["design"], row["clock"])
        for row in fronts
        if row["front"] == next(iter(FRONTS)) and row["voltages"] == NOMINAL and row["on_front"] == "yes"
    }
    marks: Any = None
    for axis, threshold in zip(axes.flat, CLASSES, strict=True):
        own = [row for row in shown if row["class"] == threshold]
        marks = _panel(axis, own, best, scale, shipped)
        axis.set_title(f"{threshold} cells", fontsize=FONT)
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.set_xlabel("area at 28 nm (mm2)")
        for each in (axis.xaxis, axis.yaxis):
            _plain(each)
    axes.flat[0].set_ylabel(f"power in real time at {NOMINAL} (uW), typical")
    bar = figure.colorbar(marks, ax=axes, pad=0.01, aspect=40)
    bar.set_label("mean frame (ms), at 100 kHz or the slowest clock", fontsize=FONT)
    bar.ax.tick_params(labelsize=FONT)
    _plain(bar.ax.yaxis)
    _legend(figure)
    save(path, figure)


def _plain(axis: Any) -> None:
    """Label 1, 2 and 5 of each decade of a logarithmic axis as numbers, and nothing between."""
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def _shown(rows: Sequence[Row]) -> list[Row]:
    """Return one row a design and class: at 0.9 V, and at 100 kHz where it keeps up there."""
    found: dict[tuple[str, str], Row] = {}
    for row in rows:
        key = (row["design"], row["class"])
        if row["vdd_v"] == f"{NOMINAL_V:g}" and (key not in found or row["clock"] != SLOWEST):
            found[key] = row
    return list(found.values()) or list(rows)


def _panel(axis: Any, rows: Sequence[Row], best: set[tuple[str, str, str]], scale: LogNorm, shipped: str) -> Any:
    marks = None
    for trained, marker in ((False, "^"), (True, "o")):
        own = [row for row in rows if (row["basis"] == TRAINED) == trained]
        edges = ["black" if (row["class"], row["design"], row["clock"]) in best else "none" for row in own]
        drawn = axis.scatter(
            [float(row["area_typical_mm2"]) for row in own], [float(row["total_typical_uw"]) for row in own],
            c=[float(row["latency_ms"]) for row in own], norm=scale, cmap=_COLOURS, marker=marker, s=16,
            edgecolors=edges, linewidths=0.7, zorder=3,
        )  # fmt: skip
        marks = drawn if marks is None or own else marks
    plane = np.array([[float(row["area_typical_mm2"]), float(row["total_typical_uw"])] for row in rows])
    front = plane[pareto_front(plane)]
    front = front[np.argsort(front[:, 0])]
    axis.step(front[:, 0], front[:, 1], where="post", color="#d55e00", linewidth=0.9, zorder=2)
    for row in rows:
        if row["design"] == shipped:
            at = float(row["area_typical_mm2"]), float(row["total_typical_uw"])
            axis.plot(*at, marker="*", markersize=11, color="#d55e00", markeredgecolor="black", zorder=4)
    axis.axhline(PAPER_POWER_UW, color="black", linestyle="--", linewidth=0.8, zorder=1)
    areas = [count * PAPER_HIGH_HZ / 1e9 / PAPER_GOPS_PER_MM2 for count in _OPERATIONS]
    axis.plot(areas, [PAPER_POWER_UW] * 2, linestyle="none", marker="s", color="black", markersize=4, zorder=4)
    return marks


def _legend(figure: Figure) -> None:
    def mark(marker: str, colour: str, label: str, size: float = 5, **more: Any) -> Line2D:
        return Line2D([], [], linestyle="none", marker=marker, color=colour, markersize=size, label=label, **more)

    grey = "#888888"
    handles = [
        mark("o", grey, "ours, trained network"),
        mark("^", grey, "ours, made weights (column basis)"),
        mark("o", "white", "ours, on the front of power, area and time", markeredgecolor="black"),
        Line2D([], [], color="#d55e00", linewidth=0.9, label="front of power and area alone"),
        mark("*", "#d55e00", "ours, shipped design", 9, markeredgecolor="black"),
        Line2D([], [], color="black", linestyle="--", linewidth=0.8,
               label=f"paper, stated: {PAPER_POWER_UW} uW at 100 kHz; no class, voltage, area"),
        mark("s", "black", "at areas reconstructed from 1903.11 GOPS/mm2, 512 or 1,024 ops a cycle", 4),
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside upper center", ncols=2, fontsize=FONT - 0.5, frameon=False)
