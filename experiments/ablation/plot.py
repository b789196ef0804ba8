"""Plot of the techniques: cycles, row reads and energy a frame of each configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.command.figures import FONT, PAGE, figure_of, save

# Title, column, and what its values are divided by.
_PANELS = (
    ("cycles a frame", "cycles_mean", 1),
    ("rows read a frame", "row_reads", 1),
    ("thousand register toggles a frame", "register_toggles", 1000),
    ("dynamic nJ a frame (median)", "dynamic_nj", 1),
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
    figure, panels = figure_of(
        PAGE, 0.8 + 0.17 * sum(heights), nrows=len(tables), ncols=len(_PANELS), sharey="row", squeeze=False,
        height_ratios=heights,
    )  # fmt: skip
    for line, (name, rows) in zip(panels, tables.items(), strict=True):
        for axes, (title, column, unit) in zip(line, _PANELS, strict=True):
            values = [None if row[column] is None else row[column] / unit for row in rows]
            most = max((value for value in values if value is not None), default=1)
            axes.barh(range(len(rows)), [value or 0 for value in values], color="#777777", height=0.7)
            for place, value in enumerate(values):
                text = "not measured" if value is None else f"{value:,.4g}" if value < 1e4 else f"{value:,.0f}"
                place_x = (value or 0) + 0.01 * most
                axes.text(place_x, place, text, va="center", fontsize=FONT - 1.5, bbox=_CLEAR, zorder=3)
            axes.set_xlim(0, 1.35 * most)
            if column == "cycles_mean" and most > BUDGET:
                axes.axvline(BUDGET, color="black", linestyle="--", linewidth=1)
                axes.text(BUDGET, len(rows) - 0.45, "budget", fontsize=FONT - 1.5, ha="center", bbox=_CLEAR)
            axes.set_xlabel(title, fontsize=FONT - 1)
            axes.locator_params(axis="x", nbins=3)
            axes.tick_params(labelsize=FONT - 1)
        line[0].set_title(_TITLES[name], loc="left", fontsize=FONT)
        line[0].set_yticks(range(len(rows)), [row["configuration"] for row in rows])
        line[0].invert_yaxis()
    save(path, figure)
