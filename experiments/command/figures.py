"""How figures look, and how they are written: a palette readable in grey, widths of a printed column, PNG and SVG."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from files.folder import NOTE
from files.writing import whole_file

__all__ = ["COLUMN", "KINDS", "LINES", "MARKERS", "PAGE", "PARTS", "bar_style", "figure_of", "kind_legend", "save"]

# Inches: one column, and both, of a page of two.
COLUMN, PAGE = 3.5, 7.16
DOTS_PER_INCH = 200
FONT = 7.0

# Whose a number is (docs/paper.md), by colour and by hatch: in grey the colours are 0, 0.65, 1 and 0.4 bright.
KINDS: dict[str, tuple[str, str]] = {
    "stated": ("#000000", ""),
    "secondary": ("#ffffff", "...."),
    "reconstructed": ("#aaaaaa", "////"),
    "ours": ("#0072b2", ""),
}
MARKERS = {"stated": "s", "secondary": "D", "reconstructed": "^", "ours": "o"}
# Parts of a whole, in the order of a stack: colours of Okabe and Ito, neighbours told apart by hatches.
PARTS = (
    ("#0072b2", ""), ("#e69f00", "////"), ("#56b4e9", ""), ("#d55e00", "\\\\\\\\"), ("#009e73", ""),
    ("#f0e442", "...."),
    ("#cc79a7", ""), ("#999999", "xxxx"), ("#dddddd", ""), ("#333333", "////"),
)  # fmt: skip
LINES = ("-", "--", "-.", ":")


def bar_style(kind: str) -> dict[str, Any]:
    """Return colour, hatch and edge of a bar whose number is of a kind.

    Raises
    ------
    ValueError
        No such kind.
    """
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r}, expected one of {', '.join(KINDS)}")
    colour, hatch = KINDS[kind]
    return {"facecolor": colour, "hatch": hatch, "edgecolor": "black", "linewidth": 0.5}


def figure_of(width: float, height: float, **panels: Any) -> tuple[Figure, Any]:
    """Return a figure, sizes in inches, and its axes, without the frame's top and right."""
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(**panels)
    for each in [axes] if isinstance(axes, Axes) else axes.flat:
        each.spines[["top", "right"]].set_visible(False)
        each.tick_params(labelsize=FONT)
        for text in (each.xaxis.label, each.yaxis.label, each.title):
            text.set(size=FONT)
    return figure, axes


def kind_legend(figure: Figure, kinds: Sequence[str], **words: str) -> None:
    """Draw, above all panels, what the bars of some kinds mean; `words` go after a kind's name."""
    handles = [Patch(**bar_style(kind), label=f"{kind}{words.get(kind, '')}") for kind in kinds]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(kinds), fontsize=FONT, frameon=False)


def save(path: Path, figure: Figure) -> Path:
    """Write a figure as PNG and as SVG, without a date or a version, so that the same figures make the same files.

    Parameters
    ----------
    path : Path
        ``.png`` to write; the SVG's name has ``.svg`` instead, and its text is drawn as outlines.
    figure : Figure

    Returns
    -------
    Path
        Of the PNG.

    Raises
    ------
    WriteError
    """
    FigureCanvasAgg(figure)
    note = os.environ.get(NOTE, "")
    if note:
        figure.text(0.99, 0.005, note, ha="right", va="bottom", fontsize=5, color="#444444")
    with whole_file(path) as file:
        figure.savefig(file, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    # Identifiers of shapes are hashes of them with this salt, which is a random number otherwise.
    with rc_context({"svg.hashsalt": "rsnn", "svg.fonttype": "path"}), whole_file(path.with_suffix(".svg")) as file:
        figure.savefig(file, format="svg", dpi=DOTS_PER_INCH, metadata={"Date": None, "Creator": None})
    return path
