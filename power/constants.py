"""The 28-nm constants: tables of rows, each with class, unit, conditions, three values, kind and source.

Leakage of logic is a choice of threshold voltage, so it has a row for each class of cells (`CLASSES`) and is never one
band across them; every other item holds for all classes. Constants of one ``group`` are uncertain together
(`power.uncertainty`).
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from files.reading import brief, read_text
from power.csv_table import MOST_BYTES, parse_table
from power.errors import ConstantsError

TABLES = tuple(Path(__file__).with_name("tables") / name for name in ("cells.csv", "memories.csv", "gates.csv"))
COLUMNS = (
    "item", "class", "unit", "node_nm", "vdd_V", "temp_C", "low", "typical", "high", "kind", "group", "source", "note",
)  # fmt: skip
# Low-leakage, standard and fast cells: high, standard and low threshold voltage.
CLASSES = ("HVT", "SVT", "LVT")
# How the typical value stands: printed in a source, computed from sources (scaled to 28 nm or combined), or neither.
KINDS = ("cited", "derived", "assumption")
UNITS = {
    "nand2_area": "um2",
    "std_cell_utilisation": "ratio",
    "input_capacitance": "fF",
    "wire_capacitance": "fF/um",
    "wire_length": "um/net",
    "fan_out": "pins/net",
    "internal_energy": "fJ/toggle",
    "dff_clock_energy": "fJ/cycle",
    "clock_tree_multiplier": "ratio",
    "adder_energy_per_bit": "fJ/bit/op",
    "logic_leakage": "nW/GE",
    "logic_leakage_doubling": "C",
    "sram_read_4KB": "fJ/bit",
    "sram_read_8KB": "fJ/bit",
    "sram_read_32KB": "fJ/bit",
    "sram_read_128KB": "fJ/bit",
    "sram_write_to_read_ratio": "ratio",
    "sram_leakage": "nW/KB",
    "sram_leakage_doubling": "C",
    "sram_retention_ratio": "ratio",
    "sram_off_ratio": "ratio",
    "sram_wake_energy": "pJ/KB",
    "sram_wake_time": "ns",
    "sram_area": "um2/KB",
    "sram_bit_cell_area": "um2/bit",
    "gates_controller": "GE/flip-flop",
    "gates_input_buffer": "GE/flip-flop",
    "gates_spikes": "GE/flip-flop",
    "gates_zero_skip": "GE/flip-flop",
    "gates_neuron_unit": "GE/flip-flop",
    "gates_output": "GE/flip-flop",
    "gates_pe_array": "GE/flip-flop",
    "gates_other": "GE/flip-flop",
}
BY_CLASS = ("logic_leakage",)
# What rows of energy and leakage hold at.
NOMINAL_V, NOMINAL_C = 0.9, 25.0
BITS_PER_KB = 8192
# Beyond any constant; with it, and the bounds of counts, every estimate is a finite number.
LARGEST = 1e9
# A value this many times beyond the shipped row's bounds is a wrong unit, not another opinion.
IMPLAUSIBLE = 1000.0
_NUMBER = re.compile(r"[+-]?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})([eE][+-]?[0-9]{1,3})?")
# Conditions that a row may give, and what they are above.
CONDITIONS = {"node_nm": 0.0, "vdd_V": 0.0, "temp_C": -273.15}
# A macro is priced by the smallest of these that holds it, as the sources give them.
SRAM_SIZES_KB = {"sram_read_4KB": 4, "sram_read_8KB": 8, "sram_read_32KB": 32, "sram_read_128KB": 128}


@dataclass(frozen=True)
class Bounds:
    """A quantity in one unit: low, typical, high of a constant, or 5th percentile, median, 95th of an estimate."""

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


@dataclass(frozen=True)
class Constant:
    """A row of the tables: its bounds, and the group of constants that it is uncertain with."""

    bounds: Bounds
    group: str


NOTHING = Bounds(0.0, 0.0, 0.0)
Constants = Mapping[str, Constant]
_Rows = dict[tuple[str, str], Constant]


def load_constants(path: str | os.PathLike[str] | None = None, threshold: str = "SVT") -> Constants:
    """Read and validate the tables of constants, for cells of one class.

    Parameters
    ----------
    path : path-like, optional
        A CSV with the columns `COLUMNS`, whose rows replace those of the shipped `TABLES`; the others stay.
    threshold : {"HVT", "SVT", "LVT"}
        Class of the cells.

    Returns
    -------
    mapping of str to Constant
        By item, in the unit that `UNITS` gives.

    Raises
    ------
    ConstantsError
        Names file, line, column and what was expected; a class that there is not.
    """
    if threshold not in CLASSES:
        raise ConstantsError(f"class {brief(threshold)}, expected one of {', '.join(CLASSES)}")
    rows = dict(_shipped())
    if path is not None:
        rows |= _read(path, rows)
    return {item: rows[item, threshold if item in BY_CLASS else ""] for item in UNITS}


@cache
def _shipped() -> _Rows:
    rows: _Rows = {}
    for table in TABLES:
        rows |= _read(table, {})
    wanted = {(item, threshold) for item in UNITS for threshold in (CLASSES if item in BY_CLASS else ("",))}
    if wanted - set(rows):
        raise ConstantsError(f"{TABLES[0].parent}: items missing: {sorted(wanted - set(rows))}")
    return rows


def _read(path: str | os.PathLike[str], shipped: _Rows) -> _Rows:
    try:
        table = parse_table(read_text(path, what="table of constants", most=MOST_BYTES), str(path), COLUMNS)
        return _constants(table, path, shipped)
    except ConstantsError:
        raise
    except ValueError as error:
        raise ConstantsError(str(error)) from error


def _constants(table: Iterable[tuple[int, dict[str, str]]], path: str | os.PathLike[str], shipped: _Rows) -> _Rows:
    constants: _Rows = {}
    for number, row in table:
        where = f"{path}, line {number}"
        item, threshold = row["item"], row["class"]
        if item not in UNITS:
            raise ConstantsError(f"{where}: item {brief(item)}, expected one of {', '.join(UNITS)}")
        classes = CLASSES if item in BY_CLASS else ("",)
        if threshold not in classes:
            raise ConstantsError(
                f"{where}: class of {item} is {brief(threshold)}, expected {' or '.join(classes) or 'none'}"
            )
        if (item, threshold) in constants:
            raise ConstantsError(f"{where}: item {' '.join((item, threshold)).strip()!r} stands twice")
        if row["unit"] != UNITS[item]:
            raise ConstantsError(f"{where}: unit of {item} is {brief(row['unit'])}, expected {UNITS[item]!r}")
        if row["kind"] not in KINDS:
            raise ConstantsError(f"{where}: kind {brief(row['kind'])}, expected one of {', '.join(KINDS)}")
        for column in ("group", "source"):
            if not row[column]:
                raise ConstantsError(f"{where}: {column} of {item} is empty")
        bounds = Bounds(*(_number(where, name, row[name]) for name in ("low", "typical", "high")))
        if not bounds.low <= bounds.typical <= bounds.high:
            raise ConstantsError(f"{where}: {item} is {list(bounds)}, expected low <= typical <= high")
        if (item, threshold) in shipped:
            _plausible(where, item, bounds, shipped[item, threshold].bounds)
        for column, least in CONDITIONS.items():
            if row[column]:
                _number(where, column, row[column], above=least)
        constants[item, threshold] = Constant(bounds, row["group"])
    return constants


def _plausible(where: str, item: str, bounds: Bounds, shipped: Bounds) -> None:
    least, most = shipped.low / IMPLAUSIBLE, shipped.high * IMPLAUSIBLE
    for column, value in zip(("low", "typical", "high"), bounds, strict=True):
        if not least <= value <= most:
            raise ConstantsError(
                f"{where}: {column} of {item} is {value:g} {UNITS[item]}, expected {least:.3g} to {most:.3g}: "
                f"{IMPLAUSIBLE:,.0f} times beyond the shipped bounds is another unit"
            )


def _number(where: str, column: str, text: str, *, above: float = 0) -> float:
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not above < value <= LARGEST:
        raise ConstantsError(f"{where}: {column} is {brief(text)}, expected a number above {above:g}, to {LARGEST:g}")
    return value
