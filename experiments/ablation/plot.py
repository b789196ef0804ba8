"""Plot of the techniques: cycles, row reads and energy a frame of each configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from experiments.command.tables import write_figure

# Title, column, and what its values are divided by.
_PANELS = (
    ("cycles a frame", "cycles_mean", 1),
    ("rows read a frame", "row_reads", 1),
    ("register toggles a frame, thousands", "register_toggles", 1000),
    ("dynamic energy a frame, nJ (median)", "dynamic_nj", 1),
)
# Cycles of a frame at 100 kHz.
BUDGET = 1000
_CLEAR = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
_TITLES = {"techniques": "one at a time", "techniques_cumulative": "from dense to shipped"}


def plot_techniques(path: Path, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Draw a bar a configuration and quantity; what was not measured has none.

    Parameters
    ----------
    path : Path
        ``.png`` to write.
    tables : mapping of str to sequence of mapping
        Rows of ``techniques.csv`` and ``techniques_cumulative.csv``, by name.
    """
    heights = [len(rows) for rows in tables.values()]
    figure = Figure(figsize=(15, 1.6 + 0.34 * sum(heights)), layout="constrained")
    panels = figure.subplots(len(tables), len(_PANELS), sharey="row", squeeze=False, height_ratios=heights)
    for line, (name, rows) in zip(panels, tables.items(), strict=True):
        for axes, (title, column, unit) in zip(line, _PANELS, strict=True):
            values = [None if row[column] is None else row[column] / unit for row in rows]
            most = max((value for value in values if value is not None), default=1)
            axes.barh(range(len(rows)), [value or 0 for value in values], color="#777777", height=0.7)
            for place, value in enumerate(values):
                text = "not measured" if value is None else f"{value:,.4g}" if value < 1e4 else f"{value:,.0f}"
                place_x = (value or 0) + 0.01 * most
                axes.text(place_x, place, text, va="center", fontsize=7, bbox=_CLEAR, zorder=3)
            axes.set_xlim(0, 1.22 * most)
            if column == "cycles_mean" and most > BUDGET:
                axes.axvline(BUDGET, color="black", linestyle="--", linewidth=1)
                axes.text(BUDGET, len(rows) - 0.45, "budget", fontsize=7, ha="center", bbox=_CLEAR)
            axes.set_title(title if axes is not line[0] else f"{_TITLES[name]}: {title}", fontsize=8)
            axes.locator_params(axis="x", nbins=5)
            axes.tick_params(labelsize=8)
            axes.spines[["top", "right"]].set_visible(False)
        line[0].set_yticks(range(len(rows)), [row["configuration"] for row in rows])
        line[0].invert_yaxis()
    write_figure(path, figure, svg=True)
