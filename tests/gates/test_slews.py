"""Transitions along a chain worked out by hand, loads, clocks and what no arc leads to."""

from __future__ import annotations

import numpy as np
import pytest

from gates.characterisation import read_characterisation
from gates.errors import NetlistError
from gates.liberty import read_liberty
from gates.net_loads import net_loads
from gates.netlist import read_netlist
from gates.slews import net_slews
from gates.wire_load import wire_load_by_fanout

# Transitions in ns over input transition (ns) and load (pF): rising = slew + load, falling = 2 slew.
LIBRARY = """library (slews) { time_unit : "1ns"; capacitive_load_unit (1, pf); voltage_unit : "1V"; nom_voltage : 1;
  leakage_power_unit : "1nW"; nom_temperature : 25;
  lu_table_template (two) { variable_1 : input_net_transition; variable_2 : total_output_net_capacitance;
    index_1 ("0, 4"); index_2 ("0, 4"); }
  cell (INV) { area : 1; cell_leakage_power : 1;
    pin (A) { direction : input; rise_capacitance : 0.2; fall_capacitance : 0.4; }
    pin (Y) { direction : output; function : "!A"; timing () { related_pin : "A"; timing_sense : negative_unate;
      rise_transition (two) { values ("0, 4", "4, 8"); } fall_transition (two) { values ("0, 0", "8, 8"); } } } }
  cell (XOR) { area : 1; cell_leakage_power : 1;
    pin (A) { direction : input; capacitance : 0.5; } pin (B) { direction : input; capacitance : 0.5; }
    pin (Y) { direction : output; function : "A ^ B"; timing () { related_pin : "A B"; timing_sense : non_unate;
      rise_transition (two) { values ("0, 4", "4, 8"); } fall_transition (two) { values ("0, 0", "8, 8"); } } } }
  cell (DFF) { area : 1; cell_leakage_power : 1; ff (IQ, IQN) { next_state : "D"; clocked_on : "CK"; }
    pin (CK) { direction : input; capacitance : 0.1; } pin (D) { direction : input; capacitance : 0.1; }
    pin (Q) { direction : output; function : "IQ"; timing () { related_pin : "CK"; timing_type : rising_edge;
      rise_transition (two) { values ("0, 4", "4, 8"); } fall_transition (two) { values ("0, 0", "8, 8"); } } } } }
"""
NS, PF = 1e-9, 1e-12


@pytest.fixture
def sides(tmp_path):
    path = tmp_path / "slews.lib"
    path.write_text(LIBRARY)
    return read_liberty(path), read_characterisation([path]).cells


def module(**cells):
    return {
        "ports": {"a": {"direction": "input", "bits": [2]}, "y": {"direction": "output", "bits": [5]}},
        "netnames": {f"n{net}": {"bits": [net]} for net in range(2, 8)},
        "cells": {
            name: {"type": kind, "connections": {pin: [net] for pin, net in pins.items()}}
            for name, (kind, pins) in cells.items()
        },
    }


def test_a_chain_by_hand(sides):
    library, cells = sides
    chain = {"u": ("INV", {"A": 2, "Y": 3}), "v": ("INV", {"A": 3, "Y": 4}), "w": ("XOR", {"A": 4, "B": 2, "Y": 5})}
    netlist = read_netlist(module(**chain), library)
    net = {name: nets[0] for name, nets in netlist.wires.items()}
    loads = net_loads(netlist, cells, wire_load_by_fanout(1, 100), port_f=0.3 * PF)
    # Input pins 0.3 (the mean of 0.2 and 0.4) and 0.5, a port 0.3; wires 0.1 pF a pin.
    expected = {"n2": 0.3 + 0.5 + 0.2, "n3": 0.3 + 0.1, "n4": 0.5 + 0.1, "n5": 0.3 + 0.1}
    for name, load in expected.items():
        assert loads.total_f[net[name]] == pytest.approx(load * PF), name
    assert loads.fanouts[[net["n2"], net["n5"]]].tolist() == [2, 1]
    found = net_slews(netlist, cells, loads.total_f, input_s=0.5 * NS, clock_s=NS)
    # u: rising 0.5 + 0.4, falling 2 x 0.5. v, inverting: rising from the falling 1.0 + 0.6, falling 2 x 0.9.
    # w follows either edge of either input, the slowest counts: rising 1.8 + 0.4, falling 2 x 1.8.
    for name, rise, fall in (("n2", 0.5, 0.5), ("n3", 0.9, 1.0), ("n4", 1.6, 1.8), ("n5", 2.2, 3.6)):
        assert found.seconds[:, net[name]] == pytest.approx([rise * NS, fall * NS]), name
    assert not found.outside.any()


def test_flip_flops_begin_from_the_clock(sides):
    library, cells = sides
    cells_of = {"r": ("DFF", {"CK": 2, "D": 4, "Q": 3}), "u": ("INV", {"A": 3, "Y": 4})}
    netlist = read_netlist(module(**cells_of), library)
    net = {name: nets[0] for name, nets in netlist.wires.items()}
    load = np.zeros(netlist.nets)
    found = net_slews(netlist, cells, load, input_s=0.5 * NS, clock_s=1.5 * NS).seconds
    assert found[:, net["n2"]] == pytest.approx([1.5 * NS, 1.5 * NS])
    # Both edges of Q follow the rising edge of the clock.
    assert found[:, net["n3"]] == pytest.approx([1.5 * NS, 3.0 * NS])
    assert found[:, net["n4"]] == pytest.approx([3.0 * NS, 3.0 * NS])


def test_beyond_the_table_its_border_counts_and_is_said(sides):
    library, cells = sides
    netlist = read_netlist(module(u=("INV", {"A": 2, "Y": 3})), library)
    net = {name: nets[0] for name, nets in netlist.wires.items()}
    found = net_slews(netlist, cells, np.full(netlist.nets, 99 * PF), input_s=0.5 * NS, clock_s=NS)
    assert found.seconds[0, net["n3"]] == pytest.approx(4.5 * NS)
    assert found.outside.tolist() == [True]


def test_what_drives_nothing_is_at_no_border(tmp_path):
    # Tables begin at a load of 1 pF; the first inverter drives the second, 0.3 pF, and that one nothing.
    path = tmp_path / "slews.lib"
    path.write_text(LIBRARY.replace('index_1 ("0, 4"); index_2 ("0, 4")', 'index_1 ("0, 4"); index_2 ("1, 4")'))
    library, cells = read_liberty(path), read_characterisation([path]).cells
    netlist = read_netlist(module(u=("INV", {"A": 2, "Y": 3}), v=("INV", {"A": 3, "Y": 4})), library)
    found = net_slews(netlist, cells, net_loads(netlist, cells, None).total_f, input_s=NS, clock_s=NS)
    assert dict(zip(netlist.names, found.outside.tolist(), strict=True)) == {"u": True, "v": False}


def test_a_loop_is_refused(sides):
    library, cells = sides
    loop = {"u": ("INV", {"A": 4, "Y": 3}), "v": ("INV", {"A": 3, "Y": 4})}
    netlist = read_netlist(module(**loop), library)
    with pytest.raises(NetlistError, match="gates of the netlist form a loop, 2 of them"):
        net_slews(netlist, cells, np.zeros(netlist.nets), input_s=NS, clock_s=NS)
