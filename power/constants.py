"""The 28-nm constants: one CSV, each row with unit, node, voltage, three values and its source."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from files.reading import brief, read_text
from power.csv_table import MOST_BYTES, parse_table
from power.errors import ConstantsError

TABLE = Path(__file__).with_name("tables") / "energy_28nm.csv"
COLUMNS = ("item", "unit", "node_nm", "vdd_V", "temp_C", "low", "typical", "high", "status", "source", "note")
# How the typical value stands: printed in a source, computed from sources (scaled to 28 nm or combined), or neither.
STATUSES = ("sourced", "derived", "assumption")
UNITS = {
    "nand2_area": "um2",
    "dff_area": "um2",
    "full_adder_bit_area": "um2",
    "net_toggle_energy": "fJ/toggle",
    "dff_clock_energy": "fJ/cycle",
    "clock_tree_multiplier": "ratio",
    "adder_energy_per_bit": "fJ/bit/op",
    "sram_read_4KB": "fJ/bit",
    "sram_read_8KB": "fJ/bit",
    "sram_read_32KB": "fJ/bit",
    "sram_read_128KB": "fJ/bit",
    "sram_write_to_read_ratio": "ratio",
    "sram_leakage": "nW/KB",
    "logic_leakage": "nW/GE",
    "combinational_to_pe_adder_gates": "ratio",
    "combinational_to_neuron_adder_gates": "ratio",
    "combinational_to_flip_flop_gates": "ratio",
}
# Beyond any constant; with it, and the bounds of counts, every estimate is a finite number.
LARGEST = 1e9
_NUMBER = re.compile(r"[+-]?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})([eE][+-]?[0-9]{1,3})?")
# Conditions that a row may give, and what they are above.
CONDITIONS = {"node_nm": 0.0, "vdd_V": 0.0, "temp_C": -273.15}
# A macro is priced by the smallest of these that holds it, as the sources give them.
SRAM_SIZES_KB = {"sram_read_4KB": 4, "sram_read_8KB": 8, "sram_read_32KB": 32, "sram_read_128KB": 128}


@dataclass(frozen=True)
class Bounds:
    """A modelled quantity: low, typical, high, in one unit.

    The bounds come from all-low, all-typical and all-high constants; they are no confidence interval.
    """

    low: float
    typical: float
    high: float

    def __add__(self, other: Bounds) -> Bounds:
        return Bounds(self.low + other.low, self.typical + other.typical, self.high + other.high)

    def __mul__(self, other: Bounds | float) -> Bounds:
        if isinstance(other, Bounds):
            return Bounds(self.low * other.low, self.typical * other.typical, self.high * other.high)
        return Bounds(self.low * other, self.typical * other, self.high * other)

    def __iter__(self) -> Iterator[float]:
        return iter((self.low, self.typical, self.high))


NOTHING = Bounds(0.0, 0.0, 0.0)


def load_constants(path: str | os.PathLike[str] = TABLE) -> Mapping[str, Bounds]:
    """Read and validate a table of constants.

    Parameters
    ----------
    path : path-like
        CSV with the columns `COLUMNS`.

    Returns
    -------
    mapping of str to Bounds
        By item, in the unit that `UNITS` gives.

    Raises
    ------
    ConstantsError
        Names file, line, column and what was expected.
    """
    try:
        table = parse_table(read_text(path, what="table of constants", most=MOST_BYTES), str(path), COLUMNS)
        return _constants(table, path)
    except ConstantsError:
        raise
    except ValueError as error:
        raise ConstantsError(str(error)) from error


def _constants(table: Iterable[tuple[int, dict[str, str]]], path: str | os.PathLike[str]) -> dict[str, Bounds]:
    constants: dict[str, Bounds] = {}
    for number, row in table:
        where = f"{path}, line {number}"
        item = row["item"]
        if item not in UNITS:
            raise ConstantsError(f"{where}: item {brief(item)}, expected one of {', '.join(UNITS)}")
        if item in constants:
            raise ConstantsError(f"{where}: item {item!r} stands twice")
        if row["unit"] != UNITS[item]:
            raise ConstantsError(f"{where}: unit of {item} is {brief(row['unit'])}, expected {UNITS[item]!r}")
        if row["status"] not in STATUSES:
            raise ConstantsError(f"{where}: status {brief(row['status'])}, expected one of {', '.join(STATUSES)}")
        if not row["source"]:
            raise ConstantsError(f"{where}: source of {item} is empty")
        low, typical, high = (_number(where, name, row[name]) for name in ("low", "typical", "high"))
        if not low <= typical <= high:
            raise ConstantsError(f"{where}: {item} is {[low, typical, high]}, expected low <= typical <= high")
        for column, least in CONDITIONS.items():
            if row[column]:
                _number(where, column, row[column], above=least)
        constants[item] = Bounds(low, typical, high)
    missing = sorted(set(UNITS) - set(constants))
    if missing:
        raise ConstantsError(f"{path}: items missing: {', '.join(missing)}")
    return constants


def _number(where: str, column: str, text: str, *, above: float = 0) -> float:
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not above < value <= LARGEST:
        raise ConstantsError(f"{where}: {column} is {brief(text)}, expected a number above {above:g}, to {LARGEST:g}")
    return value
