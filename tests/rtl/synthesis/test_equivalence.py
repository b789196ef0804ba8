"""Proofs: every leaf of the tiny accelerator, and netlists that must not be proved."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import shutil

import pytest

from rtl.build_cache import cache_folder
from rtl.build_entry import LIST, seal
from rtl.synthesis import equivalence
from rtl.synthesis.equivalence import DIFFERS, prove_equal, refuses_a_wrong_gate, with_a_wrong_gate
from rtl.synthesis.hierarchy import leaf_names
from rtl.synthesis.synthesise import Netlist, synthesise_leaf
from rtl.synthesis.yosys import SynthesisError


def test_every_leaf_is_proved(design, library, yosys):
    for name in leaf_names(design):
        proof = prove_equal(design, synthesise_leaf(design, name, library), library)
        assert (proof.proved, proof.reason) == (True, ""), name
        outputs = sum(port.width for port in design.modules[name].ports if port.output)
        assert proof.outputs >= outputs, name
        assert proof.registers_inside == 0, name


def test_leaves_of_one_set_are_proved(single, library, yosys):
    for name in ("rsnn_operation_decoder", "rsnn_sliced_adders", "rsnn_neuron_unit", "rsnn_output"):
        netlist = synthesise_leaf(single, name, library)
        assert prove_equal(single, netlist, library).proved, name
        assert refuses_a_wrong_gate(single, netlist, library), name


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
    assert prove_equal(design, wrong, library) == proof


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


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("RSNN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def proof_in(cache):
    (entry,) = cache.glob("proof-*")
    return entry


def forge(entry, **texts):
    """Change an entry, and its list so that it fits."""
    for name, text in texts.items():
        (entry / name.replace("_", ".")).write_text(text)
    (entry / LIST).unlink()
    seal(entry, "proof", entry.name.removeprefix("proof-"))


def test_a_proof_says_what_was_proved_and_is_read_again(design, library, yosys, own_cache, capsys, monkeypatch):
    netlist = synthesise_leaf(design, "rsnn_lane_gate", library)
    proof = prove_equal(design, netlist, library)
    assert proof.proved
    entry = proof_in(own_cache)
    statement = json.loads((entry / "statement.json").read_text())
    assert statement["netlist.v"] == hashlib.sha256(netlist.text.encode()).hexdigest()
    assert set(statement) == {
        "rsnn_lane_gate.v", "netlist.v", "cells.v", "sweep.abc", "module", "commands", "yosys", "environment",
    }  # fmt: skip
    solver = equivalence.run_yosys
    monkeypatch.setattr(equivalence, "run_yosys", lambda *given, **options: pytest.fail("proved again"))
    assert prove_equal(design, netlist, library) == proof
    monkeypatch.setattr(equivalence, "run_yosys", solver)
    (entry / "yosys.log").write_text("SUCCESS!")
    assert prove_equal(design, netlist, library).outputs == proof.outputs
    assert "yosys.log is not what was built" in capsys.readouterr().err
    forge(entry, yosys_log="all is well\n")
    assert prove_equal(design, netlist, library).outputs == proof.outputs
    assert "has no answer of the solver's; it is made anew" in capsys.readouterr().err
    forge(entry, statement_json=json.dumps(statement | {"netlist.v": "0" * 64}))
    assert prove_equal(design, netlist, library).outputs == proof.outputs
    assert "is about another statement; it is made anew" in capsys.readouterr().err


def other_words(folder, log):
    """Leave nothing of Yosys' own words in a log but what it counted."""
    kept = [line for line in log.splitlines() if line.startswith("rsnn: ") or line in ("outputs", "inside")
            or line.endswith(" objects.")]  # fmt: skip
    text = "\n".join(["all is as well as it may be", *kept]) + "\n"
    (folder / "yosys.log").write_text(text)
    return text


def test_no_answer_is_read_from_yosys_own_words(design, library, yosys, own_cache, tmp_path, monkeypatch):
    real = equivalence.run_yosys

    def reworded(commands, folder, **options):
        try:
            return other_words(folder, real(commands, folder, **options))
        except SynthesisError:
            other_words(folder, (folder / "yosys.log").read_text())
            raise SynthesisError("Yosys did not like it") from None

    right = synthesise_leaf(design, "rsnn_lane_gate", library)
    wrong = with_a_wrong_gate(right, library, tmp_path / "wrong")
    monkeypatch.setattr(equivalence, "run_yosys", reworded)
    assert prove_equal(design, right, library).proved
    assert prove_equal(design, wrong, library).reason == DIFFERS


COUNTED = "outputs\n\n3 objects.\ninside\n\n0 objects.\n"


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        # The solver is killed, or induction does not close: no difference is found, and nothing is proved.
        (None, None, "the solver found neither a proof nor a difference"),
        ("Induction step proven: SUCCESS!\nrsnn: proved\n", None, "the solver found neither a proof nor a difference"),
        (None, "rsnn: refuted\n", DIFFERS),
        # It went on without an answer of the solver's.
        ("through", None, "the solver found neither a proof nor a difference"),
    ],
)
def test_what_is_no_answer_proves_nothing(design, library, yosys, own_cache, monkeypatch, first, second, reason):
    netlist = synthesise_leaf(design, "rsnn_lane_gate", library)
    logs = []

    def answers(commands, folder, **options):
        logs.append(commands)
        says = (first, second)[len(logs) - 1]
        if len(logs) == 1:
            (folder / "yosys.log").write_text(f"{COUNTED}rsnn: the miter stands\n{says or ''}")
            if says == "through":
                return (folder / "yosys.log").read_text()
        if says is None or len(logs) == 1:
            raise SynthesisError("killed")
        return says

    monkeypatch.setattr(equivalence, "run_yosys", answers)
    proof = prove_equal(design, netlist, library)
    assert (proof.proved, proof.reason, proof.outputs) == (False, reason, 3)
    assert ("-verify" in logs[0][-2], len(logs)) == (True, 1 if first == "through" else 2)
    assert list(own_cache.glob("proof-*")) == ([] if reason != DIFFERS else [proof_in(own_cache)])


def test_a_proof_that_compares_nothing_is_none(design, library, yosys, own_cache, monkeypatch):
    netlist = synthesise_leaf(design, "rsnn_lane_gate", library)
    for counted in (COUNTED.replace("3", "0"), "outputs: some\n"):
        monkeypatch.setattr(
            equivalence, "run_yosys", lambda *given, text=counted, **options: f"{text}rsnn: proved\n"
        )
        proof = prove_equal(design, netlist, library)
        assert (proof.proved, proof.reason) == (False, "it compares nothing")


def test_an_induction_that_does_not_close_is_no_difference(design, library, yosys, own_cache, monkeypatch):
    """A state that is never reached, but that eight cycles of induction do not exclude, by the same two questions."""
    module = """module miter(input clk, output trigger);
    reg [7:0] count = 0;
    always @(posedge clk) count <= count == 20 ? 0 : count + 1;
    assign trigger = count == 200;
    endmodule
    """
    netlist = synthesise_leaf(design, "rsnn_lane_gate", library)
    real = equivalence.run_yosys

    def asked(commands, folder, **options):
        if "-verify" in commands[-2]:
            (folder / "open.v").write_text(module)
            commands = ["read_verilog open.v", "proc", "opt", *commands[-4:]]
        return real(commands, folder, **options)

    monkeypatch.setattr(equivalence, "run_yosys", asked)
    proof = prove_equal(design, netlist, library)
    assert (proof.proved, proof.reason) == (False, "the solver found neither a proof nor a difference")


def test_the_proof_of_another_netlist_is_none(design, library, yosys, own_cache, tmp_path, capsys):
    right = synthesise_leaf(design, "rsnn_lane_gate", library)
    wrong = with_a_wrong_gate(right, library, tmp_path / "wrong")
    assert prove_equal(design, wrong, library).reason == DIFFERS
    refuted = proof_in(own_cache)
    kept = tmp_path / "refuted"
    refuted.rename(kept)
    assert prove_equal(design, right, library).proved
    # Mixed up: the proof of the right netlist under the name of the wrong one.
    shutil.copytree(proof_in(own_cache), refuted)
    assert prove_equal(design, wrong, library).reason == DIFFERS
    assert "entry.json is not that of 'proof' with this key" in capsys.readouterr().err
