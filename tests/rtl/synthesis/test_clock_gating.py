"""Clock gates in netlists: which flip-flops get one, proofs with them, and netlists that must be refused."""

from __future__ import annotations

import dataclasses
import re

import pytest

from rtl.build_cache import put
from rtl.synthesis.clock_gating import gated_flip_flops
from rtl.synthesis.equivalence import DIFFERS, prove_equal
from rtl.synthesis.hierarchy import leaf_names
from rtl.synthesis.synthesise import Netlist, row_of, synthesise_leaf
from rtl.synthesis.yosys import SynthesisError, run_yosys
from tests.rtl.synthesis.conftest import TINY

GATED = {
    "rsnn_sliced_adders": (8, 96),
    "rsnn_spikes": (1, 32),
    "rsnn_input_buffer": (1, 20),
    "rsnn_neuron_unit": (6, 168),
}


def test_every_leaf_with_clock_gates_is_proved(design, gated_library, yosys):
    for name in leaf_names(design):
        netlist = synthesise_leaf(design, name, gated_library)
        proof = prove_equal(design, netlist, gated_library)
        assert (proof.proved, proof.reason, proof.registers_inside) == (True, "", 0), name
        if name in GATED:
            row = row_of(
                design, name, netlist.cells, gated_library, kind="leaf", depth=1, gated=netlist.gated_flip_flops
            )
            assert (row.clock_gates, row.gated_flip_flops, row.flip_flops) == (*GATED[name], GATED[name][1])


def test_each_lane_has_a_clock_of_its_own(design, gated_library, yosys):
    text = synthesise_leaf(design, "rsnn_sliced_adders", gated_library).text
    gates = dict(re.findall(r"  ICG \S+ \(\n    \.CK\(clk\),\n    \.E\((\w+)\),\n    \.GCK\((\w+)\),", text))
    assert len(gates) == TINY.lanes
    served = [len(re.findall(rf"\.CLK\({clock}\)", text)) for clock in gates.values()]
    assert served == [TINY.accumulator_bits] * TINY.lanes


def test_without_clock_gates_there_is_none(design, library, gated_library, yosys):
    asked = synthesise_leaf(design, "rsnn_spikes", gated_library, clock_gates=False)
    absent = synthesise_leaf(design, "rsnn_spikes", library)
    assert "ICG" not in asked.cells
    assert asked.cells == absent.cells
    assert asked.gated_flip_flops == absent.gated_flip_flops == 0


def changed(netlist: Netlist, folder, text: str) -> Netlist:
    assert text != netlist.text
    folder.mkdir()
    (folder / "netlist.v").write_text(text)
    return dataclasses.replace(netlist, folder=folder)


@pytest.mark.parametrize("name", ["rsnn_sliced_adders", "rsnn_spikes"])
def test_an_inverted_enable_is_found(design, gated_library, yosys, tmp_path, name):
    right = synthesise_leaf(design, name, gated_library)
    enable = re.search(r"\.E\((\w+)\)", right.text)[1]
    text = right.text.replace(f".E({enable})", ".E(wrong)", 1)
    text = text.replace("endmodule", f"wire wrong;\nINVX1 turned (.A({enable}), .Y(wrong));\nendmodule")
    assert prove_equal(design, changed(right, tmp_path / "wrong", text), gated_library).reason == DIFFERS


def test_the_clock_of_another_lane_is_found(design, gated_library, yosys, tmp_path):
    right = synthesise_leaf(design, "rsnn_sliced_adders", gated_library)
    first, second = re.findall(r"\.GCK\((\w+)\)", right.text)[:2]
    text = right.text.replace(f".CLK({first})", f".CLK({second})", 1)
    assert prove_equal(design, changed(right, tmp_path / "wrong", text), gated_library).reason == DIFFERS


def test_a_gate_that_is_always_on_is_found(design, gated_library, yosys, tmp_path):
    right = synthesise_leaf(design, "rsnn_spikes", gated_library)
    text = re.sub(r"\.TE\(1'b0\)", ".TE(1'b1)", right.text, count=1)
    assert prove_equal(design, changed(right, tmp_path / "wrong", text), gated_library).reason == DIFFERS


def test_simulators_and_synthesis_read_the_same_adders(design, library, yosys, tmp_path):
    """`rtl/pe_set.py` writes the registers of lanes in two forms."""
    name = "rsnn_sliced_adders"
    put(tmp_path, {f"{name}.v": design.modules[name].text})
    commands = [f"read_verilog -mem2reg {name}.v", f"hierarchy -check -top {name}", "proc", "opt", "techmap", "opt"]
    run_yosys([*commands, "splitnets", "write_verilog -noattr netlist.v"], tmp_path)
    whole_planes = Netlist(name, {}, 0, tmp_path)
    assert "clocked[7]" in whole_planes.text
    proof = prove_equal(design, whole_planes, library)
    assert (proof.proved, proof.registers_inside) == (True, 0)
    wrong = changed(whole_planes, tmp_path / "wrong", whole_planes.text.replace("clocked[7]", "clocked[6]"))
    assert prove_equal(design, wrong, library).reason == DIFFERS


def instance(kind, **pins):
    return {"type": kind, "connections": {pin: [bit] for pin, bit in pins.items()}}


def module(**cells):
    return {
        "ports": {"clk": {"direction": "input", "bits": [2]}, "y": {"direction": "output", "bits": [9]}},
        "cells": cells,
    }


def test_flip_flops_behind_gates_are_counted_and_other_clocks_refused(gated_library):
    gate = instance("ICG", CK=2, E=3, TE="0", GCK=4)
    behind, beside = instance("DFFPOSX1", CLK=4, D=5, Q=3), instance("DFFPOSX1", CLK=2, D=5, Q=6)
    assert gated_flip_flops(module(g=gate, a=behind, b=beside), gated_library) == 1
    assert gated_flip_flops(module(b=beside), gated_library) == 0
    with pytest.raises(SynthesisError, match=r"f is clocked on .*CLK.*, expected a rising edge beside clock gates"):
        gated_flip_flops(module(g=gate, f=instance("DFFNEGX1", CLK=2, D=5, Q=6)), gated_library)
    with pytest.raises(SynthesisError, match="2 clocks, expected one, a port"):
        gated_flip_flops(module(g=gate, f=instance("DFFPOSX1", CLK=7, D=5, Q=6)), gated_library)
    with pytest.raises(SynthesisError, match="1 clocks, expected one, a port"):
        gated_flip_flops(module(g=instance("ICG", CK=9, E=3, TE="0", GCK=4), a=behind), gated_library)
