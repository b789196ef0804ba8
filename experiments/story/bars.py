"""Bars by step, side by side where several numbers belong to one step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.command.figures import FONT, KINDS, PAGE, bar_style, figure_of, kind_legend, save

__all__ = ["plot_steps"]


def plot_steps(path: Path, rows: Sequence[Mapping[str, Any]], *, value: str, label: str, digits: int) -> None:
    """Draw a bar a row, in groups by the column ``step``, drawn by ``kind``, named by ``counted``.

    Parameters
    ----------
    path : Path
        ``.png`` to write; ``.svg`` beside it.
    rows : sequence of mapping
    value : str
        Column of the bars' lengths; ``low`` and ``high``, where a row has them, are a whisker.
    label : str
        Of the axis, with its unit.
    digits : int
        After the point.
    """
    figure, axes = figure_of(PAGE, 0.9 + 0.19 * len(rows))
    place, ticks, before = 0.0, [], None
    for row in rows:
        place += 0.0 if before is None else 1.0 if row["step"] == before else 1.6
        length = float(row[value])
        axes.barh(place, length, height=0.85, **bar_style(row["kind"]))
        end = length
        if row.get("low") is not None:
            end = float(row["high"])
            axes.plot([row["low"], end], [place, place], color="#d55e00", linewidth=1.2, marker="|", markersize=5)
        axes.annotate(f"{length:,.{digits}f}  {row['counted']}", (end, place), (4, 0), textcoords="offset points",
                      va="center", fontsize=FONT - 1, annotation_clip=False)  # fmt: skip
        ticks.append((place, row["step"] if row["step"] != before else ""))
        before = row["step"]
    axes.set_yticks([at for at, _ in ticks], [name for _, name in ticks])
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    most = max(float(row.get("high") or row[value]) for row in rows)
    axes.set_xlim(0, 1.75 * most)
    axes.set_xlabel(label)
    kind_legend(figure, [kind for kind in KINDS if any(row["kind"] == kind for row in rows)])
    save(path, figure)
