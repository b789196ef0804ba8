"""The tornado: what each group of constants does to the total alone, a panel a class of cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from experiments.command.figures import FONT, PAGE, figure_of, save
from power.uncertainty import Swing

# Light and dark, so that they differ in grey, too.
ENDS = {"low": "#bfdff5", "high": "#d55e00"}


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
    figure, panels = figure_of(PAGE, 0.5 + len(swings) * (0.5 + 0.15 * most), nrows=len(swings), squeeze=False)
    for axes, (name, own) in zip(panels[:, 0], swings.items(), strict=True):
        middle = totals[name]
        places = range(len(own))[::-1]
        for end, colour in ENDS.items():
            widths = [getattr(swing, end) - middle for swing in own]
            axes.barh(places, widths, left=middle, height=0.7, color=colour, edgecolor="black", linewidth=0.4,
                      label=f"its constants at their {end} bounds")  # fmt: skip
        for place, swing in zip(places, own, strict=True):
            beyond = max(swing.low, swing.high, middle)
            axes.annotate(f"{swing.low:,.1f} to {swing.high:,.1f}", (beyond, place), xytext=(4, 0),
                          textcoords="offset points", fontsize=FONT - 1, va="center")  # fmt: skip
        axes.axvline(middle, color="black", linewidth=0.8)
        axes.set_yticks(list(places), [swing.group for swing in own], fontsize=FONT)
        # Room for the widest bar's figures.
        axes.margins(x=0.15)
        axes.set_xlim(left=max(0.0, axes.get_xlim()[0]))
        axes.set_title(f"{name} cells: {middle:,.1f} uW with all constants typical", loc="left", fontsize=FONT)
    panels[-1, 0].set_xlabel("total (uW) with one group of constants at a bound, all others typical", fontsize=FONT)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2, fontsize=FONT, frameon=False)
    return save(path, figure)
