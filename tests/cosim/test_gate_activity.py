"""Every net of the tiny accelerator's netlist: next states are golden's, and what is wrong is found and named."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter

import numpy as np
import pytest

from cosim.gate_activity import GateDifferenceError, RecordedNetlist, gate_activity, stimulated_records
from cosim.saif import record_bits
from experiments.hardware.gate_rows import activity_rows
from gates.errors import NetlistError
from gates.netlist import read_netlist
from golden.checkpoint import random_checkpoint
from golden.predicted_activity import ActivityCounter
from golden.specification import Specification
from golden.trace import CycleModel
from rtl.design import TOP, build_design
from rtl.synthesis.synthesise import synthesise_all

# That of tests/rtl/synthesis, so that its netlists are at hand.
TINY = Specification(
    inputs=5, input_bits=4, layers=(8, 8), outputs=12, lanes=8, logits_per_cycle=4, membrane_bits=(9, 8),
    thresholds=(20, 15),
)  # fmt: skip


@pytest.fixture(scope="module")
def design(off_the_stack):
    return off_the_stack(build_design, TINY)


@pytest.fixture(scope="module")
def module(design, gated_library, yosys):
    return synthesise_all(design, gated_library)[0][TOP].module()


@pytest.fixture(scope="module")
def recorded(design, module, gated_library):
    return RecordedNetlist(design, read_netlist(module, gated_library))


@pytest.fixture(scope="module")
def checkpoint():
    return random_checkpoint(TINY, seed=3)


@pytest.fixture(scope="module")
def utterances():
    low, high = TINY.code_range
    rng = np.random.default_rng(2)
    return {name: rng.integers(low, high, size=(40, TINY.inputs), endpoint=True) for name in ("one", "two", "three")}


def test_every_flip_flop_and_every_bit_of_the_record_is_found(design, recorded):
    flops = recorded.operations.flip_flops
    assert len(flops) > 500
    loaded = Counter(recorded.loads[:, 0].tolist())
    assert set(loaded.values()) == {1}
    assert {flop.state for flop in flops} <= set(loaded)
    bits = Counter(recorded.loads[:, 1].tolist()) + Counter(recorded.checks[:, 1].tolist())
    assert {bit for _, bit in record_bits(design)} <= set(bits)
    assert len(recorded.operations.gated_clocks) > 10


def test_the_gates_make_what_golden_says(recorded, checkpoint, utterances):
    found = gate_activity(recorded, checkpoint, utterances)
    assert (found.frames, found.utterances) == (120, 3)
    cycles = sum(
        len(records) for codes in utterances.values() for records in stimulated_records(checkpoint, codes)
    )
    assert found.counts.cycles == cycles > 3000
    flops, checks = len(recorded.operations.flip_flops), len(recorded.checks)
    assert found.values_compared == checks * cycles + flops * (cycles - 3)
    one_thread = gate_activity(recorded, checkpoint, utterances, workers=1)
    assert np.array_equal(found.counts.toggles, one_thread.counts.toggles)
    assert np.array_equal(found.counts.highs, one_thread.counts.highs)


def test_registers_toggle_as_golden_counts(design, recorded, checkpoint, utterances):
    """Counted from the nets here, from packed records there."""
    codes = utterances["one"]
    found = gate_activity(recorded, checkpoint, {"one": codes}).counts
    model = CycleModel(checkpoint)
    counter = ActivityCounter(TINY, phases=["all"])
    for number, frame in enumerate(codes):
        records = model.frame(frame, first=number == 0)
        counter.add(records, phases=np.zeros(len(records), np.int64))
    names = {name.replace("\\", ""): bit for name, bit in record_bits(design)}
    nets = {
        (name if len(bits) == 1 else f"{name}[{at}]"): net
        for name, bits in recorded.netlist.wires.items()
        for at, net in enumerate(bits)
    }
    run = recorded.operations
    toggles = sum(int(found.toggles[run.net_slots[nets[name]]]) for name in names)
    assert toggles == sum(int(row["toggles"] or 0) for row in counter.rows())


# Registers that golden calls free and the netlist gates, all of them or some bits: at most as many clocks.
RESTING = {"issue_pass", "frame_cycles"} | {
    f"{stage}_{name}" for stage in ("read", "add") for name in ("pass", "slot", "visit", "enable", "double", "last")
}
# Too few flip-flops for a gate of their own, at this size: clocked every cycle.
SMALL = {"loaded", "position", "word", "index", "best_index"}


@pytest.mark.parametrize("switches", [{}, {"pe_sets": 1, "parallel_time_steps": False}])
def test_registers_are_clocked_as_golden_says(switches, gated_library, yosys, utterances, off_the_stack):
    """docs/schedule.md, "What clocks each register"."""
    spec = TINY.replace(**switches)
    design = off_the_stack(build_design, spec)
    module = synthesise_all(design, gated_library)[0][TOP].module()
    recorded = RecordedNetlist(design, read_netlist(module, gated_library))
    checkpoint, codes = random_checkpoint(spec, seed=3), utterances["one"]
    found = gate_activity(recorded, checkpoint, {"one": codes})
    netlist: dict[str, tuple[int, int]] = {}
    for row in activity_rows(recorded, found):
        if row["kind"] == "register":
            name = row["signal"].removesuffix("_gated").removesuffix("_free")
            bits, clocked = netlist.get(name, (0, 0))
            netlist[name] = bits + row["bits"], clocked + row["clocked_bits"]
    model, counter = CycleModel(checkpoint), ActivityCounter(spec)
    for number, frame in enumerate(codes):
        counter.add(model.frame(frame, first=number == 0))
    cycles = found.counts.cycles
    checked = set()
    for row in counter.rows():
        if row["kind"] != "register":
            continue
        name, golden = str(row["signal"]), int(row["clocked_bits"])
        bits, clocked = netlist[name]
        if name in RESTING:
            assert clocked <= golden == bits * cycles, name
        elif name in SMALL and clocked != golden:
            assert clocked in (bits * cycles, golden) or name == "best_index", name
        elif name == "pending":
            # Bit 0 is constant; and once every few thousand cycles a gate is open for nothing.
            assert bits == row["bits"] - 1
            assert clocked == pytest.approx(golden * bits / row["bits"], rel=1e-3)
        elif name.startswith("membrane"):
            # Cleared once, at the beginning of the utterance.
            assert clocked == golden + bits, name
        else:
            assert clocked == golden, name
            checked.add(name.rstrip("01_"))
    assert checked >= {"acc", "codes", "shadow", "best", "this", "last", "state", "busy"}


@pytest.mark.slow
def test_lanes_beyond_a_layer_rest_at_0(gated_library, yosys, off_the_stack):
    # Layers of 20 and 12 neurons on 16 lanes: 12 and 4 lanes of their last tiles have a register and no neuron.
    spec = Specification(
        inputs=6, input_bits=5, layers=(20, 12), outputs=70, lanes=16, thresholds=(60, 40), membrane_bits=(12, 11)
    )
    design = off_the_stack(build_design, spec)
    module = synthesise_all(design, gated_library)[0][TOP].module()
    recorded = RecordedNetlist(design, read_netlist(module, gated_library))
    spare = [name for name in recorded.names.values() if name in set(recorded._spare_lanes())]
    assert {name.partition("[")[0] for name in spare} == {"spikes_now", "spikes_last"}
    codes = np.random.default_rng(1).integers(*spec.code_range, size=(10, spec.inputs), endpoint=True)
    given = {"one": codes}
    found = gate_activity(recorded, random_checkpoint(spec, seed=1), given)
    assert found.frames == 10

    # One that takes its neighbour's value rises when that one fires.
    wires = {name: details["bits"][0] for name, details in module["netnames"].items() if len(details["bits"]) == 1}
    wrong, right = wires[f"{spare[0]}"], wires[f"{spare[0].partition('[')[0]}[0]"]
    name, cell = next((name, cell) for name, cell in module["cells"].items() if cell["connections"].get("Q") == [wrong])
    made = next(cell for cell in module["cells"].values() if cell["connections"].get("Q") == [right])
    changed = cell | {"connections": cell["connections"] | {"D": made["connections"]["D"]}}
    cells = module["cells"] | {name: changed}
    with pytest.raises(GateDifferenceError, match=re.escape(spare[0])):
        gate_activity(
            RecordedNetlist(design, read_netlist(module | {"cells": cells}, gated_library)),
            random_checkpoint(spec, seed=1),
            given,
        )


def broken(module, kind, change):
    """Return the module with one instance of a kind changed."""
    name = next(name for name, cell in module["cells"].items() if cell["type"] == kind)
    cells = module["cells"] | {name: change(module["cells"][name])}
    return module | {"cells": cells}


def test_a_wrong_gate_is_found(design, module, gated_library, checkpoint, utterances):
    wrong = broken(module, "NAND2X1", lambda cell: cell | {"type": "NOR2X1"})
    with pytest.raises(GateDifferenceError, match=r"^(one|two|three): cycle \d+: .*(expected|not what golden says)"):
        gate_activity(RecordedNetlist(design, read_netlist(wrong, gated_library)), checkpoint, utterances)


def test_a_clock_gate_that_is_always_open_is_found(design, module, gated_library, checkpoint, utterances):
    opened = broken(
        module, "ICG", lambda cell: cell | {"connections": cell["connections"] | {"E": ["1"]}}
    )
    with pytest.raises(GateDifferenceError, match=r"register .*: expected [01], the gates make [01]"):
        gate_activity(RecordedNetlist(design, read_netlist(opened, gated_library)), checkpoint, utterances)


def test_a_flip_flop_of_no_register_is_refused(design, module, gated_library):
    register = next(cell for cell in module["cells"].values() if cell["type"] == "DFFPOSX1")
    more = {"type": "DFFPOSX1", "connections": register["connections"] | {"Q": [max_net(module) + 1]}}
    with pytest.raises(NetlistError, match="1 flip-flops are no register that golden records, such as more"):
        RecordedNetlist(design, read_netlist(module | {"cells": module["cells"] | {"more": more}}, gated_library))


def test_a_register_that_is_no_net_is_refused(design, module, gated_library):
    names = {name: net for name, net in module["netnames"].items() if name != "state[0]"}
    with pytest.raises(NetlistError, match=r"state\[0\], which golden records, is no net of the netlist"):
        RecordedNetlist(design, read_netlist(module | {"netnames": names}, gated_library))


def max_net(module):
    bits = (bit for net in module["netnames"].values() for bit in net["bits"])
    return max(bit for bit in bits if isinstance(bit, int))


def test_another_design_s_record_is_refused(design, module, gated_library, off_the_stack):
    other = off_the_stack(build_design, dataclasses.replace(TINY, membrane_bits=(10, 8)))
    with pytest.raises(NetlistError, match="which golden records, is no net"):
        RecordedNetlist(other, read_netlist(module, gated_library))
