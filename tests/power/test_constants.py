"""The table of constants: what ships is valid, and each damage is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from power.constants import TABLE, UNITS, Bounds, load_constants
from power.errors import ConstantsError


def test_the_shipped_table() -> None:
    constants = load_constants()
    assert set(constants) == set(UNITS)
    assert constants["sram_read_128KB"] == Bounds(55, 150, 230)
    assert "MEMORY" not in TABLE.read_text()


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
    ],
)
def test_damage_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "table.csv"
    text = TABLE.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ConstantsError) as refused:
        load_constants(path)
    assert str(path) in str(refused.value)
    assert message in str(refused.value)


def test_missing_rows_and_files(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("\n".join(TABLE.read_text().splitlines()[:-1]))
    with pytest.raises(ConstantsError, match="items missing: combinational_to_adder_gates"):
        load_constants(path)
    with pytest.raises(ConstantsError, match="cannot be read"):
        load_constants(tmp_path / "absent.csv")


def test_bounds_add_and_multiply_each_with_each() -> None:
    assert Bounds(1, 2, 3) + Bounds(4, 5, 6) == Bounds(5, 7, 9)
    assert Bounds(1, 2, 3) * Bounds(4, 5, 6) == Bounds(4, 10, 18)
    assert list(Bounds(1, 2, 3) * 2) == [2, 4, 6]
