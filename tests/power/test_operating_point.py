"""Operating points, against the estimate at the nominal point and formulas worked out by hand."""

from __future__ import annotations

import pytest

from power.constants import NOTHING, Bounds
from power.errors import ConstantsError
from power.extremes import estimate_extremes
from power.operating_point import PARTS, LongestPath, leakage_factor, operating_point, part_of
from power.priced_activity import ActivityRow, Run

FREE = {"kind": "register", "bits": 4, "clock": "free", "toggles": 50, "clocked_bits": 400}
GATED = {"kind": "register", "bits": 32, "clock": "gated", "toggles": 900, "clocked_bits": 1600}
ROWS = [
    ActivityRow(block="controller", signal="state", **FREE),
    ActivityRow(block="pe_array", signal="acc0", **GATED),
    ActivityRow(block="pe_array", signal="add0", kind="adder", bits=8, operations=200),
    ActivityRow(block="weight_buffer", signal="bank0", kind="memory", bits=64, depth=128, reads=80),
]
RUN = Run(frames=2, cycles=100, clock_hz=10_000.0, frame_period_s=0.01)


def test_the_run_s_own_point_is_the_estimate():
    point = operating_point(ROWS, RUN, clock_hz=10_000.0, vdd=0.9, load="real time")
    assert list(point.total_uw) == pytest.approx(list(sum(estimate_extremes(ROWS, RUN).values(), NOTHING)))
    # 100 of the 200 cycles of two periods are busy.
    assert (point.seconds_a_frame, point.cycles_a_second) == (0.01, pytest.approx(5_000))
    assert list(point.frame_nj) == pytest.approx([value * 10 for value in point.total_uw])


def test_back_to_back_no_cycle_is_idle_and_power_goes_with_the_clock():
    slow, fast = (operating_point(ROWS, RUN, clock_hz=hz, vdd=0.9, load="back to back") for hz in (1e4, 1e6))
    assert fast.cycles_a_second == pytest.approx(1e6)
    for part in PARTS:
        factor = 1 if "leakage" in part else 100
        assert list(fast.parts_uw[part]) == pytest.approx([factor * value for value in slow.parts_uw[part]])
    # 400 free and 1,600 gated flip-flop cycles in 100 cycles of 100 us.
    # A cycle costs 1.946 fJ in a flip-flop, and 1.6 times that with its share of the tree.
    assert slow.parts_uw["clock"].typical == pytest.approx(2_000 * 1.946 * 1.6 * 1e-9 / 0.01)


def test_voltage_scales_dynamic_energy_and_leakage_apart():
    """LP, 20 and 32 nm at 0.5 V over 0.9 V: 0.06421 / 0.155602 and 0.318825 / 0.541209."""
    high, low = (operating_point(ROWS, RUN, clock_hz=1e4, vdd=vdd, load="real time") for vdd in (0.9, 0.5))
    ratio = low.parts_uw["memory"].typical / high.parts_uw["memory"].typical
    assert 0.06421 / 0.155602 < ratio < 0.318825 / 0.541209
    assert low.parts_uw["memory leakage"].typical == pytest.approx(
        high.parts_uw["memory leakage"].typical * 5 / 9 * 10 ** (-0.08 * 0.4 / 0.09)
    )
    assert list(leakage_factor(0.9)) == [1.0, 1.0, 1.0]
    assert leakage_factor(0.5).high == pytest.approx(5 / 9)
    with pytest.raises(ConstantsError, match=r"leakage: 1 V, expected above 0, to 0\.9 V"):
        leakage_factor(1.0)
    with pytest.raises(ConstantsError, match=r"0\.4 V at node"):
        operating_point(ROWS, RUN, clock_hz=1e4, vdd=0.4, load="real time")


def test_a_class_replaces_the_logic_s_leakage():
    point = operating_point(
        ROWS, RUN, clock_hz=1e4, vdd=0.9, load="real time", gate_nw=Bounds(0.1, 0.2, 0.4), gates=1000
    )
    assert list(point.parts_uw["logic leakage"]) == pytest.approx([0.1, 0.2, 0.4])


def test_timing():
    # 180 nm at 1.8 V: 97.09 x 3.24 - 356.7 x 1.8 + 406.5 = 79.0116; HP at 0.9 V: 2/3 x 8.357 + 1/3 x 9.4673 = 8.7271.
    path = LongestPath(20.0, "180", 1.8)
    assert path.at_28nm(0.9).low == pytest.approx(20 * 8.7271 / 79.0116, rel=1e-4)
    delays = path.at_28nm(0.9)
    between = [(2e9 / (delays.low + delays.typical)), (2e9 / (delays.typical + delays.high))]
    clocks = [1e9 / delays.low * 1.01, *between, 1e9 / delays.high]
    assert [path.meets(clock, 0.9) for clock in clocks] == ["no", "at best", "at the middle", "yes"]


@pytest.mark.parametrize(
    ("component", "part"),
    [
        ("clock, gated", "clock"),
        ("clock, free", "clock"),
        ("memory reads", "memory"),
        ("switching", "logic"),
        ("adders", "logic"),
        ("logic leakage", "logic leakage"),
        ("memory leakage", "memory leakage"),
    ],
)
def test_components_are_parted(component: str, part: str):
    assert part_of(component) == part


def test_a_frame_s_share_of_cycles_need_not_be_whole():
    run = Run(frames=3, cycles=100, clock_hz=10_000.0, frame_period_s=0.01)
    point = operating_point(
        ROWS, run, clock_hz=10_000.0, vdd=0.9, load="real time", gate_nw=Bounds(1.0, 1.0, 1.0), gates=1_500.0
    )
    assert point.cycles_a_second == pytest.approx(100 / 3 / 0.01)
    # 1,500 gates of 1 nW.
    assert list(point.parts_uw["logic leakage"]) == pytest.approx([1.5, 1.5, 1.5])
    back_to_back = operating_point(ROWS, run, clock_hz=10_000.0, vdd=0.9, load="back to back")
    assert back_to_back.seconds_a_frame == pytest.approx(100 / 3 / 10_000)


def test_a_path_fits_a_period_that_is_just_as_long():
    # At its own node and voltage a path is as long as it was found, under every rule.
    path = LongestPath(10.0, "28", 0.9)
    assert list(path.at_28nm(0.9)) == [10.0, 10.0, 10.0]
    assert (path.meets(100e6, 0.9), path.meets(100e6 + 0.05, 0.9)) == ("yes", "no")


def test_no_gates_leak_nothing():
    point = operating_point(ROWS, RUN, clock_hz=1e4, vdd=0.9, load="real time", gate_nw=Bounds(1.0, 1.0, 1.0))
    assert point.parts_uw["logic leakage"] == NOTHING


@pytest.mark.parametrize("vdd", [0.0, -0.5])
def test_leakage_without_a_voltage_is_refused(vdd: float):
    with pytest.raises(ConstantsError, match=f"leakage: {vdd:g} V, expected above 0"):
        leakage_factor(vdd)


def test_leakage_by_hand():
    """A decade each 90 mV over DIBL: at 0.6 V the barrier is higher by 45 mV at most and by 24 mV typically."""
    expected = [2 / 3 * 10 ** (-45 / 90), 2 / 3 * 10 ** (-24 / 90), 2 / 3]
    assert list(leakage_factor(0.6)) == pytest.approx(expected)
