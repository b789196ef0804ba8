"""Operations are written after what they read; what is no such netlist is refused by name."""

from __future__ import annotations

import numpy as np
import pytest

from gates.errors import NetlistError
from gates.netlist import read_netlist
from gates.operations import compile_netlist
from tests.gates.random_netlists import random_module, random_netlist


@pytest.mark.parametrize("every_gate", [False, True])
def test_each_operation_reads_what_is_there(gated_library, every_gate):
    netlist = random_netlist(gated_library, 1, gates=200)
    run = compile_netlist(netlist, every_gate=every_gate)
    there = {0} | {flip_flop.state for flip_flop in run.flip_flops} | {int(run.net_slots[net]) for net in run.sources}
    for (a, b), to in zip(run.reads.tolist(), run.writes.tolist(), strict=True):
        assert {a, b} <= there
        there.add(to)
    assert {flip_flop.following[0] for flip_flop in run.flip_flops} <= there
    clocks = {run.clock, *run.gated_clocks}
    for net in range(2, netlist.nets):
        assert (run.net_slots[net] >= 0) != (net in clocks)
    if every_gate:
        outputs = [
            net
            for at in range(len(netlist.names))
            if not (netlist.cell(at).flip_flop or netlist.cell(at).clock_gate)
            for pin, net in netlist.nets_of(at).items()
            if pin in netlist.cell(at).outputs
        ]
        assert len(run.gates) == len(outputs)
        assert len({int(run.net_slots[net]) for net in outputs}) == len(outputs)
        assert not run.net_inverted[outputs].any()
    else:
        assert len(run.writes) < len(compile_netlist(netlist, every_gate=True).writes)


def module(**cells):
    return {
        "ports": {"clk": {"direction": "input", "bits": [2]}, "a": {"direction": "input", "bits": [3]}},
        "netnames": {},
        "cells": {
            name: {"type": kind, "connections": {pin: [net] for pin, net in pins.items()}}
            for name, (kind, pins) in cells.items()
        },
    }


REGISTER = ("DFFPOSX1", {"CLK": 2, "D": 3, "Q": 4})


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"a": ("INVX1", {"A": 5, "Y": 6}), "b": ("INVX1", {"A": 6, "Y": 5})}, "form a loop, one of them (a|b)"),
        ({"r": REGISTER, "s": ("DFFPOSX1", {"CLK": 3, "D": 4, "Q": 5})}, "2 clocks"),
        ({"r": ("DFFNEGX1", {"CLK": 2, "D": 3, "Q": 4})}, "r is clocked on .*, expected a rising edge"),
        ({"u": ("INVX1", {"A": 9, "Y": 6})}, "driven by nothing, expected a gate"),
        ({"r": REGISTER, "u": ("INVX1", {"A": 2, "Y": 6})}, "the clock, as data"),
        ({"r": ("DFFSR", {"CLK": 2, "D": 3, "Q": 4, "R": 3, "S": "1"})}, "r has a clear that is not tied off"),
    ],
)
def test_what_is_no_synchronous_netlist_is_refused(library, cells, said):
    with pytest.raises(NetlistError, match=said):
        compile_netlist(read_netlist(module(**cells), library))


def test_a_reset_that_is_tied_off_is_none(library):
    cells = {"r": ("DFFSR", {"CLK": 2, "D": 3, "Q": 4, "R": "1", "S": "1"})}
    assert len(compile_netlist(read_netlist(module(**cells), library)).flip_flops) == 1


def test_deep_netlists_are_compiled(library):
    cells = {f"u{at}": ("NAND2X1", {"A": 3 if at == 0 else 9 + at, "B": 3, "Y": 10 + at}) for at in range(5000)}
    run = compile_netlist(read_netlist(module(**cells), library))
    assert np.all(np.diff(run.writes) > 0)


def test_all_cells_of_the_library_are_compiled(gated_library):
    for seed in range(20):
        found = read_netlist(random_module(gated_library, np.random.default_rng(seed), gates=60), gated_library)
        compile_netlist(found)
