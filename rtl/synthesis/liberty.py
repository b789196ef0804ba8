"""Standard cells of a Liberty file: area, function, flip-flops, and Verilog models for simulation and proofs."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rtl.synthesis.liberty_function import evaluate, parse_function, pins_of, verilog_of
from rtl.synthesis.yosys import SynthesisError

# Debian's package qflow-tech-osu018: Oklahoma State University's open cells, 180 nm.
OSU018 = Path("/usr/share/qflow/tech/osu018/osu018_stdcells.lib")
_TOKEN = re.compile(r'"((?:[^"\\]|\\.|\\\n)*)"|([{}();:,])|([^\s"{}();:,]+)')
_COMMENT = re.compile(r"/\*.*?\*/|\\\r?\n", re.DOTALL)


class LibertyError(SynthesisError):
    """A Liberty file is missing, cannot be read, or lacks what synthesis needs."""


@dataclass
class Group:
    """A group of a Liberty file.

    Parameters
    ----------
    kind : str
        ``library``, ``cell``, ``pin``, ``ff`` and so on.
    names : tuple of str
        What stands in its parentheses.
    attributes : dict of str to str
        Simple attributes; of those given twice the last.
    groups : list of Group
    """

    kind: str
    names: tuple[str, ...]
    attributes: dict[str, str] = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)

    def of_kind(self, kind: str) -> Iterator[Group]:
        """Yield the groups in it of one kind."""
        return (group for group in self.groups if group.kind == kind)


@dataclass(frozen=True)
class Cell:
    """A standard cell.

    Parameters
    ----------
    name : str
    area : float
        Square micrometres, if the library keeps to what is usual.
    inputs : tuple of str
    functions : dict of str to str
        By output, its Boolean function in Liberty's notation; of a flip-flop in terms of its two states.
    flip_flop : dict of str to str
        Attributes of its ``ff`` group (``next_state``, ``clocked_on``, ...) and ``states``; empty if it is none.
    outputs : tuple of str
    modelled : bool
        It is a gate or a flip-flop, with a function for each output: neither latch nor three-state driver.
    """

    name: str
    area: float
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    functions: Mapping[str, str]
    flip_flop: Mapping[str, str]
    modelled: bool

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
    name, text : str
    cells : dict of str to Cell
    """

    name: str
    text: str
    cells: Mapping[str, Cell]

    @property
    def nand2_area(self) -> float:
        """Area of the smallest cell that is a NAND of two inputs.

        Raises
        ------
        LibertyError
            The library has none.
        """
        nand = (True, True, True, False)
        areas = [cell.area for cell in self.cells.values() if cell.truth_table() == nand]
        if not areas or min(areas) <= 0:
            raise LibertyError(f"{self.name}: no NAND of two inputs with an area, expected one to count in")
        return min(areas)

    @property
    def buffer(self) -> str:
        """The smallest buffer: what is assumed to drive a block's inputs.

        Raises
        ------
        LibertyError
            The library has none.
        """
        found = [cell for cell in self.cells.values() if cell.truth_table() == (False, True)]
        if not found:
            raise LibertyError(f"{self.name}: no buffer, expected one to drive a block's inputs")
        return min(found, key=lambda cell: (cell.area, cell.name)).name

    def verilog(self) -> str:
        """Return a module for each gate and flip-flop, made from the functions, without delays."""
        return "".join(_model(cell) for cell in self.cells.values() if cell.modelled)


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
        if not given.is_file():
            raise LibertyError(f"{given}: no such file, expected a Liberty library (.lib)")
        return given
    if not OSU018.is_file():
        raise LibertyError(
            f"{OSU018} is not there: sudo apt-get install qflow-tech-osu018, "
            "or without root: apt-get download qflow-tech-osu018, dpkg -x it to a folder and name the .lib in it"
        )
    return OSU018


def read_liberty(path: Path) -> Library:
    """Read the cells of a Liberty file.

    Raises
    ------
    LibertyError
        The file cannot be read, is not Liberty, or a cell of it is malformed; naming the cell.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="strict")
    except (OSError, UnicodeDecodeError) as error:
        raise LibertyError(f"{path}: cannot be read ({error}), expected a Liberty library as text") from error
    library = _parse(text, path)
    cells = {}
    for group in library.of_kind("cell"):
        cell = _cell(group, path)
        cells[cell.name] = cell
    if not cells:
        raise LibertyError(f"{path}: library has no cell")
    return Library(library.names[0] if library.names else path.stem, text, cells)


def _parse(text: str, path: Path) -> Group:
    """Return the library group."""
    text = _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), text)
    tokens = [
        (f'"{match[1]}' if match[1] is not None else match[0], match.start()) for match in _TOKEN.finditer(text)
    ]
    root, at = Group("", ()), 0
    stack = [root]

    def bad(expected: str) -> LibertyError:
        place = tokens[min(at, len(tokens) - 1)][1] if tokens else 0
        return LibertyError(f"{path}: about line {text.count(chr(10), 0, place) + 1}: expected {expected}")

    def token(ahead: int = 0) -> str:
        return tokens[at + ahead][0] if at + ahead < len(tokens) else ""

    while at < len(tokens):
        if token() == "}":
            if len(stack) == 1:
                raise bad("no more closing braces than opening ones")
            stack.pop()
            at += 1
        elif token() == ";":
            at += 1
        elif token(1) == ":":
            name, at = token(), at + 2
            value = []
            # Up to the semicolon, which some libraries leave out at the end of a line.
            line_end = text.find("\n", tokens[at][1]) if at < len(tokens) else -1
            while at < len(tokens) and token() not in ";}" and (line_end < 0 or tokens[at][1] < line_end):
                value.append(token().removeprefix('"'))
                at += 1
            stack[-1].attributes[name] = " ".join(value)
        elif token(1) == "(":
            kind, at = token(), at + 2
            names = []
            while token() not in (")", ""):
                if token() in "{};":
                    raise bad(f"a closing parenthesis after {kind}")
                if token() != ",":
                    names.append(token().removeprefix('"'))
                at += 1
            at += 1
            if token() == "{":
                stack[-1].groups.append(Group(kind, tuple(names)))
                stack.append(stack[-1].groups[-1])
                at += 1
        else:
            raise bad(f"'name : value' or 'name (...)', got {token().removeprefix(chr(34))[:40]!r}")
    if len(stack) > 1:
        raise LibertyError(f"{path}: ends inside {stack[-1].kind} ({', '.join(stack[-1].names)})")
    library = next(root.of_kind("library"), None)
    if library is None:
        raise LibertyError(f"{path}: no library group, expected a Liberty library")
    return library


def _cell(group: Group, path: Path) -> Cell:
    if len(group.names) != 1:
        raise LibertyError(f"{path}: cell ({', '.join(group.names)}): expected one name")
    name = group.names[0]
    try:
        area = float(group.attributes.get("area", "0"))
    except ValueError:
        area = math.nan
    if not 0 <= area < math.inf:
        raise LibertyError(f"{path}: cell {name}: area is {group.attributes['area']!r}, expected a number from 0")
    pins = [(pin_name, pin) for pin in group.of_kind("pin") for pin_name in pin.names]
    inputs = tuple(pin_name for pin_name, pin in pins if pin.attributes.get("direction") == "input")
    outputs = tuple(pin_name for pin_name, pin in pins if pin.attributes.get("direction") == "output")
    functions = {
        pin_name: pin.attributes["function"] for pin_name, pin in pins if pin.attributes.get("function") is not None
    }
    register = next(group.of_kind("ff"), None)
    flip_flop = {**register.attributes, "states": " ".join(register.names)} if register is not None else {}
    if register is not None and not (register.names and {"next_state", "clocked_on"} <= set(register.attributes)):
        raise LibertyError(f"{path}: cell {name}: its ff group has no state, next_state or clocked_on")
    odd = any(pin.attributes.get("three_state") for _, pin in pins) or bool(
        {sub.kind for sub in group.groups} & {"latch", "statetable", "ff_bank", "latch_bank", "bus", "bundle"}
    )
    modelled = not odd and bool(outputs) and set(functions) == set(outputs) and len(inputs + outputs) == len(pins)
    if modelled:
        known = {*inputs, *flip_flop.get("states", "").split()}
        stated = ("next_state", "clocked_on", "clear", "preset")
        texts = [*functions.values(), *(flip_flop[key] for key in stated if key in flip_flop)]
        try:
            unknown = set().union(*(pins_of(parse_function(text)) for text in texts)) - known
        except ValueError as error:
            raise LibertyError(f"{path}: cell {name}: {error}") from None
        if unknown:
            raise LibertyError(f"{path}: cell {name}: a function of {', '.join(sorted(unknown))}, which is no input")
    return Cell(name, area, inputs, outputs, functions, flip_flop, modelled)


def _model(cell: Cell) -> str:
    """Return a cell as a Verilog module."""
    ports = [f"input {pin}" for pin in cell.inputs] + [f"output {pin}" for pin in cell.outputs]
    lines = [f"module {cell.name} ({', '.join(ports)});"]
    if cell.flip_flop:
        states = cell.flip_flop["states"].split()
        edge = verilog_of(parse_function(cell.flip_flop["clocked_on"]))
        following = verilog_of(parse_function(cell.flip_flop["next_state"]))
        lines.append(f"    reg {states[0]};")
        if edge not in cell.inputs:
            lines.append(f"    wire clocked_on = {edge};")
            edge = "clocked_on"
        events, body = [f"posedge {edge}"], f"{states[0]} <= {following};"
        for kind, value in (("preset", 1), ("clear", 0)):
            if kind in cell.flip_flop:
                lines.append(f"    wire {kind} = {verilog_of(parse_function(cell.flip_flop[kind]))};")
                events.append(f"posedge {kind}")
                body = f"if ({kind}) {states[0]} <= 1'b{value}; else {body}"
        lines.append(f"    always @({' or '.join(events)}) {body}")
        lines += [f"    wire {states[1]} = ~{states[0]};"] if len(states) > 1 else []
    lines += [f"    assign {pin} = {verilog_of(parse_function(text))};" for pin, text in cell.functions.items()]
    return "\n".join([*lines, "endmodule", ""])
