"""The tornado: what each group of constants does to the total alone, a panel a class of cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from experiments.command.tables import write_figure
from power.uncertainty import Swing

LOW, HIGH = "#56B4E9", "#D55E00"


def plot_tornado(path: Path, swings: Mapping[str, Sequence[Swing]], totals: Mapping[str, float]) -> Path:
    """Draw the swings around the total with all constants typical, the widest on top.

    Parameters
    ----------
    path : Path
        ``.png`` to write; the ``.svg`` lies beside it.
    swings : mapping of str to sequence of Swing
        By class of cells, the widest first.
    totals : mapping of str to float
        uW by class, all constants typical.

    Returns
    -------
    Path
    """
    most = max(len(each) for each in swings.values())
    figure = Figure(figsize=(6.5 * len(swings), 1.8 + 0.4 * most), layout="constrained")
    for axes, (name, own) in zip(figure.subplots(1, len(swings), squeeze=False)[0], swings.items(), strict=True):
        middle = totals[name]
        places = range(len(own))[::-1]
        for end, colour in (("low", LOW), ("high", HIGH)):
            widths = [getattr(swing, end) - middle for swing in own]
            axes.barh(places, widths, left=middle, height=0.7, color=colour, edgecolor="black", linewidth=0.4,
                      label=f"its constants at their {end} bounds")  # fmt: skip
        for place, swing in zip(places, own, strict=True):
            beyond = max(swing.low, swing.high, middle)
            axes.annotate(f"{swing.low:,.1f} to {swing.high:,.1f}", (beyond, place), xytext=(4, 0),
                          textcoords="offset points", fontsize=7, va="center")  # fmt: skip
        axes.axvline(middle, color="black", linewidth=0.8)
        axes.set_yticks(list(places), [swing.group for swing in own], fontsize=8)
        # Room for the widest bar's figures.
        axes.margins(x=0.35)
        axes.set_xlim(left=max(0.0, axes.get_xlim()[0]))
        axes.set_title(f"{name} cells: {middle:,.1f} uW with all constants typical", loc="left", fontsize=10)
        axes.set_xlabel("total (uW) with one group of constants at a bound, all others typical", fontsize=9)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(fontsize=8, frameon=False, loc="lower right")
    return write_figure(path, figure, svg=True)
