"""Netlists as arrays: pins and drivers as the JSON says, boxes apart, and refusals."""

from __future__ import annotations

import numpy as np
import pytest

from gates.errors import NetlistError
from gates.netlist import HIGH, NO_NET, read_netlist
from tests.gates.random_netlists import random_module


@pytest.mark.parametrize("seed", range(3))
def test_pins_and_drivers_are_those_of_the_json(gated_library, seed):
    module = random_module(gated_library, np.random.default_rng(seed))
    netlist = read_netlist(module, gated_library)
    number = {}
    for at, name in enumerate(netlist.names):
        entry = module["cells"][name]
        assert netlist.cell(at).name == entry["type"]
        for pin, net in netlist.nets_of(at).items():
            bit = entry["connections"][pin][0]
            assert number.setdefault(bit, net) == net
        for pin in netlist.cell(at).outputs:
            assert netlist.drivers[netlist.nets_of(at)[pin]] == at
    assert number.get("1", HIGH) == HIGH
    assert len(set(number.values())) == len(number)
    assert set(netlist.boxes) == {"ram"}
    assert len(netlist.flip_flops) == 6
    assert len(netlist.clock_gates) == 1
    assert netlist.inputs["given"] == tuple(number.get(bit, netlist.inputs["given"][bit - 3]) for bit in (3, 4))


def test_an_output_may_be_open(library):
    module = {"ports": {}, "netnames": {}, "cells": {"a": {"type": "INVX1", "connections": {"A": ["0"]}}}}
    assert read_netlist(module, library).nets_of(0) == {"A": 0, "Y": NO_NET}


@pytest.mark.parametrize(
    ("connections", "said"),
    [
        ({"Y": [2]}, "a .INVX1.: pin A has 0 nets, expected one"),
        ({"A": [3, 4], "Y": [2]}, "pin A has 2 nets, expected one"),
        ({"A": ["x"], "Y": [2]}, "pin A is x, expected a net, 0 or 1"),
        ({"A": [3], "Y": [2, 4]}, "pin Y has 2 nets, expected one at most"),
    ],
)
def test_pins_that_are_wrong_are_named(library, connections, said):
    module = {"ports": {}, "netnames": {}, "cells": {"a": {"type": "INVX1", "connections": connections}}}
    with pytest.raises(NetlistError, match=said):
        read_netlist(module, library)


def test_two_drivers_of_a_net_are_refused(library):
    cell = {"type": "INVX1", "connections": {"A": [2], "Y": [3]}}
    netlist = read_netlist({"ports": {}, "netnames": {}, "cells": {"a": cell, "b": cell}}, library)
    with pytest.raises(NetlistError, match="two drivers"):
        netlist.drivers  # noqa: B018


def test_a_port_that_goes_both_ways_is_refused(library):
    with pytest.raises(NetlistError, match="port p is inout, expected input or output"):
        read_netlist({"ports": {"p": {"direction": "inout", "bits": [2]}}, "cells": {}, "netnames": {}}, library)
