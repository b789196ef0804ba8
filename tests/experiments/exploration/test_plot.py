"""The picture is drawn of any rows, twice the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.exploration.fronts import front_rows
from experiments.exploration.plot import plot_space
from power.constants import CLASSES


@pytest.mark.parametrize("shipped", ["a", "none of them"])
def test_the_same_rows_make_the_same_picture(tmp_path: Path, shipped: str) -> None:
    rows = [
        {
            "design": name, "class": threshold, "vdd_v": "0.9", "clock": clock, "clock_hz": "100000",
            "meets_timing": "yes", "total_typical_uw": f"{power * (number + 1)}", "area_typical_mm2": f"{area}",
            "latency_ms": f"{time}", "test_per": None, "basis": basis,
        }
        for number, threshold in enumerate(CLASSES)
        for name, clock, power, area, time, basis in (
            ("a", "100 kHz", 50, 0.2, 6, "trained network"), ("a", "slowest", 49, 0.2, 9, "trained network"),
            ("b", "slowest", 40, 0.1, 9, "made"), ("c", "100 kHz", 60, 0.3, 5, "made"),
        )
    ]  # fmt: skip
    made = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        plot_space(tmp_path / folder / "space.png", rows, front_rows(rows, shipped), shipped)
        made.append([(tmp_path / folder / f"space.{end}").read_bytes() for end in ("png", "svg")])
    assert made[0] == made[1]
    assert made[0][0].startswith(b"\x89PNG")
