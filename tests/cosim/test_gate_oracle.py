"""Changes of every net as Icarus counts them, settled and under unit delays, are those of the evaluation."""

from __future__ import annotations

import dataclasses
import re
import shutil

import numpy as np
import pytest

from cosim.gate_activity import GateDifferenceError, RecordedNetlist
from cosim.gate_level import CELLS, gate_level
from cosim.gate_oracle import compare_settled, compare_unit_delays, with_unit_delays
from gates.liberty import read_liberty
from gates.netlist import read_netlist
from golden.checkpoint import random_checkpoint
from rtl.design import TOP, build_design
from rtl.synthesis.hierarchy import leaf_names
from rtl.synthesis.synthesise import synthesise_all
from tests.conftest import LIBRARIES, require
from tests.cosim.test_gate_activity import TINY


@pytest.fixture(scope="module", autouse=True)
def icarus():
    require(shutil.which("iverilog"), "Icarus Verilog is not installed (apt install iverilog)")


@pytest.fixture(scope="module")
def codes():
    low, high = TINY.code_range
    return np.random.default_rng(2).integers(low, high, size=(3, TINY.inputs), endpoint=True)


# osu018, the same with a clock gate, and two real libraries that have one; ASAP7's flip-flops have only QN.
@pytest.fixture(scope="module", params=["library", "gated_library", "nangate45_typ", "asap7"])
def netlists(request, yosys, off_the_stack):
    if request.param.endswith("library"):
        library = request.getfixturevalue(request.param)
    else:
        paths = sorted(LIBRARIES.glob(f"{request.param}*.lib.gz"))
        require(paths, f"{LIBRARIES}/{request.param}*.lib.gz is not there (set RSNN_LIBERTY)")
        library = read_liberty(paths)
    design = off_the_stack(build_design, TINY)
    found, _ = synthesise_all(design, library)
    gates = gate_level(design, {name: found[name] for name in leaf_names(design)}, library)
    return design, read_netlist(found[TOP].module(), library), gates


def test_settled_toggles_are_those_of_icarus(netlists, codes):
    design, flat, gates = netlists
    found = compare_settled(RecordedNetlist(design, flat), gates, random_checkpoint(TINY, seed=3), codes)
    assert found.differences == {}
    # The others are bits of vectors alone, such as the memories' rows.
    assert found.compared > 0.98 * found.nets
    assert found.changes > 40_000


def test_changes_under_unit_delays_are_those_of_icarus(netlists, codes):
    design, flat, gates = netlists
    recorded = RecordedNetlist(design, flat, every_gate=True)
    found = compare_unit_delays(recorded, gates, random_checkpoint(TINY, seed=3), codes)
    assert found.differences == {}
    # Left out are those that follow a port that moves.
    assert found.compared > 0.9 * found.nets
    assert found.changes > 100_000


def test_counts_of_another_net_differ(netlists, codes):
    design, flat, gates = netlists
    recorded = RecordedNetlist(design, flat)
    slots = recorded.operations.net_slots
    slots[100:] = np.roll(slots[100:], 1)
    found = compare_settled(recorded, gates, random_checkpoint(TINY, seed=3), codes)
    assert len(found.differences) > 0.5 * found.compared


def test_a_simulation_that_is_not_golden_s_is_refused(netlists, codes):
    design, flat, gates = netlists
    cells = gates.modules[CELLS]
    # The most frequent gate, inverted.
    gates_alone = [not (cell.flip_flop or cell.clock_gate) for cell in flat.cells]
    counts = np.bincount(flat.kinds, minlength=len(flat.cells)) * gates_alone
    name = flat.cells[int(counts.argmax())].name
    text = re.sub(rf"(module {name} .*\n    assign \w+ = )(.*);", r"\1(~\2);", cells.text, count=1)
    assert text != cells.text
    wrong = dataclasses.replace(gates, modules=gates.modules | {CELLS: dataclasses.replace(cells, text=text)})
    with pytest.raises(GateDifferenceError, match="Icarus, frame 0, cycle"):
        compare_settled(RecordedNetlist(design, flat), wrong, random_checkpoint(TINY, seed=3), codes)


def test_every_gate_gets_its_delay(netlists):
    _, _, gates = netlists
    before, after = (design.modules[CELLS].text for design in (gates, with_unit_delays(gates)))
    assert after.startswith("`timescale 1ns/1ps\n")
    assert after.count("<= #0.001 ") > 2 * 20
    assert before.count("endmodule") == after.count("endmodule")
    registers = [part for part in before.split("endmodule") if "    reg " in part]
    assert all(part.strip() in after for part in registers)
