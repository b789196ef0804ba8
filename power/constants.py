"""The 28-nm constants: one CSV, each row with unit, node, voltage, three values and its source."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from power.errors import ConstantsError

TABLE = Path(__file__).with_name("tables") / "energy_28nm.csv"
COLUMNS = ("item", "unit", "node_nm", "vdd_V", "temp_C", "low", "typical", "high", "status", "source")
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
    "combinational_to_adder_gates": "ratio",
}
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

    def __iter__(self):  # type: ignore[no-untyped-def]
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
        Names file, row, column and what was expected.
    """
    try:
        with open(path, newline="") as handle:
            reader = csv.DictReader(handle)
            rows = list(reader)
            columns = tuple(reader.fieldnames or ())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConstantsError(f"{path}: cannot be read: {error}") from error
    if columns != COLUMNS:
        raise ConstantsError(f"{path}: columns {list(columns)}, expected {list(COLUMNS)}")
    constants: dict[str, Bounds] = {}
    for number, row in enumerate(rows, 2):
        where = f"{path}, line {number}"
        item = row["item"]
        if item not in UNITS:
            raise ConstantsError(f"{where}: item {item!r}, expected one of {', '.join(UNITS)}")
        if item in constants:
            raise ConstantsError(f"{where}: item {item!r} stands twice")
        if row["unit"] != UNITS[item]:
            raise ConstantsError(f"{where}: unit of {item} is {row['unit']!r}, expected {UNITS[item]!r}")
        if row["status"] not in STATUSES:
            raise ConstantsError(f"{where}: status {row['status']!r}, expected one of {', '.join(STATUSES)}")
        if not row["source"]:
            raise ConstantsError(f"{where}: source of {item} is empty")
        values = [_number(where, name, row[name]) for name in ("low", "typical", "high")]
        if not values[0] <= values[1] <= values[2]:
            raise ConstantsError(f"{where}: {item} is {values}, expected low <= typical <= high")
        constants[item] = Bounds(*values)
    missing = sorted(set(UNITS) - set(constants))
    if missing:
        raise ConstantsError(f"{path}: items missing: {', '.join(missing)}")
    return constants


def _number(where: str, column: str, text: str) -> float:
    try:
        value = float(text)
    except (TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value) or value <= 0:
        raise ConstantsError(f"{where}: {column} is {text!r}, expected a number above 0")
    return value
