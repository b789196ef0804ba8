"""What a Liberty file says in numbers: units, tables and conditions, each refused by file, line and cell."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gates.errors import LibertyError
from gates.liberty_function import Tree, parse_function
from gates.liberty_text import Group
from gates.lookup import Table

__all__ = ["LibertyValues"]

# Of one table; real ones have 49.
MOST_VALUES = 10_000
_UNIT = re.compile(r"(\d{1,4}(?:\.\d{1,4})?)\s*(p|n|u|m|k|)(W|V)", re.IGNORECASE)
_PREFIX = {"p": 1e-12, "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3}
_SLEW = frozenset({"input_transition_time", "input_net_transition"})
_LOAD = frozenset({"total_output_net_capacitance"})
# What tables of power and of timing take their axes from.
_TEMPLATES = ("power_lut_template", "lu_table_template")


class LibertyValues:
    """Reads the numbers of one file's groups, all to SI.

    Parameters
    ----------
    library : Group
    path : Path
        For messages.

    Attributes
    ----------
    name : str
        What is being read, for messages; set it to the cell.
    watt, second, farad, joule : float
        Of a unit in the file; energy as Liberty defines it, in volts squared times farads.
    conditions : tuple of float
        Volts and degrees Celsius.

    Raises
    ------
    LibertyError
        A unit or condition is missing or unknown.
    """

    def __init__(self, library: Group, path: Path) -> None:
        self.library, self.path, self.name = library, path, "library"
        said = library.attributes
        self.watt = self.unit("leakage_power_unit", "W")
        time = re.fullmatch(r"(1|10|100)\s*(p|n)s", said.get("time_unit", "1ns").strip().lower())
        if time is None:
            raise self.bad(library, "time_unit", said["time_unit"], "1ps to 1ns")
        self.second = float(time[1]) * _PREFIX[time[2]]
        load = re.fullmatch(r"([\d.]{1,20}),\s*(f|p)f", said.get("capacitive_load_unit", "").lower())
        if load is None:
            raise self.bad(library, "capacitive_load_unit", said.get("capacitive_load_unit", ""), "(1, pf) or alike")
        self.farad = self.number(library, "capacitive_load_unit", load[1]) * {"f": 1e-15, "p": 1e-12}[load[2]]
        # As Liberty defines it for internal power.
        self.joule = self.unit("voltage_unit", "V") ** 2 * self.farad
        voltage = self.given(library, "nom_voltage") * self.unit("voltage_unit", "V")
        self.conditions = (voltage, self.given(library, "nom_temperature"))
        self._templates = {
            kind: {name: group for group in library.of_kind(kind) for name in group.names} for kind in _TEMPLATES
        }

    def table(self, group: Group, *, of_time: bool = False) -> Table:
        """Return a table over input slew and output load: joules, or seconds."""
        name = group.names[0] if group.names else "scalar"
        values = self.numbers(group, "values", group.attributes.get("values", ""))
        axes = {"slew": np.zeros(1), "load": np.zeros(1)}
        order: list[str] = []
        if name != "scalar":
            template = self._templates[_TEMPLATES[of_time]].get(name)
            if template is None:
                raise self.bad(group, "template", name, "one that the library defines")
            for place in (1, 2, 3):
                variable = template.attributes.get(f"variable_{place}")
                if variable is None:
                    break
                axis = "slew" if variable in _SLEW else "load" if variable in _LOAD else ""
                if not axis or axis in order:
                    raise self.bad(template, f"variable_{place}", variable, "input slew and output load, each once")
                key = f"index_{place}"
                index = self.numbers(group, key, group.attributes.get(key, template.attributes.get(key, "")))
                if np.any(np.diff(index) <= 0):
                    raise self.bad(group, key, str(index.tolist())[:60], "ascending numbers")
                axes[axis] = index * (self.second if axis == "slew" else self.farad)
                order.append(axis)
        expected = math.prod(axes[axis].size for axis in order)
        if values.size != expected:
            raise self.bad(group, "values", f"{values.size} numbers", f"{expected} by its indices")
        shape = axes["slew"].size, axes["load"].size
        table = values.reshape(shape[::-1]).T if order[:1] == ["load"] else values.reshape(shape)
        return Table(axes["slew"], axes["load"], table * (self.second if of_time else self.joule))

    def numbers(self, group: Group, key: str, text: str) -> npt.NDArray[np.float64]:
        """Return what an attribute lists, at most `MOST_VALUES` numbers."""
        parts = text.replace(",", " ").split()
        if not 1 <= len(parts) <= MOST_VALUES:
            raise self.bad(group, key, f"{len(parts)} numbers", f"1 to {MOST_VALUES:,}")
        return np.array([self.number(group, key, part) for part in parts])

    def when(self, group: Group) -> Tree | None:
        """Return a group's condition, if it has one."""
        text = group.attributes.get("when")
        try:
            return None if text is None else parse_function(text)
        except ValueError as error:
            raise LibertyError(f"{self.path}: line {group.line}: {self.name}: when: {error}") from None

    def given(self, group: Group, key: str) -> float:
        """Return an attribute that has to be a number."""
        return self.number(group, key, group.attributes.get(key, ""))

    def number(self, group: Group, key: str, text: str) -> float:
        """Return a finite number."""
        try:
            value = float(text) if len(text) <= 100 and "_" not in text else math.nan
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise self.bad(group, key, text, "a finite number")
        return value

    def unit(self, key: str, of: str) -> float:
        """Return what a unit of the library is in watts or volts."""
        text = self.library.attributes.get(key, "1V" if of == "V" else "")
        found = _UNIT.fullmatch(text.strip())
        if found is None or found[3].upper() != of or float(found[1]) <= 0:
            raise self.bad(self.library, key, text, f"a number and a unit, as 1n{of}")
        return float(found[1]) * _PREFIX[found[2].lower()]

    def bad(self, group: Group, key: str, got: str, expected: str) -> LibertyError:
        """Return an error that names file, line, cell, attribute and what was expected."""
        return LibertyError(f"{self.path}: line {group.line}: {self.name}: {key} is {got[:60]!r}, expected {expected}")
