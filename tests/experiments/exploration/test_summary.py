"""The summary counts what there is, and marks what is beaten."""

from __future__ import annotations

from experiments.exploration.fronts import front_rows
from experiments.exploration.summary import summary


def test_designs_fronts_errors_and_refusals_are_in_it() -> None:
    rows = [
        {"design": name, "class": "HVT", "vdd_v": "0.9", "clock": "100 kHz", "clock_hz": "100000",
         "meets_timing": "yes", "total_low_uw": "1", "total_typical_uw": power, "total_high_uw": "99",
         "area_typical_mm2": "0.2", "latency_ms": "6", "test_per": None, "basis": "made"}
        for name, power in (("best", "40"), ("ours", "50"))
    ]  # fmt: skip
    counts = [
        {"status": "measured", "frames_over_budget": 0},
        {"status": "measured", "frames_over_budget": 3},
        {"status": "refused: no such lanes", "frames_over_budget": None},
    ]
    areas = [
        {"design": "best", "block": "total", "synthesised_nand2": 1000.0, "fitted_error_percent": 1.0,
         "left_out_error_percent": -7.5},
    ]  # fmt: skip
    text = summary(counts, rows, front_rows(rows, "ours"), areas, "ours", "a clip")
    assert "3 designs, 2 measured, 1 refused; 2 operating points; a clip." in text
    assert "misses real time at 100 kHz: 1;" in text
    assert "| best | 100000 | 1 | 40 | 99 | 0.2 | 6 |  | made |" in text
    assert "| **ours** (beaten) | 100000 | 1 | 50 |" in text
    assert "| best | 1,000 | +1.0 | -7.5 |" in text
    assert "left-out errors: 7.5 %" in text
    assert "- 1 designs refused: no such lanes" in text
