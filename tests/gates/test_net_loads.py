"""Loads of nets added up by hand: pins, ports, memories, wires, and what is tied."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gates.characterisation import read_characterisation
from gates.errors import LibertyError
from gates.liberty import read_liberty
from gates.net_loads import net_loads
from gates.netlist import read_netlist
from gates.wire_load import wire_load_by_fanout

LIBRARY = """library (loads) { time_unit : "1ns"; capacitive_load_unit (1, ff); voltage_unit : "1V"; nom_voltage : 1;
  leakage_power_unit : "1nW"; nom_temperature : 25;
  cell (INV) { area : 1; cell_leakage_power : 1;
    pin (A) { direction : input; capacitance : 2; } pin (Y) { direction : output; function : "!A"; } }
  cell (NAND2) { area : 1; cell_leakage_power : 1; pin (A) { direction : input; capacitance : 3; }
    pin (B) { direction : input; capacitance : 5; } pin (Y) { direction : output; function : "!(A B)"; } } }
"""
# a -> INV, NAND2.A and a memory's address; the NAND's other input is tied high; its output is a port twice over; the
# memory's row goes to an inverter that leads nowhere.
MODULE = {
    "ports": {"a": {"direction": "input", "bits": [2]}, "y": {"direction": "output", "bits": [4, 4, "0"]}},
    "netnames": {"a": {"bits": [2]}, "inner": {"bits": [3]}, "y": {"bits": [4]}, "row": {"bits": [5]}},
    "cells": {
        "u": {"type": "INV", "connections": {"A": [2], "Y": [3]}},
        "v": {"type": "NAND2", "connections": {"A": [2], "B": ["1"], "Y": [4]}},
        "w": {"type": "INV", "connections": {"A": [5]}},
        "ram": {"type": "memory", "connections": {"row": [5], "address": [2]}},
    },
}
FF = 1e-15


def sides(folder):
    path = folder / "loads.lib"
    path.write_text(LIBRARY)
    library, cells = read_liberty(path), read_characterisation([path]).cells
    return read_netlist(MODULE, library), cells


def by_name(netlist, values):
    return [values[netlist.wires[name][0]] for name in ("a", "inner", "y", "row")]


def test_pins_ports_and_memories_add_up(tmp_path):
    netlist, cells = sides(tmp_path)
    found = net_loads(netlist, cells, wire_load_by_fanout(1, 0.5), port_f=7 * FF, memory_pin_f=11 * FF)
    # a: 2 + 3 of pins, 11 of the memory; y: two ports; row: the memory drives it and is no load of it.
    assert by_name(netlist, found.fanouts) == [3, 0, 2, 1]
    assert by_name(netlist, found.pins_f) == pytest.approx([16 * FF, 0, 14 * FF, 2 * FF])
    assert by_name(netlist, found.wire_f) == pytest.approx([1.5 * FF, 0, 1 * FF, 0.5 * FF])
    assert found.total_f == pytest.approx(found.pins_f + found.wire_f)
    # What is tied is a net of no length: the NAND's 5 fF and the third port charge nothing.
    assert np.sum(found.pins_f) == pytest.approx(32 * FF)


def test_without_a_model_there_are_no_wires(tmp_path):
    netlist, cells = sides(tmp_path)
    assert not net_loads(netlist, cells, None).wire_f.any()


def test_what_the_library_does_not_say_is_refused(tmp_path):
    netlist, cells = sides(tmp_path)
    with pytest.raises(LibertyError, match="cell NAND2 of the netlist is not in the library that gives power"):
        net_loads(netlist, {"INV": cells["INV"]}, None)
    # The file that gives power knows fewer pins than the one that gives functions.
    bare = dataclasses.replace(cells["NAND2"], capacitance_f={"A": 3 * FF})
    with pytest.raises(LibertyError, match=r"loads.lib: line 5: cell NAND2: pin B has no capacitance"):
        net_loads(netlist, cells | {"NAND2": bare}, None)
