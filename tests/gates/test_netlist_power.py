"""Power of netlists against OpenSTA, and against loops over cells and cycles."""

from __future__ import annotations

import gzip
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from gates import characterisation
from gates.cell_states import CellStates
from gates.characterisation import read_characterisation
from gates.errors import NetlistError
from gates.evaluation import Evaluator
from gates.liberty import OSU018, read_liberty
from gates.net_activity import net_activity
from gates.netlist import read_netlist
from gates.netlist_power import Conditions, netlist_power
from gates.operations import compile_netlist
from gates.wire_load import wire_load_by_fanout
from rtl.design import build_design
from rtl.synthesis.synthesise import synthesise_all
from tests.conftest import CLOCK_GATE, LIBRARIES, require
from tests.gates.random_netlists import enables, random_netlist, run
from tests.gates.test_evaluation import load
from tests.rtl.synthesis.conftest import TINY

MODULE = "rsnn_pe_set"
CYCLES, TOGGLES = 1000, 100


def priced(netlist, power, wires, edges=TOGGLES):
    """Return the power of a netlist all of whose nets but the clock toggle alike."""
    toggles, highs = np.full(netlist.nets, float(edges)), np.full(netlist.nets, CYCLES / 2)
    toggles[netlist.inputs["clk"][0]] = 2 * CYCLES
    return netlist_power(netlist, power, Conditions(1e5, wires), toggles=toggles, highs=highs, cycles=CYCLES)


@pytest.fixture(scope="module", params=["osu018", "nangate45_typ", "sg13g2_stdcell_typ_1p20V_25C"])
def sides(request, tmp_path_factory, yosys, opensta, off_the_stack, library):
    """Return a netlist, its library, and what OpenSTA prints of it: rows of numbers by name."""
    path = OSU018 if request.param == "osu018" else LIBRARIES / f"{request.param}.lib.gz"
    require(path.is_file(), f"{path} is not there (set RSNN_LIBERTY)")
    found = read_liberty(path)
    netlist = synthesise_all(off_the_stack(build_design, TINY), found)[0][MODULE]
    folder = tmp_path_factory.mktemp("opensta")
    (folder / "netlist.v").write_text(re.sub(r"\bsigned ", "", netlist.text))
    (folder / "cells.lib").write_bytes((gzip.decompress if path.suffix == ".gz" else bytes)(path.read_bytes()))
    script = f"""read_liberty cells.lib
read_verilog netlist.v
link_design {MODULE}
create_clock -name clk -period 10000 [get_ports clk]
set_power_activity -global -activity {TOGGLES / CYCLES} -duty 0.5
report_power -digits 8
report_power -digits 8 -instances [all_registers -cells]
"""
    (folder / "power.tcl").write_text(script)
    said = subprocess.run(["sta", "-exit", "power.tcl"], cwd=folder, capture_output=True, text=True, check=True).stdout
    rows = {}
    for line in said.splitlines():
        words = line.split()
        if words[:1] == ["Total"] or (len(words) == 5 and words[4].startswith("the_")):
            name, numbers = (words[0], words[1:4]) if words[0] == "Total" else (words[4], words[:3])
            rows[name] = [float(number) for number in numbers]
    return read_netlist(netlist.module(), found), Path(path), rows


def with_capacitance(path, edge, monkeypatch):
    """Return what a file says, pins with their capacitance at one edge alone."""

    def capacitance(reader, pin):
        key = next(key for key in (f"{edge}_capacitance", "capacitance") if key in pin.attributes)
        return reader.values.given(pin, key) * reader.values.farad

    with monkeypatch.context() as patch:
        patch.setattr(characterisation._Reader, "_capacitance", capacitance)
        return read_characterisation([path])


def test_opensta_agrees_on_leakage_and_on_what_flip_flops_drive(sides, monkeypatch):
    netlist, path, rows = sides
    # OpenSTA takes the larger of a net's loads at its rising and its falling edge, we their mean.
    watts = []
    for edge in ("rise", "fall"):
        power = with_capacitance(path, edge, monkeypatch)
        wires = power.wire_loads.get(power.default_wire_load)
        watts.append(priced(netlist, power, wires).net_w)
    switching = np.maximum(*watts)
    outputs = {netlist.names[at]: [] for at in netlist.flip_flops}
    for net in np.flatnonzero(netlist.drivers >= 0).tolist():
        name = netlist.names[netlist.drivers[net]]
        if name in outputs:
            outputs[name].append(switching[net])
    assert len(outputs) > 90
    for name, parts in outputs.items():
        assert sum(parts) == pytest.approx(rows[name][1], rel=2e-3), name
    mean = priced(netlist, read_characterisation([path]), None)
    assert mean.averaged_w.sum() == pytest.approx(rows["Total"][2], rel=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_power_is_that_of_loops(gated_library, tmp_path, seed):
    gate = tmp_path / "gate.lib"
    gate.write_text(CLOCK_GATE)
    power = read_characterisation([OSU018, gate])
    netlist = random_netlist(gated_library, seed)
    inputs = np.random.default_rng(seed).integers(0, 2, size=(200, 3))
    values, states = run(netlist, inputs)
    evaluator = Evaluator(compile_netlist(netlist))
    operations = evaluator.operations
    counted = CellStates(netlist, operations.net_slots, operations.net_inverted)
    load(evaluator, netlist, inputs, states)
    evaluator.settle(200, first=True)
    counted.add(evaluator.values, 200, first=True)
    activity = net_activity(operations, evaluator.counts)
    wires = wire_load_by_fanout(10, 0.2)
    found = netlist_power(
        *(netlist, power, Conditions(1e5, wires)),
        toggles=activity.toggles, highs=activity.highs, cycles=200, states=counted,
    )
    # Switching: half C V^2 an edge, the capacitance of every pin of every cell and 2 fF a pin of wire.
    for net in range(2, netlist.nets):
        pins = [
            power.cells[netlist.cell(at).name].capacitance_f[pin]
            for at in range(len(netlist.names))
            for pin, other in netlist.nets_of(at).items()
            if other == net and pin in netlist.cell(at).inputs
        ]
        ports = sum(net in nets for nets in netlist.outputs.values())
        boxed = sum(net in nets for _, box in netlist.boxes.values() for pin, nets in box.items() if pin != "row")
        load_f = sum(pins) + 2e-15 * (len(pins) + ports + boxed)
        edges = int(activity.toggles[net])
        assert found.net_w[net] == pytest.approx(0.5 * load_f * 1.8**2 * edges * 1e5 / 200, rel=1e-6, abs=1e-30)
    # Leakage: of each gate the mean over the cycles' states.
    for at in range(len(netlist.names)):
        cell, nets = netlist.cell(at), netlist.nets_of(at)
        if cell.flip_flop or cell.clock_gate:
            continue
        table = power.cells[cell.name].leakage_by_state(cell)
        rows = [int("".join(str(int(now[nets[pin]])) for pin in cell.inputs), 2) for now in values]
        assert found.leakage_w[at] == pytest.approx(table[rows].mean(), rel=1e-9)
    blocks = found.by_block({"part": "a part"})
    assert set(blocks) >= {"a part", ""}
    for name in ("gates", "flip_flops", "switching", "clock_pins", "clock_gates", "clock_nets", "leakage"):
        summed = sum(getattr(block, name) for block in blocks.values())
        assert getattr(found.total(), name) == pytest.approx(summed)
    total = found.total()
    everything = found.clock_w.sum() + found.other_w.sum() + found.leakage_w.sum() + found.net_w.sum()
    assert total.total == pytest.approx(everything)
    assert total.dynamic + total.leakage == pytest.approx(total.total)
    # The clock's nets: two edges for each cycle in which it comes.
    times = sum(sum(enables(netlist, now).values()) for now in values)
    gated = next(iter(operations.gated_clocks))
    assert activity.toggles[gated] == 2 * times


def test_activity_of_another_netlist_is_refused(gated_library, tmp_path):
    gate = tmp_path / "gate.lib"
    gate.write_text(CLOCK_GATE)
    power = read_characterisation([OSU018, gate])
    netlist = random_netlist(gated_library, 1)
    good = np.zeros(netlist.nets)
    for toggles, highs, cycles, said in (
        (good[:-1], good, 10, "expected one for each of"),
        (good, good, 0, "activity of 0 cycles"),
        (good - 1, good, 10, "toggles, expected from 0"),
        (good, good + 11, 10, "11.0 highs, expected from 0 to 10"),
        (good * np.nan, good, 10, "nan toggles"),
    ):
        with pytest.raises(NetlistError, match=said):
            netlist_power(netlist, power, Conditions(1e5, None), toggles=toggles, highs=highs, cycles=cycles)
    states = CellStates(netlist)
    with pytest.raises(NetlistError, match="states of 0 cycles, expected 10"):
        netlist_power(netlist, power, Conditions(1e5, None), toggles=good, highs=good, cycles=10, states=states)
