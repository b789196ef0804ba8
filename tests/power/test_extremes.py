"""Extremes, worked out by hand from the constants of the shipped tables."""

from __future__ import annotations

import pytest

from power.extremes import estimate_extremes
from power.priced_activity import ActivityRow, Run


def test_a_memory_at_its_three_constants():
    """1,000 rows of 64 bits read in a second: 64,000 bits of 11.25 to 64.63 fJ; 1 KB leaks 24.77 to 558.7 nW."""
    rows = [ActivityRow(block="weight_buffer", signal="bank0", kind="memory", bits=64, depth=128, reads=1000)]
    found = estimate_extremes(rows, Run(frames=1, cycles=1000, clock_hz=1000.0, frame_period_s=1.0))
    assert list(found["weight_buffer", "memory reads"]) == pytest.approx([720e-6, 1.26528e-3, 4.13632e-3])
    assert list(found["weight_buffer", "memory leakage"]) == pytest.approx([0.02477, 0.1231, 0.5587])
