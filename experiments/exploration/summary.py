"""The space of designs in Markdown: the shipped design, the fronts, the law of gates, and what was refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from experiments.exploration.fronts import FRONTS, NOMINAL
from power.constants import CLASSES
from power.report import PAPER_POWER_UW

__all__ = ["summary"]

Row = Mapping[str, Any]
_SHOWN = {
    "design": "design",
    "clock_hz": "clock Hz",
    "total_low_uw": "low uW",
    "total_typical_uw": "typical uW",
    "total_high_uw": "high uW",
    "area_typical_mm2": "mm2",
    "latency_ms": "mean ms",
    "test_per": "PER",
    "basis": "basis",
}


def summary(
    counts: Sequence[Row], rows: Sequence[Row], fronts: Sequence[Row], areas: Sequence[Row], shipped: str, speech: str
) -> str:
    """Return the text.

    Parameters
    ----------
    counts, rows, fronts, areas : sequence of mapping
        Rows of ``designs.csv``, ``design_space.csv``, ``pareto.csv`` and ``area_points.csv``.
    shipped, speech : str
        Name of the shipped design; what was heard.
    """
    measured = [row for row in counts if row["status"] == "measured"]
    missed = [row for row in measured if row["frames_over_budget"]]
    lines = [
        f"{len(counts)} designs, {len(measured)} measured, {len(counts) - len(measured)} refused; "
        f"{len(rows):,} operating points; {speech}.",
        f"Designs of which a frame misses real time at 100 kHz: {len(missed)}; these are priced at the slowest clock "
        "at which none does.",
        "Cycles, reads and additions: golden's counter, all frames. Toggles: golden's trace of some frames, scaled. "
        "Gates: a law fitted to synthesised designs. Power: low, typical, high of the tables, no percentiles.",
        "All of it is ours; PER only of networks that were trained, and of no made weights.",
        f"Paper, stated: {PAPER_POWER_UW} uW at 100 kHz; class of cells, voltage and area are not stated.",
        "",
        "## Law of gates",
        "",
        *_fit(areas),
    ]
    for name, objectives in FRONTS.items():
        for threshold in CLASSES:
            own = [row for row in fronts if (row["front"], row["class"], row["voltages"]) == (name, threshold, NOMINAL)]
            if not own:
                continue
            best = [row for row in own if row["on_front"] == "yes"]
            lines += ["", f"## {name}, {threshold}, {NOMINAL}: least {', '.join(objectives)}", ""]
            lines += [_line(_SHOWN.values()), "|---" * len(_SHOWN) + "|"]
            for row in sorted(own, key=lambda row: float(row["total_typical_uw"])):
                if row in best or row["shipped"] == "yes":
                    mark = {"yes": "", "no": " (beaten)"}[row["on_front"]]
                    star = "**" if row["design"] == shipped else ""
                    cells = [_text(row[column]) for column in _SHOWN]
                    lines.append(_line([f"{star}{cells[0]}{star}{mark}", *cells[1:]]))
    refused = Counter(row["status"] for row in counts if row["status"] != "measured")
    if refused:
        lines += ["", "## Refused", "", *(f"- {count} designs {why}" for why, count in sorted(refused.items()))]
    return "\n".join(lines) + "\n"


def _fit(areas: Sequence[Row]) -> list[str]:
    totals = [row for row in areas if row["block"] == "total"]
    lines = [_line(["design", "synthesised NAND2", "fitted %", "left out %"]), "|---|---|---|---|"]
    for row in totals:
        errors = (f"{row[f'{which}_error_percent']:+.1f}" for which in ("fitted", "left_out"))
        lines.append(_line([row["design"], f"{row['synthesised_nand2']:,.0f}", *errors]))
    most = max((abs(float(row["left_out_error_percent"])) for row in totals), default=0.0)
    return [*lines, "", f"Most of the left-out errors: {most:.1f} % of a design's logic."]


def _line(cells: Any) -> str:
    return "| " + " | ".join(cells) + " |"


def _text(value: Any) -> str:
    return "" if value is None else str(value)
