"""What a Liberty file says of its cells' power: leakage, internal energy, capacitance, transitions; all in SI."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gates.errors import LibertyError
from gates.liberty import Cell
from gates.liberty_function import Tree, evaluate_rows, parse_function
from gates.liberty_text import Group, parse_liberty, read_liberty_text
from gates.liberty_values import LibertyValues
from gates.lookup import Table
from gates.timing_tables import TransitionArc, transition_arcs
from gates.wire_load import WireLoad, wire_loads

__all__ = ["CellPower", "Characterisation", "InternalPower", "Leakage", "read_characterisation"]

# The most inputs and states that leakage is tabled over: 2 ** 12 rows.
MOST_VARIABLES = 12


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
    arcs : tuple of TransitionArc
    """

    name: str
    averaged_w: float | None
    leakage: tuple[Leakage, ...]
    capacitance_f: Mapping[str, float]
    internal: tuple[InternalPower, ...]
    where: str = ""
    arcs: tuple[TransitionArc, ...] = ()

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
        rows = np.array(list(itertools.product((False, True), repeat=len(cell.inputs) + len(free))), bool)
        values = dict(zip([*cell.inputs, *free], rows.T, strict=True))
        if len(states) == 2:
            values[states[1]] = ~values[states[0]]
        for pin, text in cell.functions.items():
            values[pin] = np.broadcast_to(evaluate_rows(parse_function(text), values), len(rows))
        watts, named = self.leakage_in(values, len(rows))
        found, named = watts.reshape(2 ** len(cell.inputs), -1), named.reshape(2 ** len(cell.inputs), -1)
        counted = named | ~named.any(axis=1, keepdims=True)
        return (found * counted).sum(axis=1) / counted.sum(axis=1)

    def leakage_in(
        self, values: Mapping[str, npt.NDArray[np.bool_]], rows: int
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
        """Return the watts of many states, and which of them a ``when`` names.

        Parameters
        ----------
        values : mapping of str to np.ndarray [shape=(rows,), dtype=bool]
            By pin.
        rows : int

        Raises
        ------
        LibertyError
            As `leakage_by_state`.
        """
        by_rail: dict[str, npt.NDArray[np.float64]] = {}
        otherwise: dict[str, float] = {}
        named = np.zeros(rows, bool)
        for entry in self.leakage:
            if entry.when is None:
                otherwise.setdefault(entry.rail, entry.watts)
                continue
            holds = self.holds(entry.when, values, rows)
            named |= holds
            watts = by_rail.setdefault(entry.rail, np.full(rows, np.nan))
            watts[holds & np.isnan(watts)] = entry.watts
        for rail, most in otherwise.items():
            watts = by_rail.setdefault(rail, np.full(rows, np.nan))
            watts[np.isnan(watts)] = most
        parts = np.array([*by_rail.values()]).reshape(-1, rows)
        nothing = np.isnan(parts).all(axis=0)
        if nothing.any() and self.averaged_w is None:
            state = {pin: bool(value[nothing][0]) for pin, value in values.items()}
            raise LibertyError(f"{self.where}: cell {self.name}: no leakage in state {state}, nor an average")
        return np.where(nothing, self.averaged_w or 0.0, np.nansum(parts, axis=0)), named

    def holds(self, when: Tree | None, values: Mapping[str, npt.NDArray[np.bool_]], rows: int) -> npt.NDArray[np.bool_]:
        """Return in which states a condition holds; none always does.

        Raises
        ------
        LibertyError
            The condition is of what is no pin.
        """
        try:
            found = True if when is None else evaluate_rows(when, values)
        except KeyError as error:
            unknown = f"power or leakage when {error.args[0]}, which is no pin"
            raise LibertyError(f"{self.where}: cell {self.name}: {unknown}") from None
        return np.array(np.broadcast_to(found, rows))


@dataclass(frozen=True)
class Characterisation:
    """Power of the cells of a library.

    Parameters
    ----------
    voltage_v : float
    temperature_c : float
    cells : dict of str to CellPower
    wire_loads : dict of str to WireLoad
        Liberty's own, by name; of ASAP7, gt2 and osu018 none.
    default_wire_load : str
        The library's choice among them, or nothing.
    """

    voltage_v: float
    temperature_c: float
    cells: Mapping[str, CellPower]
    wire_loads: Mapping[str, WireLoad] = field(default_factory=dict)
    default_wire_load: str = ""


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
    found: dict[str, WireLoad] = {}
    default = ""
    for path in paths:
        # Tables of one file at a time.
        reader = _Reader(parse_liberty(read_liberty_text(path), path, power=True)[0], path)
        if conditions not in (None, reader.values.conditions):
            raise LibertyError(f"{path}: {reader.values.conditions} V and C, expected {conditions} as in {paths[0]}")
        conditions = reader.values.conditions
        # The first file's, where several say something of wires.
        found = wire_loads(reader.values) | found
        default = default or reader.library.attributes.get("default_wire_load", "")
        for group in reader.library.of_kind("cell"):
            cell = reader.cell(group)
            if cell.name in cells:
                raise LibertyError(f"{path}: line {group.line}: cell {cell.name} a second time, expected each once")
            cells[cell.name] = cell
    if conditions is None:
        raise LibertyError("no Liberty file, expected at least one")
    return Characterisation(*conditions, cells, found, default)


class _Reader:
    """Makes sense of one file's cells."""

    def __init__(self, library: Group, path: Path) -> None:
        self.library, self.path = library, path
        self.values = LibertyValues(library, path)

    def cell(self, group: Group) -> CellPower:
        values = self.values
        values.name = f"cell {', '.join(group.names)[:60]}"
        leakage = tuple(
            Leakage(
                part.attributes.get("related_pg_pin", ""), values.when(part), values.given(part, "value") * values.watt
            )
            for part in group.of_kind("leakage_power")
        )
        without = {part.rail: part.watts for part in leakage if part.when is None}
        averaged = sum(without.values()) if without else None
        if "cell_leakage_power" in group.attributes:
            averaged = values.given(group, "cell_leakage_power") * values.watt
        capacitance: dict[str, float] = {}
        internal: list[InternalPower] = []
        arcs: list[TransitionArc] = []
        for pin in group.of_kind("pin"):
            for name in pin.names:
                if pin.attributes.get("direction") == "input":
                    capacitance[name] = self._capacitance(pin)
                internal += (self._internal(part, name) for part in pin.of_kind("internal_power"))
                arcs += transition_arcs(values, pin, name)
        where = f"{self.path}: line {group.line}"
        return CellPower(", ".join(group.names), averaged, leakage, capacitance, tuple(internal), where, tuple(arcs))

    def _capacitance(self, pin: Group) -> float:
        edges = [key for key in ("rise_capacitance", "fall_capacitance") if key in pin.attributes]
        found = [self.values.given(pin, key) for key in (edges if len(edges) == 2 else ["capacitance"])]
        if min(found) < 0:
            raise self.values.bad(pin, "capacitance", str(min(found)), "a number from 0")
        return sum(found) / len(found) * self.values.farad

    def _internal(self, group: Group, pin: str) -> InternalPower:
        tables: dict[str, Table] = {}
        for part in group.groups:
            for edge in ("rise_power", "fall_power") if part.kind == "power" else (part.kind,):
                if edge in tables:
                    raise self.values.bad(part, edge, "a second one", "one in an internal_power")
                tables[edge] = self.values.table(part)
        said = group.attributes
        rise, fall = tables.get("rise_power"), tables.get("fall_power")
        related, rail = said.get("related_pin", ""), said.get("related_pg_pin", "")
        return InternalPower(pin, related, rail, self.values.when(group), rise, fall)
