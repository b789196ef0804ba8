"""Arcs of Liberty's timings: which edges cause which, what is none of ours, what is refused."""

from __future__ import annotations

import pytest

from gates.characterisation import read_characterisation
from gates.errors import LibertyError
from gates.timing_tables import FALL, RISE

LIBRARY = """library (arcs) { time_unit : "10ps"; capacitive_load_unit (1, pf); voltage_unit : "1V"; nom_voltage : 1;
  leakage_power_unit : "1nW"; nom_temperature : 25;
  lu_table_template (two) { variable_1 : input_net_transition; variable_2 : total_output_net_capacitance;
    index_1 ("0, 4"); index_2 ("0, 4"); }
  cell (X) { area : 1; cell_leakage_power : 1;
    pin (A) { direction : input; capacitance : 1; } pin (B) { direction : input; capacitance : 1; }
    pin (Y) { direction : output; function : "A B";
      timing () {
        related_pin : "A B"; %s
        rise_transition (two) { values ("1, 2", "3, 4"); } } } } }
"""


def arcs(folder, said, text=LIBRARY):
    path = folder / "arcs.lib"
    path.write_text(text % said)
    return read_characterisation([path]).cells["X"].arcs


@pytest.mark.parametrize(
    ("said", "rising", "falling"),
    [
        ("timing_sense : positive_unate;", (RISE,), (FALL,)),
        ("timing_sense : negative_unate;", (FALL,), (RISE,)),
        ("timing_sense : non_unate;", (RISE, FALL), (RISE, FALL)),
        ("", (RISE, FALL), (RISE, FALL)),
        ("timing_type : combinational_rise; timing_sense : positive_unate;", (RISE,), (FALL,)),
        # Of an edge of a clock, whatever the sense.
        ("timing_type : rising_edge; timing_sense : non_unate;", (RISE,), (RISE,)),
        ("timing_type : falling_edge;", (FALL,), (FALL,)),
    ],
)
def test_the_edges_that_cause_an_edge(tmp_path, said, rising, falling):
    found = arcs(tmp_path, said)
    assert [(arc.pin, arc.related_pin, arc.causes) for arc in found] == [
        ("Y", pin, (rising, falling)) for pin in ("A", "B")
    ]
    # At 40 ps and 4 pF stands 4, of 10 ps; of the falling edge the file says nothing.
    for arc in found:
        assert arc.rise.at(4e-11, 4e-12)[0] == pytest.approx(4e-11)
        assert arc.fall is None


@pytest.mark.parametrize("kind", ["clear", "preset", "three_state_disable", "setup_rising", "hold_falling"])
def test_arcs_that_no_edge_of_data_follows_are_left_out(tmp_path, kind):
    assert arcs(tmp_path, f"timing_type : {kind};") == ()


def test_a_timing_without_transitions_is_no_arc(tmp_path):
    assert arcs(tmp_path, "", LIBRARY.replace("rise_transition", "cell_rise")) == ()


def test_what_is_malformed_is_refused(tmp_path):
    with pytest.raises(LibertyError, match=r"arcs.lib: line 8: cell X: timing_sense is 'sideways', expected negative"):
        arcs(tmp_path, "timing_sense : sideways;")
    twice = 'rise_transition (two) { values ("1, 2", "3, 4"); }'
    with pytest.raises(LibertyError, match=r"arcs.lib: line 10: cell X: rise_transition is 'a second one'"):
        arcs(tmp_path, twice)
