"""The report's sums and its file."""

from __future__ import annotations

import csv
from pathlib import Path

from power.constants import Bounds
from power.report import PAPER_POWER_UW, PowerReport, PowerRow

NAMES = ("low", "typical", "high")
REPORT = PowerReport(
    (
        PowerRow("a", "switching", Bounds(1, 2, 3)),
        PowerRow("a", "logic leakage", Bounds(10, 20, 30)),
        PowerRow("b", "switching", Bounds(100, 200, 300)),
    )
)


def test_sums() -> None:
    assert REPORT.total == Bounds(111, 222, 333)
    assert REPORT.by_block() == {"a": Bounds(11, 22, 33), "b": Bounds(100, 200, 300)}
    assert REPORT.by_component()["switching"] == Bounds(101, 202, 303)
    assert PAPER_POWER_UW == 71.2
    assert PowerReport(()).total == Bounds(0, 0, 0)


def test_csv(tmp_path: Path) -> None:
    with REPORT.write_csv(tmp_path / "power.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert [row["typical_uw"] for row in rows] == ["2", "20", "200", "222"]
    assert (rows[-1]["block"], rows[-1]["component"]) == ("total", "")
    back = [
        PowerRow(row["block"], row["component"], Bounds(*(float(row[f"{name}_uw"]) for name in NAMES)))
        for row in rows[:-1]
    ]
    assert tuple(back) == REPORT.rows
    assert [entry.name for entry in tmp_path.iterdir()] == ["power.csv"]
