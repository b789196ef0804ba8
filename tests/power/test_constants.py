"""The tables of constants: what ships is valid, a table of one's own replaces rows, and each damage is named."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from power.constants import CLASSES, COLUMNS, SRAM_SIZES_KB, TABLES, UNITS, Bounds, load_constants
from power.errors import ConstantsError
from power.scaling import bracket_to_28nm

CELLS = TABLES[0].read_text()


def shipped() -> dict[str, dict[str, str]]:
    rows = {}
    for table in TABLES:
        with table.open(newline="") as handle:
            rows |= {row["item"] + row["class"]: row for row in csv.DictReader(handle)}
    return rows


def test_the_shipped_tables() -> None:
    for threshold in CLASSES:
        assert set(load_constants(threshold=threshold)) == set(UNITS)
    assert load_constants()["sram_read_128KB"].bounds == Bounds(55, 150, 230)
    assert not any("MEMORY" in table.read_text() for table in TABLES)


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


@pytest.mark.parametrize(
    ("item", "node", "from_v", "published"),
    [
        # NanGate45 at 1.1 V: 6.9 fJ a flip-flop's clock edge. IHP SG13G2 at 1.2 V: 21.1 fJ.
        ("dff_clock_energy", "45", 1.1, 6.9),
        ("dff_clock_energy", "130", 1.2, 21.1),
    ],
)
def test_energies_of_other_nodes_scale_into_the_bounds(item: str, node: str, from_v: float, published: float) -> None:
    """By Stillmaker and Baas' polynomials: the bracket of the scaled value meets the row's bounds."""
    low, _, high = bracket_to_28nm(node, from_v, 0.9, "energy")
    bounds = load_constants()[item].bounds
    assert published * low <= bounds.high
    assert published * high >= bounds.low


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
        ("0.6,1.8,3.5", "0.6,1.8,1.5", "line 3: net_toggle_energy is [0.6, 1.8, 1.5], expected low <= typical <= high"),
        ("0.6,1.8,3.5", "0,1.8,3.5", "line 3: low is '0', expected a number above 0"),
        ("0.6,1.8,3.5", "-0.6,1.8,3.5", "line 3: low is '-0.6', expected a number above 0"),
        ("0.6,1.8,3.5", "0.6,nan,3.5", "typical is 'nan', expected a number above 0"),
        ("0.6,1.8,3.5", "0.6,1.8,", "high is '', expected a number above 0"),
        ("energy,,fJ/toggle", "energy,,pJ/toggle", "line 3: unit of net_toggle_energy is 'pJ/toggle', expected"),
        ("energy,,fJ/toggle", "energy,,nW/GE", "unit of net_toggle_energy is 'nW/GE', expected 'fJ/toggle'"),
        ("energy,,fJ/toggle", "energy,,", "unit of net_toggle_energy is '', expected 'fJ/toggle'"),
        ("energy,,fJ/toggle", "energy,HVT,fJ/toggle", "class of net_toggle_energy is 'HVT', expected none"),
        ("leakage,HVT", "leakage,UVT", "class of logic_leakage is 'UVT', expected HVT or SVT or LVT"),
        ("leakage,HVT", "leakage,SVT", "item 'logic_leakage SVT' stands twice"),
        ("net_toggle_energy,", "toggle,", "item 'toggle', expected one of"),
        ("dff_clock_energy,,fJ/cycle", "net_toggle_energy,,fJ/toggle", "item 'net_toggle_energy' stands twice"),
        (",assumption,", ",guess,", "kind 'guess', expected one of cited, derived, assumption"),
        ("item,class", "thing,class", "expected ['item', 'class'"),
        ("0.6,1.8,3.5", "0.6,1.8,1e400", "high is '1e400', expected a number above 0, to 1e+09"),
        ("0.6,1.8,3.5", "0.6,1.8,3501", "high of net_toggle_energy is 3501 fJ/toggle, expected 0.0006 to 3.5e+03"),
        ("0.6,1.8,3.5", "0.6,1.8," + "9" * 400, "high is '999"),
        ("0.6,1.8,3.5", "0.6,1.8,3_5", "high is '3_5', expected a number above 0"),
        ("0.6,1.8,3.5", "0.6,1.8,\u0663", "high is '\u0663', expected a number above 0"),
        ("net_toggle_energy,", "net_toggle_energy\0,", "'net_toggle_energy\\x00', expected cells without control"),
        ("28,0.9,25,0.6", "28,none,25,0.6", "vdd_V is 'none', expected a number above 0"),
        ("28,0.9,25,0.6", "28,0.9,-300,0.6", "temp_C is '-300', expected a number above -273.15"),
        ("1.3,1.6,2.2,assumption,", "1.3,1.6,2.2,assumption,,", "line 5: 14 cells, expected 13"),
        ('"common practice, not seen in a source",', ",", "source of clock_tree_multiplier is empty"),
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
    assert list(Bounds(1, 2, 3) * 2) == [2, 4, 6]
