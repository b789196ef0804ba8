"""The table of constants: what ships is valid, and each damage is named."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from power.constants import SRAM_SIZES_KB, TABLE, UNITS, Bounds, load_constants
from power.errors import ConstantsError


def test_the_shipped_table() -> None:
    constants = load_constants()
    assert set(constants) == set(UNITS)
    assert constants["sram_read_128KB"] == Bounds(55, 150, 230)
    assert "MEMORY" not in TABLE.read_text()


def test_what_no_source_shows_is_marked() -> None:
    with TABLE.open(newline="") as handle:
        status = {row["item"]: row["status"] for row in csv.DictReader(handle)}
    assert status["clock_tree_multiplier"] == "assumption"
    # Its typical value is only the geometric mean of the bounds: sqrt(0.05 x 2) = 0.316.
    assert status["logic_leakage"] == "assumption"
    # Every energy here is scaled from another node or run through a model.
    assert {status[item] for item in SRAM_SIZES_KB} == {"derived"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0.6,1.8,3.5", "0.6,1.8,1.5", "net_toggle_energy is [0.6, 1.8, 1.5], expected low <= typical <= high"),
        ("0.6,1.8,3.5", "0,1.8,3.5", "low is '0', expected a number above 0"),
        ("0.6,1.8,3.5", "0.6,nan,3.5", "typical is 'nan', expected a number above 0"),
        ("0.6,1.8,3.5", "0.6,1.8,", "high is '', expected a number above 0"),
        ("net_toggle_energy,fJ/toggle", "net_toggle_energy,pJ/toggle", "unit of net_toggle_energy is 'pJ/toggle'"),
        ("net_toggle_energy,", "toggle,", "item 'toggle', expected one of"),
        ("dff_clock_energy,fJ/cycle", "net_toggle_energy,fJ/toggle", "item 'net_toggle_energy' stands twice"),
        (",assumption,", ",guess,", "status 'guess', expected one of sourced, derived, assumption"),
        ("item,unit", "thing,unit", "expected ['item', 'unit'"),
        ("item,unit", "item,item", "expected ['item', 'unit'"),
        ("0.6,1.8,3.5", "0.6,1.8,1e400", "high is '1e400', expected a number above 0, to 1e+09"),
        ("0.6,1.8,3.5", "0.6,1.8,2e9", "high is '2e9', expected a number above 0, to 1e+09"),
        ("0.6,1.8,3.5", "0.6,1.8," + "9" * 400, "high is '999"),
        ("0.6,1.8,3.5", "0.6,1.8,3_5", "high is '3_5', expected a number above 0"),
        ("0.6,1.8,3.5", "0.6,1.8,\u0663", "high is '\u0663', expected a number above 0"),
        ("0.6,1.8,3.5", "0.6,1.8,infinity", "high is 'infinity', expected a number above 0"),
        ("net_toggle_energy,", "net_toggle_energy\0,", "'net_toggle_energy\\x00', expected cells without control"),
        ("28,0.9,25,0.6", "28,none,25,0.6", "vdd_V is 'none', expected a number above 0"),
        ("28,0.9,25,0.6", "28,0.9,-300,0.6", "temp_C is '-300', expected a number above -273.15"),
        ("1.3,1.6,2.2,assumption,", "1.3,1.6,2.2,assumption,,", "line 10: 12 cells, expected 11"),
        ('"common practice, not seen in a source",', ",", "source of clock_tree_multiplier is empty"),
    ],
)
def test_damage_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "table.csv"
    text = TABLE.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ConstantsError) as refused:
        load_constants(path)
    assert str(refused.value).startswith(str(path))
    assert message in str(refused.value)


def test_missing_rows_and_files(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("\n".join(TABLE.read_text().splitlines()[:-1]))
    with pytest.raises(ConstantsError, match="items missing: logic_leakage"):
        load_constants(path)
    with pytest.raises(ConstantsError, match=r"absent.csv: no such table of constants"):
        load_constants(tmp_path / "absent.csv")
    with pytest.raises(ConstantsError, match=r": is a folder, expected a table of constants"):
        load_constants(tmp_path)


def test_bounds_add_and_multiply_each_with_each() -> None:
    assert Bounds(1, 2, 3) + Bounds(4, 5, 6) == Bounds(5, 7, 9)
    assert Bounds(1, 2, 3) * Bounds(4, 5, 6) == Bounds(4, 10, 18)
    assert list(Bounds(1, 2, 3) * 2) == [2, 4, 6]
