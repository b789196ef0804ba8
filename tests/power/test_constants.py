"""The tables of constants: what ships is valid, a table of one's own replaces rows, and each damage is named."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from gates.characterisation import read_characterisation
from power.constants import (
    BITS_PER_KB,
    CLASSES,
    COLUMNS,
    NOMINAL_C,
    NOMINAL_V,
    NOTHING,
    SRAM_SIZES_KB,
    TABLES,
    UNITS,
    Bounds,
    Constant,
    load_constants,
)
from power.energy import at_temperature, price
from power.errors import ConstantsError
from power.inference import density
from power.priced_activity import ActivityRow, Run
from power.sleep import memories_asleep

CELLS = TABLES[0].read_text()
# The bounds of wire_capacitance, on the table's line 5.
W = "0.15,0.19,0.25"


def shipped() -> dict[str, dict[str, str]]:
    rows = {}
    for table in TABLES:
        with table.open(newline="") as handle:
            rows |= {row["item"] + row["class"]: row for row in csv.DictReader(handle)}
    return rows


def test_the_shipped_tables() -> None:
    for threshold in CLASSES:
        assert set(load_constants(threshold=threshold)) == set(UNITS)
    assert load_constants()["sram_bit_cell_area"].bounds == Bounds(0.127, 0.127, 0.155)
    assert not any("MEMORY" in table.read_text() for table in TABLES)


BLOCKS = ("controller", "input_buffer", "spikes", "zero_skip", "neuron_unit", "output", "pe_array", "mine")
ACTIVE = [
    *(ActivityRow(block=block, signal="r", kind="register", bits=8, clock="gated", toggles=9, clocked_bits=90)
      for block in BLOCKS),
    *(ActivityRow(block="m", signal=f"bank{size}", kind="memory", bits=64, depth=size * 128, reads=3, writes=2)
      for size in SRAM_SIZES_KB.values()),
    ActivityRow(block="mine", signal="add", kind="adder", bits=8, operations=7),
]  # fmt: skip


def figures(constants: dict[str, Constant]) -> list[object]:
    """Return everything that rows of the tables are for, at 85 C."""
    values = {item: constant.bounds.typical for item, constant in constants.items()}
    run = Run(frames=1, cycles=50, clock_hz=10_000, frame_period_s=0.01)
    return [price(ACTIVE, run, at_temperature(values, 85)), density(constants), memories_asleep(ACTIVE, run, values)]


@pytest.mark.parametrize("item", UNITS)
def test_no_row_is_idle(item: str) -> None:
    constants = dict(load_constants())
    before = figures(constants)
    row = constants[item]
    constants[item] = Constant(row.bounds * 1.01, row.group)
    after = figures(constants)
    assert before[:2] != after[:2] or vars(before[2]) != vars(after[2])


def test_leakage_alone_depends_on_the_class_and_steps_with_it() -> None:
    low, standard, fast = (load_constants(threshold=threshold) for threshold in CLASSES)
    assert {item for item in UNITS if low[item] != standard[item]} == {"logic_leakage"}
    one, two, three = (constants["logic_leakage"].bounds.typical for constants in (low, standard, fast))
    assert one < two < three
    # The ratios between thresholds of one library, as the row says: 0.717 / 0.0539.
    assert three / two == pytest.approx(0.7165 / 0.05387, rel=0.001)
    with pytest.raises(ConstantsError, match=r"^class 'uvt', expected one of HVT, SVT, LVT"):
        load_constants(threshold="uvt")


def test_what_no_source_shows_is_marked() -> None:
    kind = {item: row["kind"] for item, row in shipped().items()}
    assert kind["clock_tree_multiplier"] == "assumption"
    assert {kind[f"logic_leakage{threshold}"] for threshold in CLASSES} == {"assumption"}
    # Every energy here is scaled from another node or run through a model.
    assert {kind[item] for item in SRAM_SIZES_KB} == {"derived"}
    assert not [item for item, row in shipped().items() if "common practice" in row["source"] and kind[item] == "cited"]


def test_beside_the_class_s_leakage_the_ratios_of_an_open_library(liberty_files: dict[str, Path]) -> None:
    """One-fold NAND2 of the 2-nm set: its three thresholds, which LVT's row is worked out from."""
    leaks, pins = [], []
    for threshold in ("hvt", "svt", "lvt"):
        name = f"gt2_6t_w13_{threshold}"
        if name not in liberty_files:
            pytest.skip(f"no {name}")
        cell = read_characterisation([liberty_files[name]]).cells[f"gt2_6t_nand2_x1_w13_{threshold}"]
        assert cell.averaged_w is not None
        leaks.append(cell.averaged_w)
        pins.append(sum(cell.capacitance_f.values()))
    standard, fast = (load_constants(threshold=threshold)["logic_leakage"].bounds for threshold in ("SVT", "LVT"))
    assert leaks[2] / leaks[1] == pytest.approx(13.3, abs=0.05)
    assert (fast.low, fast.typical) == pytest.approx((standard.low * 13.3, standard.typical * 13.3), rel=0.01)
    assert fast.high == pytest.approx(standard.high * leaks[1] / leaks[0], rel=0.01)
    # So input capacitance needs no class.
    assert max(pins) / min(pins) < 1.06


def one(item: str, threshold: str, low: str, typical: str, high: str, unit: str = "") -> str:
    cells = [
        item,
        threshold,
        unit or UNITS[item],
        "28",
        "0.9",
        "25",
        low,
        typical,
        high,
        "cited",
        "mine",
        "a sheet",
        "",
    ]
    return ",".join(COLUMNS) + "\n" + ",".join(cells) + "\n"


def test_a_table_of_one_s_own_replaces_its_rows_alone(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(one("logic_leakage", "HVT", "0.02", "0.05", "0.06"))
    mine, before = load_constants(path, "HVT"), load_constants(threshold="HVT")
    assert mine["logic_leakage"].bounds == Bounds(0.02, 0.05, 0.06)
    assert {item for item in UNITS if mine[item] != before[item]} == {"logic_leakage"}
    assert load_constants(path, "SVT") == load_constants(threshold="SVT")
    assert load_constants(TABLES[0]) == load_constants()


def test_another_unit_s_value_is_implausible(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    # HVT ships 0.03 to 0.3 nW: from 0.00003 to 300 is another opinion.
    path.write_text(one("logic_leakage", "HVT", "0.00003", "0.1", "300"))
    load_constants(path)
    for low, high, column in (("0.000029", "1", "low"), ("0.1", "301", "high")):
        path.write_text(one("logic_leakage", "HVT", low, "0.1", high))
        with pytest.raises(ConstantsError) as refused:
            load_constants(path)
        assert str(refused.value).startswith(f"{path}, line 2: {column} of logic_leakage is ")
        assert "expected 3e-05 to 300: 1,000 times beyond" in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (W, "0.15,0.19,0.1", "line 5: wire_capacitance is [0.15, 0.19, 0.1], expected low <= typical <= high"),
        (W, "0,0.19,0.25", "line 5: low is '0', expected a number above 0"),
        (W, "-0.15,0.19,0.25", "line 5: low is '-0.15', expected a number above 0"),
        (W, "0.15,nan,0.25", "typical is 'nan', expected a number above 0"),
        (W, "0.15,0.19,", "high is '', expected a number above 0"),
        ("capacitance,,fF/um", "capacitance,,pF/um", "line 5: unit of wire_capacitance is 'pF/um', expected"),
        ("capacitance,,fF/um", "capacitance,,nW/GE", "unit of wire_capacitance is 'nW/GE', expected 'fF/um'"),
        ("capacitance,,fF/um", "capacitance,,", "unit of wire_capacitance is '', expected 'fF/um'"),
        ("capacitance,,fF/um", "capacitance,HVT,fF/um", "class of wire_capacitance is 'HVT', expected none"),
        ("leakage,HVT", "leakage,UVT", "class of logic_leakage is 'UVT', expected HVT or SVT or LVT"),
        ("leakage,HVT", "leakage,SVT", "item 'logic_leakage SVT' stands twice"),
        ("wire_capacitance,", "toggle,", "item 'toggle', expected one of"),
        ("wire_length,,um/net", "wire_capacitance,,fF/um", "item 'wire_capacitance' stands twice"),
        (",assumption,", ",guess,", "kind 'guess', expected one of cited, derived, assumption"),
        ("item,class", "thing,class", "expected ['item', 'class'"),
        (W, "0.15,0.19,1e400", "high is '1e400', expected a number above 0, to 1e+09"),
        (W, "0.15,0.19,251", "high of wire_capacitance is 251 fF/um, expected 0.00015 to 250"),
        (W, "0.15,0.19," + "9" * 400, "high is '999"),
        (W, "0.15,0.19,3_5", "high is '3_5', expected a number above 0"),
        (W, "0.15,0.19,\u0663", "high is '\u0663', expected a number above 0"),
        ("wire_capacitance,", "wire_capacitance\0,", "'wire_capacitance\\x00', expected cells without control"),
        ("28,0.9,25,0.03", "28,none,25,0.03", "vdd_V is 'none', expected a number above 0"),
        ("28,0.9,25,0.03", "28,0.9,-300,0.03", "temp_C is '-300', expected a number above -273.15"),
        ("1.3,1.6,2.2,assumption,", "1.3,1.6,2.2,assumption,,", "line 10: 14 cells, expected 13"),
        ('tree,"common practice, not seen in a source",', "tree,,", "source of clock_tree_multiplier is empty"),
        ("assumption,clock tree,", "assumption,,", "group of clock_tree_multiplier is empty"),
    ],
)
def test_damage_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "table.csv"
    assert old in CELLS
    path.write_text(CELLS.replace(old, new, 1))
    with pytest.raises(ConstantsError) as refused:
        load_constants(path)
    assert str(refused.value).startswith(str(path))
    assert message in str(refused.value)


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(ConstantsError, match=r"absent.csv: no such table of constants"):
        load_constants(tmp_path / "absent.csv")
    with pytest.raises(ConstantsError, match=r": is a folder, expected a table of constants"):
        load_constants(tmp_path)


def test_bounds_add_and_multiply_each_with_each() -> None:
    assert Bounds(1, 2, 3) + Bounds(4, 5, 6) == Bounds(5, 7, 9)
    assert Bounds(1, 2, 3) * Bounds(4, 5, 6) == Bounds(4, 10, 18)
    assert list(Bounds(1, 2, 3) * 5) == [5, 10, 15]
    assert Bounds(1, 2, 3) + NOTHING == Bounds(1, 2, 3)


def test_the_nominal_point_is_that_of_every_row_that_has_one() -> None:
    points = [(row["vdd_V"], row["temp_C"]) for row in shipped().values() if row["vdd_V"]]
    assert len(points) > 10
    assert {(float(vdd), float(celsius)) for vdd, celsius in points} == {(NOMINAL_V, NOMINAL_C)}


def test_sizes_of_memories_are_what_their_items_say() -> None:
    assert {f"sram_read_{kb}KB": kb for kb in (4, 8, 32, 128)} == SRAM_SIZES_KB
    assert BITS_PER_KB == 1024 * 8


@pytest.mark.parametrize(
    ("node", "taken"), [("0.5", True), ("0", False), ("1000000000", True), ("1000000000.5", False)]
)
def test_a_condition_is_above_nothing_and_no_more_than_the_largest(tmp_path: Path, node: str, taken: bool) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(one("logic_leakage", "HVT", "0.1", "0.2", "0.3").replace(",28,", f",{node},"))
    if taken:
        assert load_constants(path, "HVT")["logic_leakage"].bounds == Bounds(0.1, 0.2, 0.3)
        return
    with pytest.raises(ConstantsError, match=f"node_nm is '{node}', expected a number above 0, to 1e\\+09"):
        load_constants(path)


def test_bounds_may_coincide_and_lie_a_thousand_times_off(tmp_path: Path) -> None:
    path, ship = tmp_path / "mine.csv", load_constants(threshold="HVT")["logic_leakage"].bounds
    least, most = ship.low / 1000, ship.high * 1000
    for bounds in (Bounds(0.2, 0.2, 0.2), Bounds(least, least, most), Bounds(least, most, most)):
        path.write_text(one("logic_leakage", "HVT", *map(repr, bounds)))
        assert load_constants(path, "HVT")["logic_leakage"].bounds == bounds
