"""Which pin of a cell is its clock: of flip-flops, clock gates, gates, and of what is clocked on more."""

from __future__ import annotations

import pytest

from gates.clock_pins import clock_pin_of
from gates.errors import NetlistError
from gates.liberty import read_liberty

LIBRARY = """library (clocks) { time_unit : "1ns"; capacitive_load_unit (1, pf); voltage_unit : "1V";
  cell (NAND2) { area : 1; pin (A) { direction : input; } pin (B) { direction : input; }
    pin (Y) { direction : output; function : "!(A B)"; } }
  cell (DFF) { area : 1; ff (IQ, IQN) { next_state : "D"; clocked_on : "%s"; }
    pin (D) { direction : input; } pin (CK) { direction : input; } pin (CK2) { direction : input; }
    pin (Q) { direction : output; function : "IQ"; } } }
"""


def cell(folder, name, clocked_on="CK"):
    path = folder / "clocks.lib"
    path.write_text(LIBRARY % clocked_on)
    return read_liberty(path).cells[name]


def test_of_flip_flops_gates_and_clock_gates(tmp_path, gated_library):
    assert clock_pin_of(cell(tmp_path, "NAND2")) == ""
    assert clock_pin_of(cell(tmp_path, "DFF")) == "CK"
    gate = gated_library.clock_gate
    assert clock_pin_of(gate) == gate.clock_gate.clock
    assert gate.clock_gate.clock in gate.inputs


def test_what_is_clocked_on_two_pins_is_refused(tmp_path):
    found = cell(tmp_path, "DFF", "CK CK2")
    with pytest.raises(NetlistError, match="DFF is clocked on CK CK2, expected one pin"):
        clock_pin_of(found)
