"""The report's sums, its file and its table."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from power.constants import Bounds
from power.report import PAPER_POWER_UW, PowerReport, PowerRow, table, write_reports

# 101 draws, so that percentiles are draws: the 5th is the sixth smallest.
RISING = np.arange(101.0)
REPORT = PowerReport(
    "SVT",
    (
        PowerRow("a", "switching", RISING),
        PowerRow("a", "logic leakage", 100 - RISING),
        PowerRow("b", "switching", 10 * RISING),
        PowerRow("b", "memory reads", 0 * RISING + 7),
    ),
)


def test_percentiles_are_those_of_the_sum() -> None:
    assert REPORT.rows[0].power_uw == Bounds(5, 50, 95)
    # One falls as the other rises: their sum is certain, where the sum of percentiles would be 10 to 190.
    assert REPORT.by_block() == {"a": Bounds(100, 100, 100), "b": Bounds(57, 507, 957)}
    assert REPORT.by_component()["switching"] == Bounds(55, 550, 1045)
    assert REPORT.of(["switching", "memory reads"]) == Bounds(62, 557, 1052)
    assert REPORT.total == Bounds(157, 607, 1057)
    assert PAPER_POWER_UW == 71.2
    assert PowerReport("SVT", ()).total == Bounds(0, 0, 0)


def test_csv_names_the_class_of_every_row(tmp_path: Path) -> None:
    path = write_reports({"HVT": REPORT, "SVT": REPORT}, tmp_path / "power.csv")
    with path.open() as handle:
        rows = list(csv.DictReader(handle))
    assert [row["class"] for row in rows] == ["HVT"] * 5 + ["SVT"] * 5
    assert [row["median_uw"] for row in rows[:5]] == ["50", "50", "500", "7", "607"]
    assert (rows[4]["block"], rows[4]["p5_uw"], rows[4]["p95_uw"]) == ("total", "157", "1057")
    assert [entry.name for entry in tmp_path.iterdir()] == ["power.csv"]


def test_table_has_a_column_a_class() -> None:
    lines = table({"HVT": REPORT, "LVT": PowerReport("LVT", REPORT.rows)})
    assert lines[0].split() == ["cells", "HVT", "LVT"]
    assert lines[1].split() == ["b", "507.00", "(57.00-957.00)", "507.00", "(57.00-957.00)"]
    assert lines[-1].split()[:3] == ["total", "607.00", "(157.00-1057.00)"]
    assert lines[-2].split()[3:5] == ["50.00", "(5.00-95.00)"]


def test_a_report_of_no_rows_has_no_blocks() -> None:
    assert PowerReport("HVT", ()).by_block() == {}
    with pytest.raises(KeyError):
        PowerReport("HVT", ()).by_component()["switching"]


def test_the_first_class_orders_the_lines_of_all() -> None:
    def report(name: str, **blocks: float) -> PowerReport:
        return PowerReport(name, tuple(PowerRow(block, "switching", 0 * RISING + uw) for block, uw in blocks.items()))

    first, second = report("HVT", a=1, b=2, c=1), report("SVT", c=7, b=3, a=9)
    for reports in ({"HVT": first}, {"HVT": first, "SVT": second}):
        # What takes as much stands as in the first class's rows.
        assert [line.split()[0] for line in table(reports)[1:4]] == ["b", "a", "c"]
    assert [line.split()[0] for line in table({"SVT": second, "HVT": first})[1:4]] == ["a", "c", "b"]
