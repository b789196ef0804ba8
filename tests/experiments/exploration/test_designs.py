"""A design's rows: each number from where its column says, a refusal as a row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.exploration.area_fit import TERMS, AreaFit, sizes_of
from experiments.exploration.designs import COLUMNS, Settings, explore_design
from experiments.exploration.grid import Point
from experiments.exploration.priced import Prices
from golden.checkpoint import random_checkpoint
from golden.specification import Specification
from power.operating_point import LongestPath

SPEC = Specification(
    inputs=6, input_bits=5, layers=(16, 16), outputs=70, lanes=16, thresholds=(60, 40), membrane_bits=(12, 11)
)
POINT = Point(16, 2, 2, 4, 16)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RSNN_CACHE", str(tmp_path / "cache"))


def settings(**changes: Any) -> Settings:
    rng = np.random.default_rng(4)
    given: dict[str, Any] = {
        "checkpoint": random_checkpoint(SPEC, seed=3),
        "utterances": {"a": rng.integers(-16, 16, (5, 6)), "b": rng.integers(-4, 4, (8, 6))},
        "traced": 3,
        "fit": AreaFit({block: dict.fromkeys(terms, 1.0) for block, terms in TERMS.items()}),
        "sizes": {block: np.array([sizes_of(SPEC, block)] * 2) for block in TERMS},
        "prices": Prices((0.7, 0.9), LongestPath(22.68, "180", 1.8)),
        "rates": {(16, 2, 4): (0.5, "a table, a row")},
    }
    return Settings(**given | changes)


def test_the_rows_of_a_design() -> None:
    found = explore_design(POINT, settings())
    assert tuple(found.counts) == COLUMNS
    assert (found.counts["status"], found.counts["basis"]) == ("measured", "trained network")
    assert found.counts["frames"] == 13
    assert "6 frames amid 2 utterances" in found.counts["toggles_from"]
    assert found.counts["gates_nand2"] == round(sum(sizes_of(SPEC, block).sum() for block in TERMS))
    assert found.counts["gates_from"] == "area_fit.csv"
    assert (found.counts["test_per"], found.counts["test_per_from"]) == (0.5, "a table, a row")
    assert found.counts["latency_ms"] == pytest.approx(found.counts["cycles_mean"] / 100, abs=1e-3)
    assert found.counts["latency_slowest_ms"] == pytest.approx(
        10 * found.counts["cycles_mean"] / found.counts["cycles_most"], abs=0.02
    )
    assert len(found.points) == 2 * 3 * 2
    assert {row["design"] for row in found.points} == {POINT.name}
    assert all(row["area_typical_mm2"] == found.counts["area_typical_mm2"] for row in found.points)
    assert all(row["test_per"] == 0.5 for row in found.points)


def test_fewer_lanes_take_longer_and_have_no_other_rate() -> None:
    wide, narrow = (explore_design(Point(lanes, 2, 2, 4, 32), settings()).counts for lanes in (32, 16))
    assert narrow["cycles_mean"] > wide["cycles_mean"]
    assert wide["test_per"] is narrow["test_per"] is None
    assert "twice" in wide["basis"]
    assert wide["gates_from"].startswith("area_fit.csv, beyond the synthesised: ")
    assert "pe_array" in wide["gates_from"]


def test_one_that_misses_real_time_says_the_clock_it_is_priced_at() -> None:
    tight = SPEC.replace(clock_hz=5000.0)
    found = explore_design(POINT, settings(checkpoint=random_checkpoint(tight, seed=3)))
    most = found.counts["cycles_most"]
    assert most > 50
    assert found.counts["real_time"] == f"misses 50 cycles: priced at {most / 10:g} kHz"
    assert found.counts["frames_over_budget"] > 0
    assert {row["clock_hz"] for row in found.points} == {f"{100 * most}"}


def test_what_golden_refuses_is_a_row_that_says_why() -> None:
    found = explore_design(Point(24, 2, 2, 4, 16), settings())
    assert found.points == []
    filled = {name: value for name, value in found.counts.items() if value is not None}
    assert filled == {
        "design": "24 lanes x 2, T = 2, 4 bits, 16 neurons",
        "lanes": 24, "pe_sets": 2, "time_steps": 2, "weight_bits": 4, "width": 16,
        "status": "refused: specification: logits_per_cycle is 16, expected a divisor of lanes (24)",
    }  # fmt: skip
