"""Power by block and class of cells, and area by block; the paper states neither."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from experiments.command.figures import FONT, PAGE, PARTS, figure_of, save
from experiments.command.tables import read_rows, write_csv
from experiments.story.cells import number
from files.errors import FileError
from files.folder import output_folder
from files.reading import brief
from power.report import LEAKAGE, PAPER_POWER_UW

__all__ = ["CLASSES", "power_and_area"]

CLASSES = ("HVT", "SVT", "LVT")
LIBRARIES = ("nangate45", "asap7")
_BOUNDS = ("p5_uw", "median_uw", "p95_uw")
_AREAS = ("mm2_28nm_low", "mm2_28nm_typical", "mm2_28nm_high")


def power_and_area(results: Path, out: Path) -> str:
    """Write ``power.csv``, ``area.csv`` and a plot of each from ``power/`` of `results`; return both as text.

    Raises
    ------
    FileError
        ``breakdown.csv`` or an ``area.csv`` lacks a column, a class or a number.
    """
    power = _power(results / "power" / "breakdown.csv")
    area = [row for name in LIBRARIES for row in _area(results / "power" / "gates" / name / "area.csv", name)]
    with output_folder(out, by="rsnn blocks") as staging:
        write_csv(staging / "power.csv", power)
        write_csv(staging / "area.csv", area)
        _plot_power(staging / "power.png", power)
        _plot_area(staging / "area.png", area)
    lines = [
        f"{row['class']:<8}{row['block']:<18}{row['active_uw']!s:>12}{row['leakage_uw']!s:>12} uW" for row in power
    ]
    lines += [f"{row['library']:<10}{row['block']:<20}{row['mm2_28nm_typical']:.5f} mm2 at 28 nm" for row in area]
    return "\n".join([*lines, ""])


def _power(path: Path) -> list[dict[str, Any]]:
    """Return a row a class and block: medians with and without activity; of the total its bounds, too."""
    found = read_rows(path, needed=("class", "block", "component", *_BOUNDS))
    rows: list[dict[str, Any]] = []
    for name in CLASSES:
        own = [row for row in found if row["class"] == name]
        totals = [row for row in own if row["block"] == "total"]
        if len(totals) != 1:
            raise FileError(f"{path}: {len(totals)} totals of class {brief(name)}, expected one")
        for block in dict.fromkeys(row["block"] for row in own if row["block"] != "total"):
            parts = [row for row in own if row["block"] == block]
            active = sum(number(row, "median_uw", path) for row in parts if row["component"] not in LEAKAGE)
            leaking = sum(number(row, "median_uw", path) for row in parts if row["component"] in LEAKAGE)
            rows.append(_power_row(name, block, "ours", round(active, 6), round(leaking, 6)))
        low, median, high = (number(totals[0], bound, path) for bound in _BOUNDS)
        rows.append(_power_row(name, "total", "ours", None, None, low, median, high))
    rows.append(_power_row("not stated", "total", "stated", None, None, None, PAPER_POWER_UW, None))
    return rows


def _power_row(
    name: str,
    block: str,
    kind: str,
    active: float | None,
    leaking: float | None,
    low: float | None = None,
    median: float | None = None,
    high: float | None = None,
) -> dict[str, Any]:
    parts = {"active_uw": active, "leakage_uw": leaking, "p5_uw": low, "median_uw": median, "p95_uw": high}
    return {"class": name, "block": block, "kind": kind, **parts}


def _area(path: Path, library: str) -> list[dict[str, Any]]:
    found = read_rows(path, needed=("block", *_AREAS))
    return [
        {
            "library": library,
            "block": row["block"],
            "kind": "ours",
            **{name: number(row, name, path) for name in _AREAS},
        }
        for row in found
    ]


def _plot_power(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    figure, axes = figure_of(PAGE, 2.6)
    blocks = list(dict.fromkeys(row["block"] for row in rows if row["block"] != "total"))
    forms = [{"facecolor": colour, "hatch": hatch, "edgecolor": "black", "linewidth": 0.4} for colour, hatch in PARTS]
    for place, name in enumerate(CLASSES):
        left = 0.0
        own = {row["block"]: row for row in rows if row["class"] == name}
        # The sum of medians is not the median of the sum: each block has its share of the latter.
        whole = sum(own[block]["active_uw"] + own[block]["leakage_uw"] for block in blocks)
        total = own["total"]
        for block, form in zip(blocks, forms, strict=False):
            width = (own[block]["active_uw"] + own[block]["leakage_uw"]) / whole * 100 if whole else 0.0
            axes.barh(place, width, left=left, height=0.6, **form)
            left += width
        text = f"{total['median_uw']:.0f} uW ({total['p5_uw']:.0f}-{total['p95_uw']:.0f})"
        axes.annotate(text, (left, place), (5, 0), textcoords="offset points", va="center", fontsize=FONT)
    axes.set_yticks(range(len(CLASSES)), [f"{name} cells" for name in CLASSES])
    axes.invert_yaxis()
    axes.set_xlim(0, 132)
    axes.set_xticks(range(0, 101, 20))
    axes.set_xlabel("share of the sum of medians (%); right: median, 5th to 95th percentile, all ours, modelled.\n"
                    f"The paper states {PAPER_POWER_UW} uW, neither the class of cells nor the blocks.")  # fmt: skip
    handles = [Patch(**form, label=block) for block, form in zip(blocks, forms, strict=False)]  # type: ignore[arg-type]
    figure.legend(handles=handles, loc="outside upper center", ncols=4, fontsize=FONT, frameon=False)
    save(path, figure)


def _plot_area(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    blocks = sorted({row["block"] for row in rows}, key=lambda name: -max(
        row["mm2_28nm_typical"] for row in rows if row["block"] == name))  # fmt: skip
    figure, axes = figure_of(PAGE, 3.0)
    forms = dict(zip(LIBRARIES, (("o", "#0072b2"), ("s", "#e69f00")), strict=True))
    for row in rows:
        marker, colour = forms[row["library"]]
        place = blocks.index(row["block"]) + (-0.15 if row["library"] == LIBRARIES[0] else 0.15)
        axes.plot([row["mm2_28nm_low"], row["mm2_28nm_high"]], [place, place], color="black", linewidth=0.8)
        axes.plot(row["mm2_28nm_typical"], place, marker=marker, color=colour, markersize=4, markeredgecolor="black",
                  markeredgewidth=0.4)  # fmt: skip
    axes.set_yticks(range(len(blocks)), blocks)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlabel("area at 28 nm (mm2), log scale; line: low to high; ours, the paper states none")
    handles = [
        Line2D([], [], marker=marker, color=colour, markersize=4, linestyle="none", label=f"netlist in {name}, scaled")
        for name, (marker, colour) in forms.items()
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=2, fontsize=FONT, frameon=False)
    save(path, figure)
