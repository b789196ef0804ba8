"""Plots of the operating points: power against frequency and voltage, efficiency by counting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.ticker import NullFormatter

from experiments.command.figures import FONT, PAGE, figure_of, save
from power.inference import PAPER_GOPS_PER_MM2, PAPER_LOW_HZ, PAPER_TOPS_PER_W, countings, implied
from power.report import PAPER_POWER_UW

# Legible without colour: each class has its own line and marker.
_STYLES = (("-", "o"), ("--", "s"), (":", "^"), ("-.", "D"))


def plot_power(path: Path, table: Sequence[Mapping[str, Any]], classes: Sequence[str]) -> None:
    """Draw power against frequency at 0.9 V, back to back, and against voltage in real time at 100 kHz.

    Parameters
    ----------
    path : Path
        ``.png`` to write; the ``.svg`` lies beside it.
    table : sequence of mapping
        Rows of ``operating_points.csv``.
    classes : sequence of str
    """
    figure, (by_clock, by_voltage) = figure_of(PAGE, 3.2, ncols=2)
    slow = f"{PAPER_LOW_HZ:.0f}"
    for name, (line, marker) in zip(classes, _STYLES, strict=False):
        own = [row for row in table if row["class"] == name]
        _band(by_clock, [row for row in own if row["vdd_v"] == "0.9" and row["load"] == "back to back"], "clock_hz",
              name, line, marker)  # fmt: skip
        _band(by_voltage, [row for row in own if row["clock_hz"] == slow and row["load"] == "real time"], "vdd_v",
              name, line, marker)  # fmt: skip
    powers = sorted(implied(counting).power_500mhz_uw for counting in countings())
    by_clock.plot([100e3], [PAPER_POWER_UW], "k*", markersize=7, label="paper, stated")
    by_clock.plot([500e6, 500e6], [powers[0], powers[-1]], "k-", linewidth=2.5, label="implied by 28.41 TOPS/W (ours)")
    by_clock.set_xscale("log")
    by_clock.set_xlabel("clock (Hz), frames back to back, 0.9 V; timing not regarded", fontsize=FONT)
    by_voltage.axhline(PAPER_POWER_UW, color="black", linewidth=0.8)
    by_voltage.text(
        0.9, PAPER_POWER_UW * 1.06, "paper, stated (voltage not stated)", fontsize=FONT - 1, ha="right"
    )
    by_voltage.set_xlabel("supply voltage (V), real time at 100 kHz", fontsize=FONT)
    for axes in (by_clock, by_voltage):
        axes.set_yscale("log")
        axes.set_ylabel("power (uW): typical; band low to high", fontsize=FONT)
    handles, labels = by_clock.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), fontsize=FONT, frameon=False)
    save(path, figure)


def _band(axes: Any, rows: Sequence[Mapping[str, Any]], key: str, name: str, line: str, marker: str) -> None:
    rows = sorted(rows, key=lambda row: float(row[key]))
    at = [float(row[key]) for row in rows]
    low, typical, high = ([float(row[f"total_{end}_uw"]) for row in rows] for end in ("low", "typical", "high"))
    axes.fill_between(at, low, high, color="#999999", alpha=0.25, linewidth=0)
    axes.plot(at, typical, linestyle=line, marker=marker, markersize=3, linewidth=1, color="#333333", label=name)


def plot_efficiency(path: Path, rows: Sequence[Mapping[str, Any]], classes: Sequence[str]) -> None:
    """Draw TOPS/W by counting and class, and GOPS/mm2 by counting, low to high.

    Parameters
    ----------
    path : Path
        ``.png`` to write; the ``.svg`` lies beside it.
    rows : sequence of mapping
        Rows of ``efficiency.csv``.
    classes : sequence of str
    """
    names = list(dict.fromkeys(row["counting"] for row in rows))
    figure, panels = figure_of(PAGE, 0.9 + 0.24 * len(names), ncols=2, sharey=True)
    wanted = (
        ("tops_per_w", "TOPS/W", PAPER_TOPS_PER_W, classes),
        ("gops_per_mm2", "GOPS/mm2", PAPER_GOPS_PER_MM2, classes[:1]),
    )
    for axes, (what, unit, stated, shown) in zip(panels, wanted, strict=True):
        for number, name in enumerate(shown):
            for row in (row for row in rows if row["class"] == name):
                place = names.index(row["counting"]) + 0.22 * (number - (len(shown) - 1) / 2)
                low, typical, high = (float(row[f"{what}_{end}"]) for end in ("low", "typical", "high"))
                axes.plot([low, high], [place, place], color="#888888", linewidth=1.5)
                axes.plot([typical], [place], color="black", marker=_STYLES[number][1], markersize=3)
        axes.axvline(stated, color="black", linestyle="--", linewidth=1)
        axes.text(stated, len(names) - 0.4, f" stated {stated}", fontsize=FONT - 1)
        axes.set_xscale("log")
        axes.set_xlabel(unit, fontsize=FONT)
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.tick_params(which="both", labelsize=FONT - 1)
    panels[0].set_yticks(range(len(names)), names, fontsize=FONT)
    marks = [panels[0].plot([], [], "k", marker=marker, linestyle="", label=name)[0]
             for name, (_, marker) in zip(classes, _STYLES, strict=False)]  # fmt: skip
    figure.supxlabel("ours at 500 MHz, 0.9 V: mark typical, line low to high", fontsize=FONT)
    figure.legend(handles=marks, loc="outside upper center", ncols=len(marks), fontsize=FONT, frameon=False)
    save(path, figure)
