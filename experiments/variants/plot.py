"""Accuracy of each variant, a dot a speaker, beside what an utterance costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.command.figures import FONT, MARKERS, PAGE, bar_style, figure_of, save

__all__ = ["plot_variants"]


def plot_variants(path: Path, rows: Sequence[Mapping[str, Any]], folds: Sequence[Mapping[str, Any]]) -> None:
    """Draw the table.

    Parameters
    ----------
    path : Path
        ``.png`` to write; its SVG lies beside it.
    rows, folds : sequence of mapping
        As `experiments.variants.table` makes them.
    """
    figure, (left, right) = figure_of(PAGE, 1.1 + 0.3 * len(rows), ncols=2, sharey=True)
    places = {row["recipe"]: place for place, row in enumerate(rows)}
    bars = left.barh(
        list(places.values()), [100 * row["accuracy"] for row in rows], height=0.62, **bar_style("ours")
    )
    dots = left.plot(
        [100 * fold["accuracy"] for fold in folds], [places[fold["recipe"]] for fold in folds],
        linestyle="", marker=MARKERS["ours"], markersize=3.5, markerfacecolor="white", markeredgecolor="black",
        markeredgewidth=0.7,
    )  # fmt: skip
    left.set_xlim(0, 100)
    left.set_xlabel("accuracy on speakers not heard before (%)", fontsize=FONT)
    left.set_yticks(list(places.values()), list(places))
    left.invert_yaxis()
    right.barh(list(places.values()), [row["dynamic_nj"] for row in rows], height=0.62, **bar_style("ours"))
    most = max(row["dynamic_nj"] for row in rows)
    for place, row in zip(places.values(), rows, strict=True):
        said = f"{row['dynamic_nj']:,.0f}; with HVT's leakage {row['HVT_nj']:,.0f}"
        right.text(row["dynamic_nj"] + 0.02 * most, place, said, va="center", fontsize=FONT)
    # Room for the words beside the longest bar.
    right.set_xlim(0, 2.1 * most)
    right.set_xlabel("energy an utterance without leakage (nJ), median", fontsize=FONT)
    figure.legend(
        [bars, *dots], ["all utterances", "one speaker"], loc="outside upper center", ncols=2, fontsize=FONT,
        frameon=False,
    )  # fmt: skip
    save(path, figure)
