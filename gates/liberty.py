"""Standard cells of a library: area, function, flip-flops, clock gates, units, and which of them may be used."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from files.errors import FileError
from files.names import DESIGN_PREFIX, GRAMMAR, is_identifier
from files.reading import open_regular
from gates.cell_models import model_of
from gates.clock_gate import ClockGate, clock_gate_of, is_set
from gates.liberty_function import evaluate, parse_function, pins_of
from gates.liberty_text import SPECIAL, WHAT, Group, LibertyError, parse_liberty, read_liberty_text

__all__ = ["OSU018", "Cell", "ClockGate", "LibertyError", "Library", "find_liberty", "read_liberty"]

# Debian's package qflow-tech-osu018: Oklahoma State University's open cells, 180 nm.
OSU018 = Path("/usr/share/qflow/tech/osu018/osu018_stdcells.lib")
# Where open libraries are to be had, for who has none.
SOURCES = (
    "open libraries: github.com/The-OpenROAD-Project/OpenROAD-flow-scripts (nangate45, asap7, gt2), "
    "github.com/IHP-GmbH/IHP-Open-PDK (sg13g2), github.com/google/skywater-pdk-libs-sky130_fd_sc_hd"
)
# ASAP7's five are many.
MOST_FILES = 32
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
        It is a gate or a flip-flop, with a function for each output, or a clock gate: neither latch nor three-state
        driver.
    usable : bool
        It is modelled, has an area, and is a cell for logic: the library does not forbid it (``dont_use``), and it is
        no pad, level shifter, isolation cell, clock gate or the like.
    clock_gate : ClockGate or None
        Its pins, if it is an integrated clock gate that is modelled.
    allowed : bool
        It is usable, or a modelled clock gate with an area.
    """

    name: str
    area: float
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    functions: Mapping[str, str]
    flip_flop: Mapping[str, str]
    modelled: bool
    usable: bool
    clock_gate: ClockGate | None = None
    allowed: bool = False

    def truth_table(self) -> tuple[bool, ...] | None:
        """Return the outputs of a gate with one output for all inputs, the last input fastest; else None."""
        if not self.modelled or self.flip_flop or self.clock_gate or len(self.outputs) != 1 or len(self.inputs) > 6:
            return None
        tree = parse_function(self.functions[self.outputs[0]])
        values = itertools.product((False, True), repeat=len(self.inputs))
        return tuple(evaluate(tree, dict(zip(self.inputs, row, strict=True))) for row in values)


@dataclass(frozen=True)
class Library:
    """The cells of one library, in a Liberty file or several.

    Parameters
    ----------
    name : str
    text : str
        What tools get, as one library: all that the files say, as it was read here, in ASCII; every cell that is not
        usable is ``dont_use``, no other is.
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

    @cached_property
    def clock_gate(self) -> Cell | None:
        """The smallest clock gate that may be used, for flip-flops of the rising edge; None if there is none."""
        found = [cell for cell in self.cells.values() if cell.allowed and cell.clock_gate]
        return min(found, key=lambda cell: (cell.area, len(cell.inputs), cell.name), default=None)

    def _smallest(self, table: tuple[bool, ...], what: str) -> Cell:
        found = [cell for cell in self.cells.values() if cell.usable and cell.truth_table() == table]
        if not found:
            forbidden = [cell.name for cell in self.cells.values() if cell.truth_table() == table]
            more = f"; {', '.join(forbidden[:4])} may not be used (dont_use, or no area)" if forbidden else ""
            raise LibertyError(f"{self.name}: no {what}{more}. Cells of one library in several files: name them all")
        return min(found, key=lambda cell: (cell.area, cell.name))

    @cached_property
    def models(self) -> str:
        """A Verilog module for each gate, flip-flop and clock gate, made from the functions, without delays."""
        return "".join(model_of(cell) for cell in self.cells.values() if cell.modelled)

    def verilog(self) -> str:
        """Return `models`."""
        return self.models


def find_liberty(given: Sequence[Path] | None = None) -> tuple[Path, ...]:
    """Return the Liberty files to use.

    Parameters
    ----------
    given : sequence of Path, optional
        The user's own.

    Raises
    ------
    LibertyError
        One of `given` is no file, or none is given and Debian's open library is not installed.
    """
    for path in given or ():
        try:
            open_regular(path, what=f"{WHAT} (.lib or .lib.gz)").close()
        except FileError as error:
            raise LibertyError(str(error)) from error
    if given:
        return tuple(given)
    if not OSU018.is_file():
        raise LibertyError(
            f"{OSU018} is not there: sudo apt-get install qflow-tech-osu018, "
            "or without root: apt-get download qflow-tech-osu018, dpkg -x it to a folder and name the .lib in it; "
            f"or name another library's: {SOURCES}"
        )
    return (OSU018,)


def read_liberty(path: Path | Sequence[Path]) -> Library:
    """Read the cells of a library, plain or gzipped, in one file or in several that are one library together.

    Names of cells, of their pins and of states are identifiers (`files.names.GRAMMAR`) of at most 127 characters; a pin
    may be a bit or bits of a bus besides (``A[3]``, ``A[3:0]``), and its cell is then listed, but not used. Memory:
    about four times the text.

    Parameters
    ----------
    path : Path or sequence of Path
        At most `MOST_FILES`, of the same units and voltage, without a cell in two of them.

    Raises
    ------
    LibertyError
        A file cannot be read, is not Liberty, a cell of it is malformed, or the files are not one library; naming file,
        line and cell.
    """
    paths = (path,) if isinstance(path, Path) else tuple(path)
    if not 1 <= len(paths) <= MOST_FILES:
        raise LibertyError(f"{len(paths)} Liberty files, expected from 1 to {MOST_FILES}")
    parts = [_read_file(path) for path in paths]
    first = parts[0]
    cells: dict[str, Cell] = {}
    origin: dict[str, str] = {}
    for part in parts:
        for what, mine, firsts in (
            ("time unit in s", part.time_unit_s, first.time_unit_s),
            ("capacitance unit in F", part.capacitance_unit_f, first.capacitance_unit_f),
            ("nom_voltage", part.voltage, first.voltage),
        ):
            if mine != firsts:
                raise LibertyError(
                    f"{part.path}: {what} is {mine}, expected that of {first.path}, {firsts}, as files of one library"
                )
        for name, (cell, line) in part.cells.items():
            if name in cells:
                more = "" if len(parts) == 1 else f" (first in {origin[name]})"
                raise LibertyError(f"{part.path}: line {line}: cell {name} a second time, expected each once{more}")
            cells[name], origin[name] = cell, f"{part.path}, line {line}"
    # What stands in the braces of the others' libraries goes to the end of the first's.
    text = "".join([first.head, first.body, *(part.body for part in parts[1:]), first.tail])
    return Library("+".join(part.name for part in parts), text, cells, first.time_unit_s, first.capacitance_unit_f)


@dataclass(frozen=True)
class _File:
    """What one file says; `body` stands in the braces of its library group, `head` and `tail` around it."""

    path: Path
    name: str
    head: str
    body: str
    tail: str
    cells: Mapping[str, tuple[Cell, int]]
    time_unit_s: float
    capacitance_unit_f: float
    voltage: float | None


def _read_file(path: Path) -> _File:
    group, text = parse_liberty(read_liberty_text(path), path)
    name = group.names[0] if group.names else path.stem
    if not _LIBRARY_NAME.fullmatch(name):
        raise LibertyError(
            f"{path}: line {group.line}: library name {name[:40]!r}, expected at most 255 letters, digits, _ . $ + or -"
        )
    if not any(group.of_kind("cell")):
        raise LibertyError(f"{path}: library has no cell")
    units, time_unit_s, capacitance_unit_f = _units(group, path)
    said = group.attributes.get("nom_voltage")
    voltage = None if said is None else _number(said)
    if voltage is not None and not math.isfinite(voltage):
        raise LibertyError(f"{path}: nom_voltage is {str(said)[:40]!r}, expected a number")
    cells: dict[str, tuple[Cell, int]] = {}
    # Places in the text, and what to say there.
    more = [(group.begin, "")]
    for entry in group.of_kind("cell"):
        cell = _cell(entry, path)
        if cell.name in cells:
            raise LibertyError(f"{path}: line {entry.line}: cell {cell.name} a second time, expected each once")
        cells[cell.name] = cell, entry.line
        if not cell.usable:
            more.append((entry.end, "dont_use : true;\n"))
    parts = []
    for (place, said), (following, _) in itertools.pairwise([*more, (group.end, "")]):
        parts += [said, text[place:following]]
    head, tail = text[: group.begin] + units, text[group.end :]
    return _File(path, name, head, "".join(parts), tail, cells, time_unit_s, capacitance_unit_f, voltage)


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
    clock_gate = clock_gate_of(group)
    if clock_gate is not None:
        modelled = len(pins) == len({pin_name for pin_name, _ in pins if is_identifier(pin_name)})
        modelled = modelled and not flip_flop and not name.startswith(DESIGN_PREFIX)
        clock_gate = clock_gate if modelled else None
    elif modelled:
        known = {*inputs, *flip_flop.get("states", "").split()}
        texts = [*functions.values(), *(flip_flop[key] for key in _FUNCTIONS if key in flip_flop)]
        try:
            unknown = set().union(*(pins_of(parse_function(text)) for text in texts)) - known
        except ValueError as error:
            raise LibertyError(f"{where}: {error}") from None
        if unknown:
            raise LibertyError(f"{where}: a function of {', '.join(sorted(unknown))[:60]}, which is no input")
    entries = (group, *(pin for _, pin in pins))
    special = {key for entry in entries for key in SPECIAL if is_set(entry, key)}
    usable = modelled and area > 0 and not special
    # A clock gate that is said to be dont_use is none to build logic of, which nobody does: IHP's are.
    gate = clock_gate is not None and area > 0 and special <= {"clock_gating_integrated_cell", "dont_use"}
    allowed = usable or gate
    return Cell(name, area, inputs, outputs, functions, flip_flop, modelled, usable, clock_gate, allowed)
