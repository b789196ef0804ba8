"""Prices of a design: the clocks it is priced at, times of a frame, and powers that are `power`'s own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from experiments.exploration.measured import Activity, measure
from experiments.exploration.priced import SLOWEST, Prices, area_mm2, clocks_of, price_design
from golden.checkpoint import random_checkpoint
from golden.specification import Specification
from power.constants import CLASSES
from power.inference import ASSUMED_CLASSES, AT_28_NM
from power.operating_point import LongestPath, operating_point

SPEC = Specification(
    inputs=6, input_bits=5, layers=(20, 20), outputs=70, lanes=16, thresholds=(60, 40), membrane_bits=(12, 11)
)
PATH = LongestPath(22.68, "180", 1.8)


@pytest.fixture
def activity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Activity:
    monkeypatch.setenv("RSNN_CACHE", str(tmp_path / "cache"))
    codes = np.random.default_rng(4).integers(-16, 16, (9, 6))
    return measure(random_checkpoint(SPEC, seed=3), {"a": codes}, traced=3)


def test_one_that_keeps_up_has_two_clocks_one_that_does_not_one(activity: Activity) -> None:
    nominal, slowest = clocks_of(SPEC, activity)
    assert (nominal.name, nominal.hz) == ("100 kHz", 1e5)
    assert slowest.name == SLOWEST
    # At it the longest frame takes the period, exactly.
    assert activity.cycles_most / slowest.hz == pytest.approx(SPEC.frame_period_s)
    tight = SPEC.replace(clock_hz=(activity.cycles_most - 1) / SPEC.frame_period_s)
    assert [clock.name for clock in clocks_of(tight, activity)] == [SLOWEST]


def test_each_row_is_power_s_own_and_its_parts_add_up(activity: Activity) -> None:
    table = price_design(SPEC, activity, 5000.0, Prices((0.5, 0.9), PATH))
    assert len(table) == 2 * len(CLASSES) * 2
    for row in table:
        parts = sum(float(row[name]) for name in ("dynamic_uw", "memory_leakage_uw", "logic_leakage_uw"))
        assert parts == pytest.approx(float(row["total_typical_uw"]), rel=2e-3)
        assert float(row["total_low_uw"]) < float(row["total_typical_uw"]) < float(row["total_high_uw"])
        assert float(row["latency_ms"]) <= float(row["latency_most_ms"]) <= 10.0 + 1e-9
        # In real time a frame takes 10 ms: 1 uW is 10 nJ.
        assert float(row["frame_nj"]) == pytest.approx(10 * float(row["total_typical_uw"]), rel=2e-3)
    row = table[-1]
    clock = activity.cycles_most / SPEC.frame_period_s
    own = operating_point(
        activity.priced_rows(), activity.run(clock, 0.01), clock_hz=clock, vdd=0.9, load="real time",
        gate_nw=ASSUMED_CLASSES["LVT"], gates=5e3,
    )  # fmt: skip
    assert (row["class"], row["vdd_v"], row["clock"]) == ("LVT", "0.9", SLOWEST)
    assert float(row["total_typical_uw"]) == pytest.approx(own.total_uw.typical, rel=1e-3)
    assert row["meets_timing"] == "yes"


def test_a_path_that_is_too_long_is_said(activity: Activity) -> None:
    table = price_design(SPEC, activity, 5000.0, Prices((0.5,), LongestPath(1e8, "180", 1.8)))
    assert {row["meets_timing"] for row in table} == {"no"}


def test_area_is_logic_placed_and_memories() -> None:
    columns = area_mm2(1e5, 8192)
    total = AT_28_NM.logic_mm2(1e5) + AT_28_NM.memory_mm2(8192)
    assert [float(columns[f"area_{end}_mm2"]) for end in ("low", "typical", "high")] == pytest.approx(
        list(total), rel=1e-3
    )
