"""Proofs: every leaf of the tiny accelerator, and netlists that must not be proved."""

from __future__ import annotations

import dataclasses
import re

import pytest

from rtl.build_cache import cache_folder
from rtl.synthesis.equivalence import DIFFERS, prove_equal, refuses_a_wrong_gate, with_a_wrong_gate
from rtl.synthesis.synthesise import Netlist, leaf_names, synthesise_leaf
from rtl.synthesis.yosys import SynthesisError


def test_every_leaf_is_proved(design, library, yosys):
    for name in leaf_names(design):
        proof = prove_equal(design, synthesise_leaf(design, name, library), library)
        assert (proof.proved, proof.reason) == (True, ""), name
        outputs = sum(port.width for port in design.modules[name].ports if port.output)
        assert proof.outputs >= outputs, name
        assert proof.registers_inside == 0, name


def test_the_processing_element_is_proved(lanes, library, yosys):
    netlist = synthesise_leaf(lanes, "rsnn_pe", library)
    assert prove_equal(lanes, netlist, library).proved
    assert refuses_a_wrong_gate(lanes, netlist, library)


@pytest.mark.parametrize("name", ["rsnn_lane_gate", "rsnn_zero_skip", "rsnn_controller"])
def test_a_wrong_gate_is_found(design, library, yosys, tmp_path, name):
    right = synthesise_leaf(design, name, library)
    wrong = with_a_wrong_gate(right, library, tmp_path / "wrong")
    lines = zip(right.text.splitlines(), wrong.text.splitlines(), strict=True)
    assert sum(before != after for before, after in lines) == 1
    proof = prove_equal(design, wrong, library)
    assert (proof.proved, proof.reason) == (False, DIFFERS)
    # What is not proved is not kept.
    assert not prove_equal(design, wrong, library).proved


def changed(netlist: Netlist, folder, text: str) -> Netlist:
    folder.mkdir()
    (folder / "netlist.v").write_text(text)
    return dataclasses.replace(netlist, folder=folder)


def test_wrong_wires_of_registers_are_found(design, library, yosys, tmp_path):
    right = synthesise_leaf(design, "rsnn_controller", library)
    # The next state of one flip-flop goes to another, and the other way round.
    first, second = re.findall(r"    \.D\((\w+)\),", right.text)[:2]
    swapped = right.text.replace(f".D({first})", ".D(other)").replace(f".D({second})", f".D({first})")
    wrong = changed(right, tmp_path / "swapped", swapped.replace(".D(other)", f".D({second})"))
    assert prove_equal(design, wrong, library).reason == DIFFERS


def test_a_register_on_the_other_edge_is_found(design, library, yosys, tmp_path):
    right = synthesise_leaf(design, "rsnn_controller", library)
    wrong = changed(right, tmp_path / "edge", right.text.replace("  DFFPOSX1 ", "  DFFNEGX1 ", 1))
    assert not prove_equal(design, wrong, library).proved


def test_a_proof_that_takes_too_long_is_said(design, library, yosys, tmp_path, monkeypatch):
    netlist = synthesise_leaf(design, "rsnn_lane_gate", library)
    monkeypatch.setenv("RSNN_CACHE", str(tmp_path))
    proof = prove_equal(design, netlist, library, timeout_s=0.01)
    assert (proof.proved, proof.reason) == (False, "stopped after 0.01 s")
    assert list(cache_folder().iterdir()) == []


def test_other_ports_are_refused(design, library, yosys, tmp_path):
    right = synthesise_leaf(design, "rsnn_lane_gate", library)
    other = changed(right, tmp_path / "ports", right.text.replace("clear", "clean"))
    with pytest.raises(SynthesisError, match=r"clea[rn]"):
        prove_equal(design, other, library)


def test_a_netlist_without_gates_has_none_to_change(design, library, tmp_path):
    with pytest.raises(SynthesisError, match="no gate of it has another"):
        with_a_wrong_gate(Netlist("rsnn_empty", {}, 0, tmp_path), library, tmp_path / "wrong")
