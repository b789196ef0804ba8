"""Internal energy of small netlists, worked out by hand from the tables in the comments."""

from __future__ import annotations

import numpy as np
import pytest

from gates.cell_states import kind_states
from gates.characterisation import read_characterisation
from gates.internal_power import internal_energy
from gates.liberty import read_liberty
from gates.netlist import read_netlist


# Energies in 1 V^2 x 1 pF = pJ. Scalars, but the inverter's: over slew (ns) and load (pF).
def energy(rise: float, fall: float, said: str = "") -> str:
    """Return an ``internal_power`` group of two numbers."""
    tables = (f'{edge}_power (scalar) {{ values ("{value}"); }}' for edge, value in (("rise", rise), ("fall", fall)))
    return f"internal_power () {{ {said} {' '.join(tables)} }}"


TEXT = f"""library (hand) {{ time_unit : "1ns"; capacitive_load_unit (1, pf); voltage_unit : "1V";
  leakage_power_unit : "1nW"; nom_voltage : 1.0; nom_temperature : 25;
  power_lut_template (two) {{ variable_1 : input_transition_time; variable_2 : total_output_net_capacitance;
    index_1 ("0, 1"); index_2 ("0, 2"); }}
  cell (INV) {{ area : 1; cell_leakage_power : 1;
    pin (A) {{ direction : input; capacitance : 0.5; }}
    pin (Y) {{ direction : output; function : "!A";
      timing () {{ related_pin : "A"; timing_sense : negative_unate; rise_transition (scalar) {{ values ("0.1"); }} }}
      internal_power () {{ related_pin : "A"; rise_power (two) {{ values ("1, 3", "5, 7"); }}
        fall_power (two) {{ values ("2, 2", "2, 2"); }} }} }} }}
  cell (NAND2) {{ area : 2; cell_leakage_power : 1;
    pin (A) {{ direction : input; capacitance : 0.5; {energy(0.25, 0.75, 'when : "!B";')} }}
    pin (B) {{ direction : input; capacitance : 0.5; }}
    pin (Y) {{ direction : output; function : "!(A B)";
      {energy(10, 20, 'related_pin : "A";')} {energy(30, 40, 'related_pin : "B";')} }} }}
  cell (OR2) {{ area : 2; cell_leakage_power : 1;
    pin (A) {{ direction : input; capacitance : 0.5; {energy(1, 1)} {energy(5, 7, 'when : "B";')} }}
    pin (B) {{ direction : input; capacitance : 0.5; }}
    pin (Y) {{ direction : output; function : "A + B"; }} }}
  cell (DFF) {{ area : 5; cell_leakage_power : 1; ff (IQ, IQN) {{ next_state : "D"; clocked_on : "CK"; }}
    pin (CK) {{ direction : input; capacitance : 0.5; clock : true;
      {energy(3, 1, "related_pg_pin : VDD;")} {energy(0.5, 0.5, "related_pg_pin : VSS;")} }}
    pin (D) {{ direction : input; capacitance : 0.5; {energy(6, 8)} }}
    pin (Q) {{ direction : output; function : "IQ"; {energy(4, 2, 'related_pin : "CK";')} }} }}
  cell (DFFQN) {{ area : 5; cell_leakage_power : 1; ff (IQ, IQN) {{ next_state : "D"; clocked_on : "CK"; }}
    pin (CK) {{ direction : input; capacitance : 0.5; clock : true; }}
    pin (D) {{ direction : input; capacitance : 0.5; }}
    pin (Q) {{ direction : output; function : "IQ"; {energy(4, 2, 'related_pin : "CK";')} }}
    pin (QN) {{ direction : output; function : "IQN";
      internal_power () {{ related_pin : "CK"; rise_power (two) {{ values ("6, 6", "6, 6"); }}
        fall_power (two) {{ values ("8, 8", "8, 8"); }} }} }} }} }}
"""
PJ = 1e-12


@pytest.fixture(scope="module")
def priced(tmp_path_factory):
    """Return a function of a cell, its pins' toggles, the shares of its states, slew and load: joules."""
    path = tmp_path_factory.mktemp("hand") / "hand.lib"
    path.write_text(TEXT)
    library, power = read_liberty(path), read_characterisation([path])

    def price(kind, toggles, shares, slew=0.0, load=0.0):
        cell = library.cells[kind]
        pins = (*cell.inputs, *cell.outputs)
        connections = {pin: [2 + at] for at, pin in enumerate(pins)}
        ports = {"in": {"direction": "input", "bits": [connections[pin][0] for pin in cell.inputs]}}
        module = {"ports": ports, "cells": {"u": {"type": kind, "connections": connections}}, "netnames": {}}
        netlist = read_netlist(module, library)
        nets = netlist.nets_of(0)
        counted = np.zeros(netlist.nets)
        for pin, times in toggles.items():
            counted[nets[pin]] = times
        (states,) = kind_states(netlist)
        probabilities = np.zeros((1, states.states))
        for state, share in shares.items():
            number = sum(1 << bit for bit, name in enumerate(states.variables) if name in state)
            probabilities[0, number] = share
        found = internal_energy(
            netlist, states, power.cells[kind], probabilities=probabilities, toggles=counted,
            slews_s=np.full((2, netlist.nets), slew), load_f=np.full(netlist.nets, load),
        )  # fmt: skip
        return found.clock_j[0] / PJ, found.other_j[0] / PJ, bool(found.outside[0])

    return price


def test_an_inverter_between_the_points_of_its_table(priced):
    # Half of 10 edges rise, at slew 0.5 ns and load 1 pF: the middle of 1, 3, 5, 7 is 4; half fall, at 2 each.
    toggles, shares = {"A": 10, "Y": 10}, {(): 0.5, ("A",): 0.5}
    assert priced("INV", toggles, shares, slew=0.5e-9, load=1e-12) == (0, pytest.approx(5 * 4 + 5 * 2), False)
    # Beyond the border the border counts, and that is said.
    assert priced("INV", toggles, shares, slew=9e-9, load=1e-12) == (0, pytest.approx(5 * 6 + 5 * 2), True)


def test_a_nand_by_the_pin_that_it_follows(priced):
    # All states alike: Y follows A where B is high (half the time), B where A is. A toggles thrice as often as B, so a
    # rising edge costs (3 x 10 + 1 x 30) / 4 = 15, a falling (3 x 20 + 1 x 40) / 4 = 25. A's own groups count while B
    # is low, half the time: 6 edges at (0.25 + 0.75) / 2 each, times a half.
    shares = dict.fromkeys([(), ("A",), ("B",), ("A", "B")], 0.25)
    own = 6 * 0.5 * (0.25 + 0.75) / 2
    assert priced("NAND2", {"A": 6, "B": 2, "Y": 4}, shares) == (0, pytest.approx(2 * 15 + 2 * 25 + own), False)
    # B always high: Y follows A alone, and A's own groups never count.
    shares = {("B",): 0.5, ("A", "B"): 0.5}
    assert priced("NAND2", {"A": 6, "B": 0, "Y": 6}, shares) == (0, pytest.approx(3 * 10 + 3 * 20), False)


def test_a_group_without_a_condition_counts_where_no_other_does(priced):
    # B high three quarters of the time: there (5 + 7) / 2 an edge of A; else the group without a `when`, 1.
    shares = {(): 0.125, ("A",): 0.125, ("B",): 0.375, ("A", "B"): 0.375}
    assert priced("OR2", {"A": 8}, shares) == (0, pytest.approx(8 * (0.75 * 6 + 0.25 * 1)), False)


def test_a_flip_flop_s_clock_pin_apart_and_rails_added(priced):
    # 100 cycles whose clock comes: 100 rising edges at 3 + 0.5 and 100 falling at 1 + 0.5. D: 8 edges, half at 6 and
    # half at 8. Q: 4 edges, half at 4 and half at 2.
    shares = {("clock comes", "clock came"): 0.25, ("IQ", "clock comes", "clock came"): 0.25}
    shares |= {("D", "clock comes", "clock came"): 0.25, ("D", "IQ", "clock comes", "clock came"): 0.25}
    clock, other, outside = priced("DFF", {"CK": 200, "D": 8, "Q": 4}, shares)
    assert clock == pytest.approx(100 * 3.5 + 100 * 1.5)
    assert other == pytest.approx(4 * 6 + 4 * 8 + 2 * 4 + 2 * 2)
    assert not outside


def test_an_output_that_leads_nowhere_stands_apart(tmp_path):
    # Q: 4 edges at (4 + 2) / 2. QN follows; were it connected, at (6 + 8) / 2. Its table begins at a load of 1 pF: none
    # at all is no border.
    path = tmp_path / "hand.lib"
    path.write_text(TEXT.replace('index_2 ("0, 2")', 'index_2 ("1, 2")'))
    library, power = read_liberty(path), read_characterisation([path])
    for connected in (False, True):
        connections = {"CK": [2], "D": [3], "Q": [4]} | ({"QN": [5]} if connected else {})
        ports = {"in": {"direction": "input", "bits": [2, 3]}}
        cells = {"u": {"type": "DFFQN", "connections": connections}}
        netlist = read_netlist({"ports": ports, "cells": cells, "netnames": {}}, library)
        nets = netlist.nets_of(0)
        counted = np.zeros(netlist.nets)
        counted[nets["CK"]], counted[nets["Q"]] = 200, 4
        if connected:
            counted[nets["QN"]] = 4
        (states,) = kind_states(netlist)
        found = internal_energy(
            netlist, states, power.cells["DFFQN"],
            probabilities=np.full((1, states.states), 1 / states.states), toggles=counted,
            slews_s=np.zeros((2, netlist.nets)), load_f=np.full(netlist.nets, 1.5e-12),
        )  # fmt: skip
        both = [found.other_j[0] / PJ, found.unconnected_j[0] / PJ]
        assert both == pytest.approx([4 * 3 + 4 * 7, 0] if connected else [4 * 3, 4 * 7])
        assert not found.outside[0]


def test_what_rests_costs_nothing(priced):
    assert priced("INV", {}, {(): 1.0}) == (0, 0, False)
    assert priced("DFF", {}, {(): 1.0}) == (0, 0, False)
