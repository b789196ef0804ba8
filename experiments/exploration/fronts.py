"""Which operating points of which designs are on a front, class by class, and the paper's beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from experiments.exploration.pareto import pareto_front
from power.constants import CLASSES, NOMINAL_V
from power.report import PAPER_POWER_UW

__all__ = ["FRONTS", "NOMINAL", "front_rows"]

Row = Mapping[str, Any]
# What is compared, and by what; each is better the less it is. Without rates networks of any size are one to another.
FRONTS = {
    "any network": ("total_typical_uw", "area_typical_mm2", "latency_ms"),
    "trained networks": ("total_typical_uw", "area_typical_mm2", "latency_ms", "test_per"),
}
# At the voltage of the tables of constants, and at any.
NOMINAL = f"{NOMINAL_V:g} V"
VOLTAGES = (NOMINAL, "any")


def front_rows(rows: Sequence[Row], shipped: str) -> list[dict[str, Any]]:
    """Return the rows of every front, the shipped design's best at each whether on it or not, and the paper's.

    Parameters
    ----------
    rows : sequence of mapping
        Of ``design_space.csv``.
    shipped : str
        Name of the shipped design.
    """
    found: list[dict[str, Any]] = []
    for name, objectives in FRONTS.items():
        for voltages in VOLTAGES:
            for threshold in CLASSES:
                own = [row for row in rows if row["class"] == threshold and _counts(row, objectives, voltages)]
                if not own:
                    continue
                best = pareto_front(np.array([[float(row[column]) for column in objectives] for row in own]))
                about = {"front": name, "voltages": voltages, "objectives": ", ".join(objectives), "kind": "ours"}
                for row, on_front in zip(own, best, strict=True):
                    if on_front or (row["design"] == shipped and row["vdd_v"] == f"{NOMINAL_V:g}"):
                        found.append({**about, "on_front": "yes" if on_front else "no", "shipped":
                                      "yes" if row["design"] == shipped else "no", **row})  # fmt: skip
    return [*found, _paper(rows[0])] if rows else []


def _counts(row: Row, objectives: Sequence[str], voltages: str) -> bool:
    here = voltages != NOMINAL or row["vdd_v"] == f"{NOMINAL_V:g}"
    return here and row["meets_timing"] == "yes" and all(row[column] not in ("", None) for column in objectives)


def _paper(like: Row) -> dict[str, Any]:
    """Return what the paper states of its design; it is on no front, for it states neither area nor class."""
    about = {"front": "beside", "voltages": "not stated", "objectives": "", "kind": "stated", "on_front": "",
             "shipped": ""}  # fmt: skip
    stated = {
        "design": "paper: 2 PE sets, 4 bits, 1 or 2 time steps; area not stated",
        "class": "not stated",
        "clock": "100 kHz",
        "clock_hz": "100000",
        "total_typical_uw": f"{PAPER_POWER_UW}",
    }
    return about | dict.fromkeys(like) | stated
