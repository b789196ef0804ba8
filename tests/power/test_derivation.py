"""Derived rows against formulas and the numbers that these start from: Liberty files, synthesis, arithmetic by hand."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path
from statistics import mean

import pytest

from gates.characterisation import Characterisation, read_characterisation
from gates.liberty_function import evaluate
from gates.lookup import Table
from power.constants import TABLES, Bounds
from power.derivation import FORMULAS, derive, pooled
from power.errors import ConstantsError
from power.scaling import bracket_to_28nm
from power.sources import Source, load_sources

SOURCES = load_sources()
ROWS = {row["item"]: row for table in TABLES for row in csv.DictReader(table.read_text().splitlines())}
DERIVED = sorted(item for item, row in ROWS.items() if row["kind"] == "derived")


@pytest.mark.parametrize("item", DERIVED)
def test_every_derived_row_is_what_its_formula_gives(item: str) -> None:
    found = derive(item)
    assert list(found.bounds) == [float(ROWS[item][name]) for name in ("low", "typical", "high")]
    assert all(name in ROWS[item]["source"] for name in found.inputs)


def test_there_is_a_formula_for_each_derived_row_and_no_other() -> None:
    assert set(FORMULAS) == set(DERIVED)


@pytest.mark.parametrize("item", DERIVED)
def test_no_typical_value_rests_on_an_assumption(item: str) -> None:
    """What is assumed may widen a row, never move it."""
    moved = {
        name: dataclasses.replace(source, value=source.value * (1.1 if source.kind == "assumption" else 1))
        for name, source in SOURCES.items()
    }
    assert derive(item, moved).bounds.typical == derive(item).bounds.typical


def test_every_source_is_used_and_counts() -> None:
    used = {item: derive(item) for item in FORMULAS}
    assert set().union(*(found.inputs for found in used.values())) == set(SOURCES)
    with pytest.raises(ConstantsError, match="sources: no row 'nangate45_nand2_pin'"):
        derive("input_capacitance", {name: row for name, row in SOURCES.items() if name != "nangate45_nand2_pin"})
    with pytest.raises(ConstantsError, match="derivation: item 'fan_out', expected one of"):
        derive("fan_out")


def test_leakage_that_does_not_rise_doubles_never() -> None:
    name = "cacti28_128KB_energy_channel"
    flat = SOURCES | {f"{name}_360K": SOURCES[f"{name}_300K"]}
    with pytest.raises(ConstantsError, match=r"cacti28_128KB_energy leaks 3109\.89 nW at 300 K and 3109\.89 at"):
        derive("logic_leakage_doubling", flat)


def test_pooled_is_least_median_and_most() -> None:
    assert pooled(Bounds(3, 4, 9), Bounds(2, 5, 6), Bounds(4, 4.5, 5)) == Bounds(2, 4.5, 9)
    assert pooled(Bounds(1, 2, 3), Bounds(2, 4, 5)) == Bounds(1, 3, 5)


def test_some_by_hand() -> None:
    # ZigZag's flip-flop: 2.1 fF x 0.81 V^2. NanGate45's 7.172 fJ and IHP's 26.54, scaled.
    zigzag = 2.1 * 0.81
    nangate, ihp = (
        [value * ratio for ratio in bracket_to_28nm(node, vdd, 0.9, "energy")]
        for value, node, vdd in ((7.172, "45", 1.1), (26.54, "130", 1.2))
    )
    clock = derive("dff_clock_energy").bounds
    assert list(clock) == pytest.approx([zigzag, ihp[1], nangate[2]], rel=5e-4)
    # 128 KB of CACTI's: 2,341 to 3,601 nW of channels and 2,962 to 21,496 nW of gates; the least / 2, the most x 3.
    leak = derive("sram_leakage").bounds
    assert leak.low == pytest.approx((3379.52 + 2961.86) / 128 / 2, rel=5e-4)
    assert leak.high == pytest.approx((2341.43 + 21496.3) / 128 * 3, rel=5e-4)
    # From 3,109.89 to 40,282.1 nW in 60 C are 3.695 doublings.
    assert derive("logic_leakage_doubling").bounds.typical == pytest.approx(60 / 3.6952, rel=5e-4)
    # A 4-bit synapse of 0.68 um2 is 0.17 um2 a bit.
    assert derive("sram_area").bounds.typical == pytest.approx(0.17 * 8192, rel=5e-4)


def middle(table: Table | None) -> float:
    assert table is not None
    return float(table.values[table.slews.size // 2, table.loads.size // 2]) * 1e15


def characterised(files: dict[str, Path], name: str) -> Characterisation:
    if name not in files:
        pytest.skip(f"no {name}")
    return read_characterisation([files[name]])


@pytest.mark.parametrize(
    ("source", "library", "cell", "output", "clock"),
    [
        ("nangate45", "nangate45_typ", "NAND2_X1", "ZN", ("DFF_X1", "CK")),
        ("ihp130", "sg13g2_stdcell_typ_1p20V_25C", "sg13g2_nand2_1", "Y", ("sg13g2_dfrbp_1", "CLK")),
        ("sky130", "sky130hd_tt", "sky130_fd_sc_hd__nand2_1", "", ("", "")),
    ],
)
def test_libraries_say_so(
    liberty_files: dict[str, Path], source: str, library: str, cell: str, output: str, clock: tuple[str, str]
) -> None:
    found = characterised(liberty_files, library)
    assert SOURCES[f"{source}_nand2_pin"].vdd == pytest.approx(found.voltage_v)
    pins = [value * 1e15 for value in found.cells[cell].capacitance_f.values()]
    assert SOURCES[f"{source}_nand2_pin"].value == pytest.approx(mean(pins), rel=5e-4)
    if not output:
        return
    pairs = [middle(part.rise) + middle(part.fall) for part in found.cells[cell].internal if part.pin == output]
    assert SOURCES[f"{source}_nand2_pair"].value == pytest.approx(mean(pairs), rel=5e-4)
    flip_flop, pin = clock
    still = []
    for part in found.cells[flip_flop].internal:
        for value in (False, True):
            state = {"D": value, "Q": value, "QN": not value, "Q_N": not value, "RESET_B": True}
            if part.pin == pin and part.when is not None and evaluate(part.when, state):
                still.append(middle(part.rise) + middle(part.fall))
    assert len(still) == 2
    assert SOURCES[f"{source}_dff_clock"].value == pytest.approx(mean(still), rel=5e-4)


def with_values(**values: float) -> dict[str, Source]:
    return SOURCES | {name: dataclasses.replace(SOURCES[name], value=value) for name, value in values.items()}


def test_a_full_adder_of_gates_by_hand() -> None:
    """Three NAND2 and two XOR2: of 1 fF a pin 5 fF x 0.81 V^2."""
    for pin, name in ((0.01, "low"), (100.0, "high")):
        found = derive("adder_energy_per_bit", with_values(zigzag_nand2_pin=pin, zigzag_xor2_pin=pin)).bounds
        assert getattr(found, name) == pytest.approx(5 * pin * 0.81, rel=5e-4)
    # Between a thousandth and a thousand of it, gates are the middle.
    pins = {"zigzag_nand2_pin": 1.0, "zigzag_xor2_pin": 1.0, "horowitz_add8": 0.01, "aladdin40_add32": 1e6}
    assert derive("adder_energy_per_bit", with_values(**pins)).bounds.typical == pytest.approx(5 * 0.81, rel=5e-4)


def test_a_macro_of_2048_words_of_64_bits_has_16_kilobytes() -> None:
    # It leaks more than any other here; the most is widened three times.
    assert SOURCES["sram_leakage_above"].value == 3
    leak = derive("sram_leakage", with_values(ihp130_2048x64_leakage=1.6e6)).bounds
    assert leak.high == pytest.approx(1.6e6 / (2048 * 64 / 8192) * 3, rel=5e-4)
