"""Power against formulas written out by hand, and its monotonicity."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from power.constants import CLASSES, LARGEST, Bounds, Constant, load_constants
from power.energy import at_temperature, estimate, estimate_classes, price, sram_item
from power.errors import ActivityError, ConstantsError
from power.priced_activity import MOST_BITS, ActivityRow, Run
from power.uncertainty import draw

TABLE = load_constants()
LOW, TYPICAL, HIGH = (
    {item: float(getattr(constant.bounds, side)) for item, constant in TABLE.items()}
    for side in ("low", "typical", "high")
)
RUN = Run(frames=10, cycles=6_000, clock_hz=100_000, frame_period_s=0.01)


def components(rows: list[ActivityRow], run: Run = RUN) -> dict[tuple[str, str], Bounds]:
    return {(row.block, row.component): row.power_uw for row in estimate(rows, run).rows}


def test_every_component_by_its_formula() -> None:
    rows = [
        ActivityRow(block="a", signal="r", kind="register", bits=8, clock="free", toggles=500, clocked_bits=48_000),
        ActivityRow(block="a", signal="g", kind="register", bits=100, clock="gated", toggles=70, clocked_bits=900),
        ActivityRow(block="a", signal="p", kind="port", bits=4, toggles=30),
        ActivityRow(block="a", signal="add", kind="adder", bits=17, operations=1_000),
        ActivityRow(block="m", signal="bank", kind="memory", bits=512, reads=2_000, writes=10, depth=1024),
    ]
    found, least, most = (price(rows, RUN, values) for values in (TYPICAL, LOW, HIGH))
    seconds = 0.1  # 10 frames of 10 ms
    to_uw = 1e-15 * 1e6 / seconds
    # 600 toggles; two inputs of 0.5582 fF and 15 um of 0.19 fF, half of C V^2 at 0.9 V, and 0.3566 fJ inside.
    assert found["a", "switching"] == pytest.approx(600 * (0.405 * (2 * 0.5582 + 15 * 0.19) + 0.3566) * to_uw)
    # Gated: 900 cycles of 1.946 fJ x 1.6. Free: also 8 flip-flops in the 10,000 - 6,000 idle cycles.
    assert found["a", "clock, gated"] == pytest.approx(900 * 1.946 * 1.6 * to_uw)
    assert found["a", "clock, free"] == pytest.approx((48_000 + 8 * 4_000) * 1.946 * 1.6 * to_uw)
    # 1,000 additions of 17 bits at 1.917 fJ.
    assert least["a", "adders"] == pytest.approx(17_000 * 1.406 * to_uw)
    assert found["a", "adders"] == pytest.approx(17_000 * 1.917 * to_uw)
    # 64 KB: priced as 128 KB, 148.4 fJ a bit read and at most 1.609 times 166.2 written; 123.1 nW a KB leaks.
    assert found["m", "memory reads"] == pytest.approx(2_000 * 512 * 148.4 * to_uw)
    assert most["m", "memory writes"] == pytest.approx(10 * 512 * 166.2 * 1.609 * to_uw)
    assert found["m", "memory leakage"] == pytest.approx(64 * 123.1e-3)
    # 108 flip-flops of a block that was not synthesised, 18.4 gates each, at 1 nW (SVT).
    assert found["a", "logic leakage"] == pytest.approx(108 * 18.4 * 1e-3)
    # Nothing else is priced: no component twice, none of a kind that a block lacks.
    assert {place for place, power in found.items() if power} == {
        ("a", "switching"), ("a", "clock, gated"), ("a", "clock, free"), ("a", "adders"), ("a", "logic leakage"),
        ("m", "memory reads"), ("m", "memory writes"), ("m", "memory leakage"),
    }  # fmt: skip


KINDS = {
    "toggles": ActivityRow(block="a", signal="r", kind="register", bits=8, clock="gated"),
    "clocked_bits": ActivityRow(block="a", signal="r", kind="register", bits=8, clock="gated"),
    "operations": ActivityRow(block="a", signal="r", kind="adder", bits=17),
    "reads": ActivityRow(block="a", signal="r", kind="memory", bits=512, depth=1_024),
    "writes": ActivityRow(block="a", signal="r", kind="memory", bits=512, depth=1_024),
    "depth": ActivityRow(block="a", signal="r", kind="memory", bits=512, reads=1),
}


@given(count=st.integers(1, 10**9), more=st.integers(1, 10**9), column=st.sampled_from(sorted(KINDS)))
def test_more_activity_is_more_power_and_bounds_are_ordered(count: int, more: int, column: str) -> None:
    counted: dict[str, Any] = {column: count}
    busy: dict[str, Any] = {column: count + more}
    row, busier = dataclasses.replace(KINDS[column], **counted), dataclasses.replace(KINDS[column], **busy)
    run = dataclasses.replace(RUN, cycles=2 * 10**9)
    one, two = estimate([row], run), estimate([busier], run)
    for report in (one, two):
        for part in report.rows:
            assert 0 < part.power_uw.low <= part.power_uw.typical <= part.power_uw.high
    assert all(a < b for a, b in zip(one.total, two.total, strict=True))


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_the_same_energy_over_twice_the_time_is_half_the_power(toggles: int, frames: int) -> None:
    port = ActivityRow(block="a", signal="p", kind="port", bits=2048, toggles=toggles)
    once = estimate([port], dataclasses.replace(RUN, frames=frames, cycles=600 * frames)).total
    twice = estimate([port], dataclasses.replace(RUN, frames=2 * frames, cycles=600 * frames)).total
    assert list(twice) == pytest.approx([value / 2 for value in once])


def test_frames_that_overrun_take_the_time_of_their_cycles() -> None:
    # 15,000 cycles at 100 kHz are 0.15 s, more than ten frames of 10 ms.
    overrun = dataclasses.replace(RUN, cycles=15_000)
    assert overrun.seconds == pytest.approx(0.15)
    assert overrun.idle_cycles == 0
    assert RUN.seconds == pytest.approx(0.1)


def test_free_flip_flops_pay_for_idle_cycles_and_gated_ones_do_not() -> None:
    free = ActivityRow(block="a", signal="r", kind="register", bits=8, clock="free", clocked_bits=48_000)
    gated = dataclasses.replace(free, clock="gated")
    slower = dataclasses.replace(RUN, clock_hz=60_000)  # 600 cycles a period: no idle cycle is left
    assert slower.idle_cycles == 0
    assert dataclasses.replace(RUN, clock_hz=50_000).idle_cycles == 0
    assert components([free])["a", "clock, free"].low > components([free], slower)["a", "clock, free"].low
    assert components([gated])["a", "clock, gated"] == components([gated], slower)["a", "clock, gated"]


def test_a_bank_is_priced_by_the_smallest_size_that_holds_it() -> None:
    assert [sram_item(size) for size in (4, 4.1, 64, 500)] == [
        "sram_read_4KB", "sram_read_8KB", "sram_read_128KB", "sram_read_128KB",
    ]  # fmt: skip


BUSY = [
    ActivityRow(block="a", signal="r", kind="register", bits=1000, clock="gated", toggles=500, clocked_bits=48_000),
    ActivityRow(block="m", signal="x", kind="memory", bits=512, reads=2_000, writes=100, depth=1024),
    ActivityRow(block="m", signal="y", kind="memory", bits=64, reads=3_000, depth=256),
]


def test_draws_are_the_formula_one_draw_at_a_time() -> None:
    report = estimate(BUSY, RUN, TABLE, seed=2)
    drawn = draw(TABLE, seed=2)
    for at in (0, 7, 1999):
        one = price(BUSY, RUN, {item: float(values[at]) for item, values in drawn.items()})
        assert {(row.block, row.component): row.draws[at] for row in report.rows} == pytest.approx(
            {place: power for place, power in one.items() if power}
        )
    least, most = (sum(price(BUSY, RUN, values).values()) for values in (LOW, HIGH))
    assert least < report.total.low < report.total.high < most


def test_classes_differ_in_logic_leakage_alone() -> None:
    reports = estimate_classes(BUSY, RUN)
    assert tuple(reports) == CLASSES == tuple(report.threshold for report in reports.values())
    parts = [report.by_component() for report in reports.values()]
    for component in parts[0]:
        powers = [part[component].typical for part in parts]
        if component == "logic leakage":
            assert powers[0] < 0.2 * powers[1] < 0.04 * powers[2]
        else:
            assert powers[0] == powers[1] == powers[2]


def test_leakage_doubles_with_temperature_and_nothing_else_changes() -> None:
    hot = price(BUSY, RUN, at_temperature(TYPICAL, 25 + 2 * 16.24))
    cold = price(BUSY, RUN, at_temperature(TYPICAL, 25 - 35.94))
    here = price(BUSY, RUN, at_temperature(TYPICAL, 25))
    assert here == price(BUSY, RUN, TYPICAL)
    assert hot["a", "logic leakage"] == pytest.approx(4 * here["a", "logic leakage"])
    assert cold["m", "memory leakage"] == pytest.approx(here["m", "memory leakage"] / 2)
    assert {place for place in here if "leakage" not in place[1] and hot[place] != here[place]} == set()
    dearer = estimate_classes(BUSY, RUN, temperature_c=85)["SVT"]
    assert dearer.of(["logic leakage"]).typical > 10 * estimate(BUSY, RUN).of(["logic leakage"]).typical
    for wrong in (-41.0, 126.0, math.nan):
        with pytest.raises(ConstantsError, match=r"temperature: .* C, expected -40\.\.125"):
            estimate(BUSY, RUN, temperature_c=wrong)


def test_synthesised_gates_replace_the_estimate_of_their_block_alone() -> None:
    rows = [
        ActivityRow(block="a", signal="r", kind="register", bits=8, clock="gated"),
        ActivityRow(block="b", signal="r", kind="register", bits=8, clock="gated"),
    ]
    before = components(rows)
    found = {row.block: row.power_uw for row in estimate(rows, RUN, gates={"a": 1_000.0}).rows}
    # 1,000 NAND2 equivalents at 0.3, 1 and 3 nW. In logarithms -1.204, 0 and 1.099: the median lies at
    # -1.204 + sqrt(0.5 x 2.303 x 1.204), the 95th percentile at 1.099 - sqrt(0.05 x 2.303 x 1.099).
    assert list(found["a"]) == pytest.approx([0.4353, 0.9737, 2.102], rel=0.002)
    assert found["b"] == before["b", "logic leakage"]
    with pytest.raises(ActivityError) as refused:
        estimate(rows, RUN, gates={"c": 1.0})
    assert str(refused.value) == "gates: block 'c', expected one of a, b"
    for wrong in (float("inf"), float("nan"), -1):
        with pytest.raises(ActivityError, match=r"gates: block a: .*, expected a count in 0..1,000,000,000"):
            estimate(rows, RUN, gates={"a": wrong})


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (KINDS["toggles"], "toggles is 48001, expected at most 48,000 in 6,000 cycles"),
        (KINDS["clocked_bits"], "clocked_bits is 48001, expected at most 48,000 in 6,000 cycles"),
        (KINDS["reads"], "reads is 6001, expected at most 6,000 in 6,000 cycles"),
        (KINDS["writes"], "writes is 6001, expected at most 6,000 in 6,000 cycles"),
        (KINDS["operations"], "operations is 12288001, expected at most 12,288,000 in 6,000 cycles"),
    ],
)
def test_more_than_a_run_s_cycles_allow_is_refused(row: ActivityRow, message: str) -> None:
    column, _, rest = message.partition(" is ")
    count = int(rest.split(",")[0])
    allowed: dict[str, Any] = {column: count - 1}
    estimate([dataclasses.replace(row, **allowed)], RUN)
    beyond: dict[str, Any] = {column: count, "where": "activity.csv, line 2"}
    with pytest.raises(ActivityError) as refused:
        estimate([dataclasses.replace(row, **beyond)], RUN)
    assert str(refused.value).startswith(f"activity.csv, line 2: a.r: {message}: counts and run are not of each other")


def test_a_block_adds_no_more_than_its_flip_flops_hold() -> None:
    # 10 lanes of 16 bits, two additions a lane and cycle.
    register = ActivityRow(block="a", signal="r", kind="register", bits=160, clock="gated")
    adder = ActivityRow(block="a", signal="add", kind="adder", bits=16, operations=20 * 6_000)
    estimate([register, adder], RUN)
    with pytest.raises(ActivityError, match="operations is 120001, expected at most 120,000"):
        estimate([register, dataclasses.replace(adder, operations=120_001)], RUN)


def test_a_free_flip_flop_is_clocked_in_every_cycle_of_its_own_run() -> None:
    free = ActivityRow(block="a", signal="r", kind="register", bits=8, clock="free", clocked_bits=48_000)
    estimate([free], RUN)
    for other in (dataclasses.replace(RUN, cycles=6_001), dataclasses.replace(RUN, cycles=12_000)):
        with pytest.raises(ActivityError, match=r"a.r: clocked_bits is 48000, expected .* are not of each other"):
            estimate([free], other)


@given(
    counts=st.lists(st.integers(0, 10**18), min_size=3, max_size=3), bits=st.integers(1, 10**9),
    frames=st.integers(1, 10**12), cycles=st.integers(1, 10**15), clock=st.floats(1, 1e12),
    period=st.floats(1e-9, 1000), constant=st.floats(1e-300, 1e9),
)  # fmt: skip
def test_whatever_is_accepted_has_a_finite_figure(counts, bits, frames, cycles, clock, period, constant) -> None:  # type: ignore[no-untyped-def]
    toggles, reads, depth = counts
    rows = [
        ActivityRow(block="a", signal="r", kind="register", bits=bits, clock="free", clocked_bits=bits * cycles),
        ActivityRow(block="a", signal="p", kind="port", bits=bits, toggles=min(toggles, bits * cycles)),
        ActivityRow(block="a", signal="m", kind="memory", bits=bits, reads=min(reads, cycles), depth=1 + depth % 10**9),
    ]
    run = Run(frames=min(frames, cycles), cycles=cycles, clock_hz=clock, frame_period_s=period)
    table = {item: Constant(Bounds(constant, constant, LARGEST), "all") for item in TABLE}
    assert all(map(math.isfinite, estimate(rows, run, table).total))


def test_no_rows_are_refused() -> None:
    with pytest.raises(ActivityError, match="activity: no rows"):
        estimate([], RUN)


def bank(signal: str, bits: int, depth: int, reads: int) -> ActivityRow:
    return ActivityRow(block="m", signal=signal, kind="memory", bits=bits, reads=reads, writes=1, depth=depth)


def test_the_banks_of_a_block_add_up_whatever_part_of_a_kilobyte_they_are() -> None:
    found = price([bank("bank0", 9, 101, 2_000), bank("bank1", 5, 333, 30)], RUN, TYPICAL)
    to_uw = 1e-15 * 1e6 / 0.1
    per_bit, written = TYPICAL[sram_item(0.1)], TYPICAL["sram_write_to_read_ratio"]
    assert found["m", "memory reads"] == pytest.approx((2_000 * 9 + 30 * 5) * per_bit * to_uw, rel=1e-12)
    assert found["m", "memory writes"] == pytest.approx((9 + 5) * per_bit * written * to_uw, rel=1e-12)
    assert found["m", "memory leakage"] == pytest.approx((9 * 101 + 5 * 333) / 8192 * 123.1e-3, rel=1e-12)


def test_the_ends_of_what_is_allowed_are_allowed() -> None:
    rows = [ActivityRow(block="a", signal="p", kind="port", bits=4, toggles=30)]
    for degrees in (-40.0, 125.0):
        assert at_temperature(TYPICAL, degrees)["logic_leakage"] > 0
    for count in (0, MOST_BITS):
        leaks = [row for row in estimate(rows, RUN, gates={"a": count}).rows if row.component == "logic leakage"]
        assert len(leaks) == (count > 0)


def test_the_draws_are_those_of_seed_0_unless_said() -> None:
    rows = [ActivityRow(block="a", signal="p", kind="port", bits=4, toggles=30)]
    assert estimate(rows, RUN).rows[0].power_uw == estimate(rows, RUN, seed=0).rows[0].power_uw
    assert estimate(rows, RUN).rows[0].power_uw != estimate(rows, RUN, seed=1).rows[0].power_uw
    for threshold, report in estimate_classes(rows, RUN).items():
        assert report.rows[0].power_uw == estimate_classes(rows, RUN, seed=0)[threshold].rows[0].power_uw
