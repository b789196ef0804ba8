"""Units of time against exact arithmetic, for clocks from far below a hertz to a terahertz."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtl.timescale import TimescaleError, decimal, period_s, timescale

SECONDS = {"s": 0, "ms": -3, "us": -6, "ns": -9, "ps": -12, "fs": -15}
CLOCKS = st.floats(5e-13, 1e12) | st.integers(1, 10**12) | st.sampled_from([1e5, 3e6, 0.1, 2.5e9, 1e12, 5e-13, 1 / 3])


@given(clock_hz=CLOCKS, cycles=st.integers(1, 10**6), least_half=st.integers(1, 4))
def test_every_edge_is_where_it_is_to_the_nearest_unit(clock_hz, cycles, least_half):
    found = timescale(clock_hz, cycles, least_half=least_half)
    unit_s = Fraction(10) ** SECONDS[found.unit]
    half = period_s(clock_hz) / 2
    assert period_s(clock_hz) == 1 / Fraction(str(clock_hz))
    for halves in (0, 1, 2, 2 * cycles - 1, 2 * cycles):
        assert abs(found.at(halves) * unit_s - halves * half) <= unit_s / 2 * (not found.exact)
    assert 0 < found.at(1) < found.at(2) <= found.at(2 * cycles) < 1 << 63
    assert found.at(1) >= least_half
    assert found.exact == (half / unit_s == found.at(1))
    # Nothing that is exact was passed over.
    others = [Fraction(10) ** power for power in SECONDS.values()]
    possible = [half / other >= least_half and (cycles + 1) * 2 * half / other < 1 << 63 for other in others]
    exact = [(half / other).denominator == 1 for other in others]
    assert found.exact == any(a and b for a, b in zip(possible, exact, strict=True))


@pytest.mark.parametrize(
    ("clock_hz", "cycles", "unit", "half", "stated"),
    [
        (1e5, 1000, "ns", 5000, "clock 100000 Hz, times in units of 1 ns"),
        (2.5e9, 1000, "ps", 200, "clock 2500000000 Hz, times in units of 1 ps"),
        (1e12, 1000, "fs", 500, "clock 1000000000000 Hz, times in units of 1 fs"),
        (3e6, 1000, "fs", 166_666_667, "clock 3000000 Hz, times in units of 1 fs, to the nearest 1 fs"),
        (0.1, 1000, "ns", 5 * 10**9, "clock 0.1 Hz, times in units of 1 ns"),
        (0.1, 10**9, "us", 5 * 10**6, "clock 0.1 Hz, times in units of 1 us"),
        (5e-13, 1000, "ms", 10**15, "clock 5e-13 Hz, times in units of 1 ms"),
    ],
)
def test_known_clocks(clock_hz, cycles, unit, half, stated):
    found = timescale(clock_hz, cycles)
    assert (found.unit, found.at(1), found.stated) == (unit, half, stated)


def test_no_error_adds_up():
    found = timescale(3e6, 3_000_000)
    assert found.at(2 * 3_000_000) == 10**15


def test_a_run_that_no_unit_holds_is_refused():
    with pytest.raises(TimescaleError, match=r"10,000,000,000 periods of a clock of 5e-13 Hz"):
        timescale(5e-13, 10**10)


@given(CLOCKS)
def test_a_clock_is_written_as_the_number_that_it_is(clock_hz):
    assert float(decimal(clock_hz)) == clock_hz
