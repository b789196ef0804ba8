"""Units, numbers and tables of a Liberty file, to SI; what is none is refused by file and line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gates.errors import LibertyError
from gates.liberty_text import parse_liberty
from gates.liberty_values import MOST_VALUES, LibertyValues

LIBRARY = """library (values) {
  time_unit : "1ns"; capacitive_load_unit (1, pf); voltage_unit : "1V"; leakage_power_unit : "1nW";
  nom_voltage : 1.2; nom_temperature : -40;
  power_lut_template (load_first) { variable_1 : total_output_net_capacitance; variable_2 : input_transition_time;
    index_1 ("1, 2"); index_2 ("1, 2, 3"); }
  power_lut_template (twice) { variable_1 : input_transition_time; variable_2 : input_transition_time;
    index_1 ("1, 2"); index_2 ("1, 2"); }
  cell (X) { area : 1; pin (Y) { direction : output; internal_power () { %s } } }
}
"""


def values(said="", **changes):
    text = LIBRARY % said
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new)
    library, _ = parse_liberty(text, Path("values.lib"), power=True)
    return LibertyValues(library, Path("values.lib")), library


def internal(library):
    (cell,) = library.of_kind("cell")
    (pin,) = cell.of_kind("pin")
    (group,) = pin.of_kind("internal_power")
    return group


@pytest.mark.parametrize(
    ("old", "new", "name", "expected"),
    [
        ('"1nW"', '"10pW"', "watt", 1e-11),
        ('"1nW"', '"1mW"', "watt", 1e-3),
        ('"1ns"', '"100ps"', "second", 1e-10),
        ('"1ns"', '"1ps"', "second", 1e-12),
        ("(1, pf)", "(0.5, ff)", "farad", 5e-16),
        # Energy is volts squared times farads: (10 mV)^2 x 1 pF.
        ('"1V"', '"10mV"', "joule", 1e-16),
    ],
)
def test_units_are_si(old, new, name, expected):
    found, _ = values(unit=(old, new))
    assert getattr(found, name) == pytest.approx(expected)
    assert found.conditions[1] == -40


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"1nW"', '"nW"', "leakage_power_unit is 'nW', expected a number and a unit, as 1nW"),
        ('"1nW"', '"0nW"', "leakage_power_unit is '0nW'"),
        ('"1ns"', '"1us"', "time_unit is '1us', expected 1ps to 1ns"),
        ("(1, pf)", "(1, uf)", "capacitive_load_unit"),
        ("(1, pf)", "(1.1.1, pf)", "capacitive_load_unit is '1.1.1', expected a finite number"),
        ("nom_temperature : -40;", "nom_temperature : inf;", "nom_temperature is 'inf', expected a finite number"),
    ],
)
def test_what_is_no_unit_is_refused(old, new, said):
    with pytest.raises(LibertyError, match=f"values.lib: line 1: library: {said}"):
        values(unit=(old, new))


@pytest.mark.parametrize("text", ["1_000", "x", "", "nan", "-inf", "1" * 101])
def test_what_is_no_finite_number_is_refused(text):
    found, library = values()
    with pytest.raises(LibertyError, match="expected a finite number"):
        found.number(library, "key", text)


def test_a_table_s_axes_come_in_either_order():
    said = 'rise_power (load_first) { values ("1, 2, 3", "4, 5, 6"); }'
    found, library = values(said)
    (group,) = internal(library).of_kind("rise_power")
    table = found.table(group)
    assert table.slews == pytest.approx(np.array([1, 2, 3]) * 1e-9)
    assert table.loads == pytest.approx(np.array([1, 2]) * 1e-12)
    # Slews by loads, whatever the file's order.
    assert table.values == pytest.approx(np.array([[1, 4], [2, 5], [3, 6]]) * 1e-12)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            'rise_power (twice) { values ("1, 2", "3, 4"); }',
            "variable_2 is 'input_transition_time', expected input slew",
        ),
        ('rise_power (none) { values ("1"); }', "template is 'none', expected one that the library defines"),
        ('rise_power (load_first) { values ("1, 2, 3"); }', "values is '3 numbers', expected 6 by its indices"),
        ('rise_power (scalar) { values (""); }', "values is '0 numbers', expected 1 to 10,000"),
        (f'rise_power (scalar) {{ values ("{"1 " * (MOST_VALUES + 1)}"); }}', "values is '10001 numbers'"),
    ],
)
def test_what_is_no_table_is_refused(said, expected):
    found, library = values(said)
    (group,) = internal(library).of_kind("rise_power")
    with pytest.raises(LibertyError, match=expected):
        found.table(group)


def test_a_condition_that_is_none_is_refused():
    found, library = values('when : "A &"; rise_power (scalar) { values ("1"); }')
    with pytest.raises(LibertyError, match=r"values.lib: line 8: library: when:"):
        found.when(internal(library))
