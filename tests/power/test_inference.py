"""What the stated figures imply, against the arithmetic by hand and its inverse."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import pytest

from power.constants import Bounds, Constant, load_constants
from power.inference import (
    ASSUMED_CLASSES,
    AT_28_NM,
    FITS,
    NORMALISATION,
    WORK,
    Counting,
    Density,
    area_fits,
    countings,
    density,
    fitting_classes,
    gate_leakage_nw,
    implied,
    leakage_range,
)

# Values that make sums easy, and are none of the shipped ones.
ROUND = Density(
    bit_cell_um2=Bounds(0.1, 0.1, 0.2),
    macro_um2=Bounds(0.25, 0.5, 1.0),
    nand2_um2=Bounds(0.5, 1.0, 2.0),
    utilisation=Bounds(1.0, 0.5, 0.5),
    sram_nw_per_kb=Bounds(10.24, 102.4, 1024.0),
)


def test_512_operations_a_cycle_are_what_the_notes_on_the_paper_give():
    """0.135 mm2 and 9.0 mW, and at 1,024 operations 0.269 mm2 and 18.0 mW: worked out there by hand."""
    half, whole = (implied(Counting("", count, "")) for count in (512, 1024))
    assert (round(half.area_mm2, 3), round(half.power_500mhz_uw)) == (0.135, 9011)
    assert (round(whole.area_mm2, 3), round(whole.power_500mhz_uw)) == (0.269, 18022)


@pytest.mark.parametrize("normalised", [1.0, NORMALISATION])
def test_the_implied_chip_has_the_stated_figures(normalised):
    for counting in countings() + countings(577):
        chip = implied(counting, normalised=normalised)
        tera = counting.operations * 500e6 / 1e12
        at_500_mhz = chip.leakage_uw + chip.energy_a_cycle_pj * 500e6 * 1e-6
        assert tera / (at_500_mhz * 1e-6) * normalised == pytest.approx(28.41)
        assert tera * 1e3 / chip.area_mm2 * normalised == pytest.approx(1903.11)
        assert chip.leakage_uw + chip.energy_a_cycle_pj * 100e3 * 1e-6 == pytest.approx(71.2)
        # Power density is 67.0 mW/mm2 whatever an operation is.
        assert chip.power_500mhz_uw / chip.area_mm2 == pytest.approx(1903.11 / 28.41 * 1e3)
        assert 0 < chip.leakage_at_least_uw < chip.leakage_uw < 71.2


def test_work_is_the_reconstructed_arithmetic():
    assert [macs for macs, _ in WORK.values()] == [
        138_600,
        8 * 5_120 + 2 * 3 * 16_384 + 147_456,
        8 * 5_120 + 2 * (3 * 16_384 + 147_456),
        8 * 10_240 + 2 * (3 * 65_536 + 491_520),
    ]
    names = {counting.name: counting.operations for counting in countings()}
    assert names["executed, zeros skipped, 1,000 cycles a frame, MAC = 1"] == pytest.approx(138.6)
    assert names["peak, 256 MAC a cycle, MAC = 2"] == 512


def test_leakage_is_most_of_the_stated_power_under_any_counting():
    """At 1,000 cycles a frame 61 to 71 uW; down to 52 where a frame takes no more than 539 cycles."""
    low, high = leakage_range([implied(counting) for counting in countings()])
    assert (round(low, 1), round(high, 1)) == (60.9, 70.8)
    low, _ = leakage_range([implied(counting) for counting in countings(539)])
    assert round(low, 1) == 52.2


def test_an_area_is_held_to_what_stands_on_it():
    # 800,000 bits: cells 0.08 mm2; macros 0.2, 0.4, 0.8; 100,000 gates: 0.05, 0.2, 0.4.
    verdicts = [area_fits(area, 100_000, ROUND) for area in (0.079, 0.2, 0.26, 0.61, 1.21)]
    assert verdicts == [
        "too small for the bit cells",
        "too small",
        "room at the lowest values",
        "room at typical values",
        "room",
    ]


def test_the_shipped_density_is_the_tables_rows() -> None:
    rows = {item: constant.bounds for item, constant in load_constants().items()}
    assert AT_28_NM.nand2_um2 == rows["nand2_area"]
    # The densest first: the smallest gates in the fullest rows.
    assert list(AT_28_NM.utilisation) == [0.85, 0.75, 0.65]
    assert list(AT_28_NM.logic_mm2(1e6)) == pytest.approx([0.3 / 0.85, 0.49 / 0.75, 0.614 / 0.65])
    # 1,000 KB, whose um2 a KB are then 1e-3 mm2 each, and nW a KB uW.
    assert list(AT_28_NM.memory_mm2(8_192_000)) == pytest.approx([value * 1e-3 for value in rows["sram_area"]])
    assert list(AT_28_NM.memory_leakage_uw(8_192_000)) == pytest.approx(list(rows["sram_leakage"]))
    mine = density({**load_constants(), "nand2_area": Constant(Bounds(1, 2, 3), "area")})
    assert mine.nand2_um2 == Bounds(1, 2, 3)
    assert mine.macro_um2 == AT_28_NM.macro_um2


def test_leakage_a_gate_leaves_the_memory_out():
    # 800,000 bits are 97.65625 KB, which leak 1, 10 and 100 uW; 21 uW of 1,000 gates.
    found = gate_leakage_nw(21.0, 1_000, ROUND)
    assert list(found) == pytest.approx([0.0, 11.0, 20.0])
    assert fitting_classes(found, ASSUMED_CLASSES) == ["HVT", "SVT", "LVT"]
    assert fitting_classes(Bounds(0.31, 0.5, 2.0), ASSUMED_CLASSES) == ["SVT"]
    assert fitting_classes(Bounds(66.0, 70.0, 80.0), ASSUMED_CLASSES) == []


def test_what_is_implied_to_the_last_digits() -> None:
    """Of 1,000 operations a cycle, in fractions."""
    found = implied(Counting("", 1000, ""))
    a_second = Fraction(1000 * 500_000_000)
    power_uw = a_second / (Fraction("28.41") * 10**12) * 10**6
    energy_uj = (power_uw - Fraction("71.2")) / (500_000_000 - 100_000)
    exact = {
        "area_mm2": a_second / (Fraction("1903.11") * 10**9),
        "power_500mhz_uw": power_uw,
        "energy_a_cycle_pj": energy_uj * 10**6,
        "leakage_uw": Fraction("71.2") - energy_uj * 100_000,
        "leakage_at_least_uw": Fraction("71.2") - power_uw / 5000,
    }
    for name, value in exact.items():
        assert getattr(found, name) == pytest.approx(float(value), rel=1e-13, abs=0), name


def test_what_is_stated_and_what_is_guessed() -> None:
    # arXiv 2312.09580: 2.344 TOPS/W printed, 8 MACs x 2 operations x 150 MHz at 1.6 mW.
    assert pytest.approx(2.344e12 / (8 * 2 * 150e6 / 1.6e-3), abs=5e-4) == NORMALISATION
    peaks = [counting.operations for counting in countings() if counting.name.startswith("peak")]
    assert peaks == [128, 256, 512, 256, 512, 1024]


def test_areas_and_leakage_of_what_is_small() -> None:
    # Three gates of 0.5, 1 and 2 um2, in rows that are full, and half full.
    assert list(ROUND.logic_mm2(3)) == pytest.approx([1.5e-6, 6e-6, 12e-6], rel=1e-13)
    assert list(ROUND.memory_mm2(2)) == pytest.approx([0.5e-6, 1e-6, 2e-6], rel=1e-13)
    # 21 uW less 100, 10 and 1 that memory leaks, of three gates.
    assert list(gate_leakage_nw(21.0, 3, ROUND)) == pytest.approx([0.0, 11_000 / 3, 20_000 / 3])


def test_what_just_fits_fits() -> None:
    # Macros alone: 0.2, 0.4 and 0.8 mm2.
    assert [area_fits(area, 0, ROUND) for area in (0.2, 0.4, 0.8)] == list(FITS[2:])
    # 800,000 cells of 0.125 um2 are 0.1 mm2.
    cells = dataclasses.replace(ROUND, bit_cell_um2=Bounds(0.125, 0.125, 0.125))
    assert [area_fits(area, 0, cells) for area in (0.1 - 5e-8, 0.1)] == list(FITS[:2])
    classes = {"one": Bounds(2, 3, 4)}
    for meets, leakage in ((True, Bounds(0, 1, 2)), (True, Bounds(4, 5, 6)), (False, Bounds(5, 5, 6))):
        assert fitting_classes(leakage, classes) == ["one"] * meets
