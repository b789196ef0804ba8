"""What a Liberty file says of its cells' power: leakage by state, internal energy, pin capacitance; all in SI."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gates.errors import LibertyError
from gates.liberty import Cell
from gates.liberty_function import Tree, evaluate, parse_function
from gates.liberty_text import Group, parse_liberty, read_liberty_text
from gates.lookup import Table

__all__ = ["CellPower", "Characterisation", "InternalPower", "Leakage", "read_characterisation"]

# The most inputs and states that leakage is tabled over: 2 ** 12 rows.
MOST_VARIABLES = 12
# Of one table; real ones have 49.
MOST_VALUES = 10_000
_UNIT = re.compile(r"(\d{1,4}(?:\.\d{1,4})?)\s*(p|n|u|m|k|)(W|V)", re.IGNORECASE)
_PREFIX = {"p": 1e-12, "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3}
_SLEW = frozenset({"input_transition_time", "input_net_transition"})
_LOAD = frozenset({"total_output_net_capacitance"})


@dataclass(frozen=True)
class Leakage:
    """One ``leakage_power`` group.

    Parameters
    ----------
    rail : str
        Its ``related_pg_pin``, or nothing.
    when : tuple or None
        The states it holds in (`gates.liberty_function.parse_function`); None: those that no other group names.
    watts : float
    """

    rail: str
    when: Tree | None
    watts: float


@dataclass(frozen=True)
class InternalPower:
    """One ``internal_power`` group: energy of an edge of a pin. Groups of several rails add up.

    Parameters
    ----------
    pin, related_pin, rail : str
        The pin it belongs to, the pin that causes the edge and the supply; the latter two may be empty.
    when : tuple or None
        Other pins' states it holds in.
    rise, fall : Table or None
        Joules of a rising and of a falling edge of `pin`; None where the group says nothing of it.
    """

    pin: str
    related_pin: str
    rail: str
    when: Tree | None
    rise: Table | None
    fall: Table | None


@dataclass(frozen=True)
class CellPower:
    """What a cell leaks, takes and loads.

    Parameters
    ----------
    averaged_w : float or None
        ``cell_leakage_power``, or else the groups without a state, over all rails; None if the file says neither.
    leakage : tuple of Leakage
    capacitance_f : dict of str to float
        By input pin: the mean of rising and falling edge where the file tells them apart, else ``capacitance``.
    internal : tuple of InternalPower
    where : str
        The file and line that it was read from, for messages.
    """

    name: str
    averaged_w: float | None
    leakage: tuple[Leakage, ...]
    capacitance_f: Mapping[str, float]
    internal: tuple[InternalPower, ...]
    where: str = ""

    def leakage_by_state(self, cell: Cell) -> npt.NDArray[np.float64]:
        """Return watts [2 ** inputs], the last input fastest.

        Rails add up; of a rail, the first group counts whose ``when`` holds, else its group without one, else, for a
        cell with no group that fits, `averaged_w`. A flip-flop's or clock gate's own states are averaged, without those
        that no ``when`` names, such as a clock gate that is open while the clock is low.

        Parameters
        ----------
        cell : Cell
            The same cell's function.

        Raises
        ------
        LibertyError
            The file says nothing of a state, or the cell has more than 12 inputs and states.
        """
        states = cell.flip_flop.get("states", "").split()
        # An output without a function, as a clock gate's, may have either value.
        free = [*states[:1], *(pin for pin in cell.outputs if pin not in cell.functions)]
        if len(cell.inputs) + len(free) > MOST_VARIABLES:
            raise LibertyError(f"{self.where}: cell {self.name}: more than {MOST_VARIABLES} inputs and states")
        functions = {pin: parse_function(text) for pin, text in cell.functions.items()}
        found = np.zeros((2 ** len(cell.inputs), 2 ** len(free)))
        named = np.zeros(found.shape, bool)
        for row, inputs in enumerate(itertools.product((False, True), repeat=len(cell.inputs))):
            for column, more in enumerate(itertools.product((False, True), repeat=len(free))):
                values = dict(zip([*cell.inputs, *free], [*inputs, *more], strict=True))
                if len(states) == 2:
                    values[states[1]] = not values[states[0]]
                values |= {pin: evaluate(tree, values) for pin, tree in functions.items()}
                found[row, column] = self._leakage_in(values)
                named[row, column] = any(self._holds(part.when, values) for part in self.leakage if part.when)
        counted = named | ~named.any(axis=1, keepdims=True)
        return (found * counted).sum(axis=1) / counted.sum(axis=1)

    def _leakage_in(self, values: Mapping[str, bool]) -> float:
        by_rail: dict[str, float] = {}
        otherwise: dict[str, float] = {}
        for entry in self.leakage:
            if entry.when is None:
                otherwise.setdefault(entry.rail, entry.watts)
            elif entry.rail not in by_rail and self._holds(entry.when, values):
                by_rail[entry.rail] = entry.watts
        found = otherwise | by_rail
        if found:
            return sum(found.values())
        if self.averaged_w is None:
            raise LibertyError(f"{self.where}: cell {self.name}: no leakage in state {dict(values)}, nor an average")
        return self.averaged_w

    def _holds(self, when: Tree, values: Mapping[str, bool]) -> bool:
        try:
            return evaluate(when, values)
        except KeyError as error:
            unknown = f"leakage when {error.args[0]}, which is no pin"
            raise LibertyError(f"{self.where}: cell {self.name}: {unknown}") from None


@dataclass(frozen=True)
class Characterisation:
    """Power of the cells of a library.

    Parameters
    ----------
    voltage_v : float
    temperature_c : float
    cells : dict of str to CellPower
    """

    voltage_v: float
    temperature_c: float
    cells: Mapping[str, CellPower]


def read_characterisation(paths: list[Path]) -> Characterisation:
    """Read what the files of one library say of power.

    Raises
    ------
    LibertyError
        A file cannot be read or is malformed, a cell stands in two, or their voltage or temperature differ; naming
        file, line and cell.
    """
    cells: dict[str, CellPower] = {}
    conditions: tuple[float, float] | None = None
    for path in paths:
        # Tables of one file at a time.
        reader = _Reader(parse_liberty(read_liberty_text(path), path, power=True)[0], path)
        if conditions not in (None, reader.conditions):
            raise LibertyError(f"{path}: {reader.conditions} V and C, expected {conditions} as in {paths[0]}")
        conditions = reader.conditions
        for group in reader.library.of_kind("cell"):
            cell = reader.cell(group)
            if cell.name in cells:
                raise LibertyError(f"{path}: line {group.line}: cell {cell.name} a second time, expected each once")
            cells[cell.name] = cell
    if conditions is None:
        raise LibertyError("no Liberty file, expected at least one")
    return Characterisation(*conditions, cells)


class _Reader:
    """Makes sense of one file's groups."""

    def __init__(self, library: Group, path: Path) -> None:
        self.library, self.path, self.name = library, path, "library"
        said = library.attributes
        self.watt = self._unit("leakage_power_unit", "W")
        time = re.fullmatch(r"(1|10|100)\s*(p|n)s", said.get("time_unit", "1ns").strip().lower())
        if time is None:
            raise self._bad(library, "time_unit", said["time_unit"], "1ps to 1ns")
        self.second = float(time[1]) * _PREFIX[time[2]]
        load = re.fullmatch(r"([\d.]{1,20}),\s*(f|p)f", said.get("capacitive_load_unit", "").lower())
        if load is None:
            raise self._bad(library, "capacitive_load_unit", said.get("capacitive_load_unit", ""), "(1, pf) or alike")
        self.farad = self._number(library, "capacitive_load_unit", load[1]) * {"f": 1e-15, "p": 1e-12}[load[2]]
        # As Liberty defines it for internal power.
        self.joule = self._unit("voltage_unit", "V") ** 2 * self.farad
        voltage = self._given(library, "nom_voltage") * self._unit("voltage_unit", "V")
        self.conditions = (voltage, self._given(library, "nom_temperature"))
        self.templates = {name: group for group in library.of_kind("power_lut_template") for name in group.names}

    def cell(self, group: Group) -> CellPower:
        self.name = f"cell {', '.join(group.names)[:60]}"
        leakage = tuple(
            Leakage(part.attributes.get("related_pg_pin", ""), self._when(part), self._given(part, "value") * self.watt)
            for part in group.of_kind("leakage_power")
        )
        without = {part.rail: part.watts for part in leakage if part.when is None}
        averaged = sum(without.values()) if without else None
        if "cell_leakage_power" in group.attributes:
            averaged = self._given(group, "cell_leakage_power") * self.watt
        capacitance: dict[str, float] = {}
        internal: list[InternalPower] = []
        for pin in group.of_kind("pin"):
            for name in pin.names:
                if pin.attributes.get("direction") == "input":
                    capacitance[name] = self._capacitance(pin)
                internal += (self._internal(part, name) for part in pin.of_kind("internal_power"))
        where = f"{self.path}: line {group.line}"
        return CellPower(", ".join(group.names), averaged, leakage, capacitance, tuple(internal), where)

    def _capacitance(self, pin: Group) -> float:
        edges = [key for key in ("rise_capacitance", "fall_capacitance") if key in pin.attributes]
        found = [self._given(pin, key) for key in (edges if len(edges) == 2 else ["capacitance"])]
        if min(found) < 0:
            raise self._bad(pin, "capacitance", str(min(found)), "a number from 0")
        return sum(found) / len(found) * self.farad

    def _internal(self, group: Group, pin: str) -> InternalPower:
        tables: dict[str, Table] = {}
        for part in group.groups:
            for edge in ("rise_power", "fall_power") if part.kind == "power" else (part.kind,):
                if edge in tables:
                    raise self._bad(part, edge, "a second one", "one in an internal_power")
                tables[edge] = self._table(part)
        said = group.attributes
        rise, fall = tables.get("rise_power"), tables.get("fall_power")
        related, rail = said.get("related_pin", ""), said.get("related_pg_pin", "")
        return InternalPower(pin, related, rail, self._when(group), rise, fall)

    def _table(self, group: Group) -> Table:
        name = group.names[0] if group.names else "scalar"
        values = self._numbers(group, "values", group.attributes.get("values", ""))
        axes = {"slew": np.zeros(1), "load": np.zeros(1)}
        order: list[str] = []
        if name != "scalar":
            template = self.templates.get(name)
            if template is None:
                raise self._bad(group, "template", name, "one that the library defines")
            for place in (1, 2, 3):
                variable = template.attributes.get(f"variable_{place}")
                if variable is None:
                    break
                axis = "slew" if variable in _SLEW else "load" if variable in _LOAD else ""
                if not axis or axis in order:
                    raise self._bad(template, f"variable_{place}", variable, "input slew and output load, each once")
                key = f"index_{place}"
                index = self._numbers(group, key, group.attributes.get(key, template.attributes.get(key, "")))
                if np.any(np.diff(index) <= 0):
                    raise self._bad(group, key, str(index.tolist())[:60], "ascending numbers")
                axes[axis] = index * (self.second if axis == "slew" else self.farad)
                order.append(axis)
        expected = math.prod(axes[axis].size for axis in order)
        if values.size != expected:
            raise self._bad(group, "values", f"{values.size} numbers", f"{expected} by its indices")
        shape = axes["slew"].size, axes["load"].size
        table = values.reshape(shape[::-1]).T if order[:1] == ["load"] else values.reshape(shape)
        return Table(axes["slew"], axes["load"], table * self.joule)

    def _numbers(self, group: Group, key: str, text: str) -> npt.NDArray[np.float64]:
        parts = text.replace(",", " ").split()
        if not 1 <= len(parts) <= MOST_VALUES:
            raise self._bad(group, key, f"{len(parts)} numbers", f"1 to {MOST_VALUES:,}")
        return np.array([self._number(group, key, part) for part in parts])

    def _when(self, group: Group) -> Tree | None:
        text = group.attributes.get("when")
        try:
            return None if text is None else parse_function(text)
        except ValueError as error:
            raise LibertyError(f"{self.path}: line {group.line}: {self.name}: when: {error}") from None

    def _given(self, group: Group, key: str) -> float:
        return self._number(group, key, group.attributes.get(key, ""))

    def _number(self, group: Group, key: str, text: str) -> float:
        try:
            value = float(text) if len(text) <= 100 and "_" not in text else math.nan
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise self._bad(group, key, text, "a finite number")
        return value

    def _unit(self, key: str, of: str) -> float:
        text = self.library.attributes.get(key, "1V" if of == "V" else "")
        found = _UNIT.fullmatch(text.strip())
        if found is None or found[3].upper() != of or float(found[1]) <= 0:
            raise self._bad(self.library, key, text, f"a number and a unit, as 1n{of}")
        return float(found[1]) * _PREFIX[found[2].lower()]

    def _bad(self, group: Group, key: str, got: str, expected: str) -> LibertyError:
        return LibertyError(f"{self.path}: line {group.line}: {self.name}: {key} is {got[:60]!r}, expected {expected}")
