"""What sleep saves, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from power.constants import load_constants
from power.priced_activity import ActivityRow, Run
from power.sleep import memories_asleep, sleep_lines
from power.uncertainty import draw

# 2 KB; 10 frames of 10 ms, 600 of 1,000 cycles busy.
ROWS = [
    ActivityRow(block="m", signal="a", kind="memory", bits=64, depth=128),
    ActivityRow(block="m", signal="b", kind="memory", bits=32, depth=256),
    ActivityRow(block="m", signal="r", kind="register", bits=8, clock="gated"),
]
RUN = Run(frames=10, cycles=6_000, clock_hz=100_000, frame_period_s=0.01)
VALUES = {
    "sram_leakage": 500.0,
    "sram_retention_ratio": 0.25,
    "sram_off_ratio": 0.1,
    "sram_wake_energy": 50.0,
    "sram_wake_time": 20.0,
}


def test_by_hand() -> None:
    found = memories_asleep(ROWS, RUN, VALUES)
    assert found is not None
    assert found.awake_uw == pytest.approx(1.0)
    # 0.75 uW in 0.4 of the time, less 2 x 50 pJ every 10 ms: 0.01 uW.
    assert found.saved_uw == pytest.approx(0.3 - 0.01)
    assert found.off_uw == pytest.approx(0.1)
    # 100 pJ at 0.75 uW.
    assert found.break_even_us == pytest.approx(100e-12 / 0.75e-6 * 1e6)
    assert found.wake_ns == 20.0
    # Saved is nothing where the idle time is the break-even time.
    cycles = 10_000 - round(10 * found.break_even_us * 1e-6 * 100_000)
    edge = memories_asleep(ROWS, Run(frames=10, cycles=cycles, clock_hz=100_000, frame_period_s=0.01), VALUES)
    assert edge is not None
    assert abs(edge.saved_uw) < 0.002


def test_without_idle_cycles_nothing_is_saved_and_nothing_is_woken() -> None:
    full = memories_asleep(ROWS, Run(frames=10, cycles=12_000, clock_hz=100_000, frame_period_s=0.01), VALUES)
    assert full is not None
    assert full.saved_uw == 0


def test_a_design_without_memory_has_none_to_sleep() -> None:
    assert memories_asleep(ROWS[2:], RUN, VALUES) is None
    assert sleep_lines(ROWS[2:], RUN, draw(load_constants())) == []


def test_lines_are_of_the_draws() -> None:
    drawn = draw(load_constants())
    found = memories_asleep(ROWS, RUN, drawn)
    assert found is not None
    median = float(np.median(found.saved_uw))
    assert any(f"saves {median:.3g} (" in line for line in sleep_lines(ROWS, RUN, drawn))
    assert "assumptions" in sleep_lines(ROWS, RUN, drawn)[0]


def test_a_memory_need_not_be_of_whole_kilobytes() -> None:
    # 96 rows of 64 bits are 0.75 KB.
    found = memories_asleep([ActivityRow(block="m", signal="a", kind="memory", bits=64, depth=96)], RUN, VALUES)
    assert found is not None
    assert found.awake_uw == pytest.approx(0.75 * 0.5)
