"""Standard cells of a Liberty file: area, function, flip-flops, units, and which of them may be used."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from files.errors import FileError
from files.names import DESIGN_PREFIX, GRAMMAR, is_identifier
from files.reading import open_regular
from gates.cell_models import model_of
from gates.liberty_function import evaluate, parse_function, pins_of
from gates.liberty_text import SPECIAL, WHAT, Group, LibertyError, parse_liberty, read_liberty_text

__all__ = ["OSU018", "Cell", "LibertyError", "Library", "find_liberty", "read_liberty"]

# Debian's package qflow-tech-osu018: Oklahoma State University's open cells, 180 nm.
OSU018 = Path("/usr/share/qflow/tech/osu018/osu018_stdcells.lib")
# ABC copies names of cells and pins into 200 characters.
LONGEST_NAME = 127
# A pin may also be a bit of a bus, or some; such a cell is listed, never used.
_BITS = re.compile(r"(.*?)(?:\[\d{1,6}(?::\d{1,6})?\]|<\d{1,6}(?::\d{1,6})?>)?", re.DOTALL)
# No language is written that a library's name stands in.
_LIBRARY_NAME = re.compile(r"[A-Za-z0-9_.$+-]{1,255}")
# What Liberty allows, and what the tools know.
_TIME_UNITS = {"1ps": 1e-12, "10ps": 1e-11, "100ps": 1e-10, "1ns": 1e-9}
_CAPACITANCE_UNITS = {"ff": 1e-15, "pf": 1e-12}
_ODD = frozenset("latch statetable ff_bank latch_bank bus bundle".split())
_FUNCTIONS = ("next_state", "clocked_on", "clear", "preset")


@dataclass(frozen=True)
class Cell:
    """A standard cell.

    Parameters
    ----------
    name : str
        An identifier by `files.names.GRAMMAR`, as are its pins and states where it is modelled.
    area : float
        Square micrometres, if the library keeps to what is usual; 0 if it says none.
    inputs : tuple of str
    functions : dict of str to str
        By output, its Boolean function in Liberty's notation; of a flip-flop in terms of its two states.
    flip_flop : dict of str to str
        Attributes of its ``ff`` group (``next_state``, ``clocked_on``, ...) and ``states``; empty if it is none.
    outputs : tuple of str
    modelled : bool
        It is a gate or a flip-flop, with a function for each output: neither latch nor three-state driver.
    usable : bool
        It is modelled, has an area, and is a cell for logic: the library does not forbid it (``dont_use``), and it is
        no pad, level shifter, isolation cell, clock gate or the like.
    """

    name: str
    area: float
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    functions: Mapping[str, str]
    flip_flop: Mapping[str, str]
    modelled: bool
    usable: bool

    def truth_table(self) -> tuple[bool, ...] | None:
        """Return the outputs of a gate with one output for all inputs, the last input fastest; else None."""
        if not self.modelled or self.flip_flop or len(self.outputs) != 1 or len(self.inputs) > 6:
            return None
        tree = parse_function(self.functions[self.outputs[0]])
        values = itertools.product((False, True), repeat=len(self.inputs))
        return tuple(evaluate(tree, dict(zip(self.inputs, row, strict=True))) for row in values)


@dataclass(frozen=True)
class Library:
    """The cells of a Liberty file.

    Parameters
    ----------
    name : str
    text : str
        What tools get: all that the file says, as it was read here, in ASCII; every cell that is not usable is
        ``dont_use``, no other is.
    cells : dict of str to Cell
    time_unit_s, capacitance_unit_f : float
        Seconds and farads of a unit in the text.
    """

    name: str
    text: str
    cells: Mapping[str, Cell]
    time_unit_s: float
    capacitance_unit_f: float

    @cached_property
    def nand2_area(self) -> float:
        """Area of the smallest usable cell that is a NAND of two inputs.

        Raises
        ------
        LibertyError
            The library has none.
        """
        what = "NAND of two inputs with an area, expected one to count in"
        return self._smallest((True, True, True, False), what).area

    @cached_property
    def buffer(self) -> str:
        """The smallest usable buffer: what is assumed to drive a block's inputs.

        Raises
        ------
        LibertyError
            The library has none.
        """
        return self._smallest((False, True), "buffer with an area, expected one to drive a block's inputs").name

    def _smallest(self, table: tuple[bool, ...], what: str) -> Cell:
        found = [cell for cell in self.cells.values() if cell.usable and cell.truth_table() == table]
        if not found:
            forbidden = [cell.name for cell in self.cells.values() if cell.truth_table() == table]
            more = f"; {', '.join(forbidden[:4])} may not be used (dont_use, or no area)" if forbidden else ""
            raise LibertyError(f"{self.name}: no {what}{more}. Cells of one library in several files: join them first")
        return min(found, key=lambda cell: (cell.area, cell.name))

    @cached_property
    def models(self) -> str:
        """A Verilog module for each gate and flip-flop, made from the functions, without delays."""
        return "".join(model_of(cell) for cell in self.cells.values() if cell.modelled)

    def verilog(self) -> str:
        """Return `models`."""
        return self.models


def find_liberty(given: Path | None = None) -> Path:
    """Return the Liberty file to use.

    Parameters
    ----------
    given : Path, optional
        The user's own.

    Raises
    ------
    LibertyError
        `given` is no file, or none is given and Debian's open library is not installed.
    """
    if given is not None:
        try:
            open_regular(given, what=f"{WHAT} (.lib or .lib.gz)").close()
        except FileError as error:
            raise LibertyError(str(error)) from error
        return given
    if not OSU018.is_file():
        raise LibertyError(
            f"{OSU018} is not there: sudo apt-get install qflow-tech-osu018, "
            "or without root: apt-get download qflow-tech-osu018, dpkg -x it to a folder and name the .lib in it"
        )
    return OSU018


def read_liberty(path: Path) -> Library:
    """Read the cells of a Liberty file, plain or gzipped.

    Names of cells, of their pins and of states are identifiers (`files.names.GRAMMAR`) of at most 127 characters; a pin
    may be a bit or bits of a bus besides (``A[3]``, ``A[3:0]``), and its cell is then listed, but not used. Memory:
    about four times the text.

    Raises
    ------
    LibertyError
        The file cannot be read, is not Liberty, or a cell of it is malformed; naming line and cell.
    """
    group, text = parse_liberty(read_liberty_text(path), path)
    name = group.names[0] if group.names else path.stem
    if not _LIBRARY_NAME.fullmatch(name):
        raise LibertyError(
            f"{path}: line {group.line}: library name {name[:40]!r}, expected at most 255 letters, digits, _ . $ + or -"
        )
    if not any(group.of_kind("cell")):
        raise LibertyError(f"{path}: library has no cell")
    units, time_unit_s, capacitance_unit_f = _units(group, path)
    cells: dict[str, Cell] = {}
    # Places in the text, and what to say there.
    more = [(group.begin, units)]
    for entry in group.of_kind("cell"):
        cell = _cell(entry, path)
        if cell.name in cells:
            raise LibertyError(f"{path}: line {entry.line}: cell {cell.name} a second time, expected each once")
        cells[cell.name] = cell
        if not cell.usable:
            more.append((entry.end, "dont_use : true;\n"))
    parts = [text[: group.begin]]
    for (place, said), (following, _) in itertools.pairwise([*more, (len(text), "")]):
        parts += [said, text[place:following]]
    return Library(name, "".join(parts), cells, time_unit_s, capacitance_unit_f)


def _units(group: Group, path: Path) -> tuple[str, float, float]:
    """Return how the units are said so that every tool knows them, and what they are in seconds and farads."""
    time = re.sub(r"\s", "", group.attributes.get("time_unit", "1ns")).lower()
    if time not in _TIME_UNITS:
        raise LibertyError(f"{path}: time_unit is {time[:40]!r}, expected one of {', '.join(_TIME_UNITS)}")
    said = group.attributes.get("capacitive_load_unit", "")
    number, _, unit = said.partition(",")
    unit = unit.strip().lower()
    multiple = _number(number)
    if unit not in _CAPACITANCE_UNITS or not 0 < multiple < math.inf:
        raise LibertyError(f"{path}: capacitive_load_unit is ({said[:40]}), expected a number and ff or pf, as (1, pf)")
    text = f'time_unit : "{time}";\ncapacitive_load_unit ({multiple:.17g},{unit});\n'
    return text, _TIME_UNITS[time], multiple * _CAPACITANCE_UNITS[unit]


def _number(text: str) -> float:
    try:
        return float(text) if len(text) <= 100 and "_" not in text else math.nan
    except ValueError:
        return math.nan


def _named(group: Group, names: tuple[str, ...], what: str, path: Path) -> None:
    for name in names:
        if not is_identifier(name) or len(name) > LONGEST_NAME:
            long = f", at most {LONGEST_NAME}" if len(name) > LONGEST_NAME else ""
            raise LibertyError(f"{path}: line {group.line}: {what} {name[:60]!r}, expected {GRAMMAR}{long}")


def _cell(group: Group, path: Path) -> Cell:
    if len(group.names) != 1:
        raise LibertyError(f"{path}: line {group.line}: cell ({', '.join(group.names)[:60]}): expected one name")
    _named(group, group.names, "cell name", path)
    name = group.names[0]
    where = f"{path}: line {group.line}: cell {name}"
    area = _number(group.attributes.get("area", "0"))
    if not 0 <= area < math.inf:
        raise LibertyError(f"{where}: area is {group.attributes['area'][:40]!r}, expected a number from 0")
    pins = [(pin_name, pin) for pin in group.of_kind("pin") for pin_name in pin.names]
    for pin_name, pin in pins:
        bare = _BITS.fullmatch(pin_name)
        _named(pin, (pin_name if bare is None else bare[1],), f"cell {name}: pin name", path)
    if len({pin_name for pin_name, _ in pins}) != len(pins):
        raise LibertyError(f"{where}: a pin a second time, expected each once")
    inputs = tuple(pin_name for pin_name, pin in pins if pin.attributes.get("direction") == "input")
    outputs = tuple(pin_name for pin_name, pin in pins if pin.attributes.get("direction") == "output")
    functions = {
        pin_name: pin.attributes["function"] for pin_name, pin in pins if pin.attributes.get("function") is not None
    }
    registers = list(group.of_kind("ff"))
    for register in registers:
        _named(register, register.names, f"cell {name}: state", path)
        if not (register.names and {"next_state", "clocked_on"} <= set(register.attributes)):
            raise LibertyError(f"{where}: its ff group has no state, next_state or clocked_on")
        if len({*register.names}) != len(register.names) or {*register.names} & {pin_name for pin_name, _ in pins}:
            raise LibertyError(f"{where}: its states are {', '.join(register.names)}, expected names of no pin")
    flip_flop = {**registers[0].attributes, "states": " ".join(registers[0].names)} if registers else {}
    odd = (
        len(registers) > 1
        or any(len(register.names) > 2 or "clocked_on_also" in register.attributes for register in registers)
        or any(pin.attributes.get("three_state") for _, pin in pins)
        or any(sub.kind in _ODD for sub in group.groups)
        or not all(is_identifier(pin_name) for pin_name, _ in pins)
        or ({"clear", "preset"} <= set(flip_flop) and flip_flop.get("clear_preset_var1") not in ("L", "H"))
        or ({"clear", "preset"} <= set(flip_flop) and flip_flop.get("clear_preset_var2", "L") not in ("L", "H"))
        # What begins so is the design's own.
        or name.startswith(DESIGN_PREFIX)
    )
    modelled = not odd and bool(outputs) and set(functions) == set(outputs) and len(inputs + outputs) == len(pins)
    if modelled:
        known = {*inputs, *flip_flop.get("states", "").split()}
        texts = [*functions.values(), *(flip_flop[key] for key in _FUNCTIONS if key in flip_flop)]
        try:
            unknown = set().union(*(pins_of(parse_function(text)) for text in texts)) - known
        except ValueError as error:
            raise LibertyError(f"{where}: {error}") from None
        if unknown:
            raise LibertyError(f"{where}: a function of {', '.join(sorted(unknown))[:60]}, which is no input")
    special = any(_is_set(entry, key) for entry in (group, *(pin for _, pin in pins)) for key in SPECIAL)
    return Cell(name, area, inputs, outputs, functions, flip_flop, modelled, modelled and area > 0 and not special)


def _is_set(group: Group, attribute: str) -> bool:
    return group.attributes.get(attribute, "false").strip().lower() not in ("false", "0", "none", "")
