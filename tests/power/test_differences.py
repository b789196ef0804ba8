"""Reasons come in the order of what they are worth, which is worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from power.differences import largest, reasons
from power.report import PowerReport, PowerRow
from power.scaling import bracket_28nm_voltage

# 101 draws from 0 to 1: percentiles are 0.05, 0.5 and 0.95.
RISING = np.linspace(0, 1, 101)


def report(name: str, *, memory: float, clock: float, leakage: float, spread: float = 0) -> PowerReport:
    return PowerReport(
        name,
        (
            PowerRow("m", "memory reads", memory + spread * RISING),
            PowerRow("a", "clock, free", np.full(101, clock)),
            PowerRow("a", "logic leakage", np.full(101, leakage)),
        ),
    )


def order(reports: dict[str, PowerReport]) -> list[str]:
    words = {"class of cells": "class", "memories": "memories", "voltage": "voltage", "laid out": "layout"}
    return [next(name for word, name in words.items() if word in reason.text) for reason in reasons(reports)]


def test_what_moves_the_figure_most_comes_first() -> None:
    alike = {name: report(name, memory=10, clock=10, leakage=50) for name in ("HVT", "SVT")}
    assert order(alike)[0] == "voltage"
    apart = alike | {"LVT": report("LVT", memory=10, clock=10, leakage=5_000)}
    assert order(apart)[:2] == ["class", "voltage"]
    unsure = {name: report(name, memory=10, clock=10, leakage=50, spread=500) for name in ("HVT", "SVT")}
    assert order(unsure)[0] == "memories"
    clock = report("SVT", memory=1, clock=1, leakage=50)
    wide = PowerReport("SVT", (*clock.rows, PowerRow("a", "switching", 1_000 * RISING)))
    assert order({"SVT": wide})[0] == "layout"


def test_worth_by_hand() -> None:
    near = report("HVT", memory=10, clock=12, leakage=50, spread=8)
    far = report("SVT", memory=10, clock=12, leakage=500)
    found = {reason.text.split(":")[0]: reason for reason in reasons({"HVT": near, "SVT": far})}
    by_class, memory, voltage, layout = (
        next(reason for text, reason in found.items() if word in text)
        for word in ("class of cells", "memories", "voltage", "laid out")
    )
    assert by_class.worth_uw == pytest.approx(522 - 76)
    assert "HVT / SVT give 76.0 / 522.0 uW" in by_class.text
    assert memory.worth_uw == pytest.approx(8 * 0.9)
    assert layout.worth_uw == 0
    # In HVT, which comes nearer to 71.2: 26 uW that scale as energy does, 50 as leakage, DIBL 0.08 V/V.
    energy = bracket_28nm_voltage(0.9, 0.5, "energy")[1]
    low = 26 * energy + 50 * 5 / 9 * 10 ** (-0.08 * 0.4 / 0.09)
    assert voltage.worth_uw == pytest.approx(76 - low)
    assert f"0.5 V would give {low:.1f}" in voltage.text


def test_the_three_largest_are_the_first_three() -> None:
    reports = {"SVT": report("SVT", memory=10, clock=10, leakage=50, spread=3)}
    assert largest(reports) == reasons(reports)[:3]
    worths = [reason.worth_uw for reason in reasons(reports)]
    assert worths == sorted(worths, reverse=True)
    assert len(worths) == 4


def test_the_nearest_class_is_the_one_of_the_least_ratio() -> None:
    def nearest(**totals: float) -> str:
        reports = {name: report(name, memory=0, clock=total, leakage=0) for name, total in totals.items()}
        text = next(reason.text for reason in reasons(reports) if "voltage" in reason.text)
        return text.partition(" uW in ")[2].split()[0]

    assert nearest(HVT=10, SVT=80) == "SVT"
    # 71.2 is 7.12 times 10, and 640.8 nine times 71.2.
    assert nearest(HVT=10, SVT=640.8) == "HVT"
    # No power at all is farther than a hundred times too much.
    assert nearest(HVT=0, SVT=7_120) == "SVT"
