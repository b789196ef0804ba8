"""Every net of the tiny accelerator's netlist: next states are golden's, and what is wrong is found and named."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim import gate_activity as module_of_activity
from cosim.gate_activity import (
    GateActivity,
    GateDifferenceError,
    RecordedNetlist,
    gate_activity,
    stimulated_records,
)
from cosim.saif import record_bits
from experiments.hardware.gate_rows import activity_rows
from gates.errors import NetlistError
from gates.evaluation import Counts, Difference
from gates.netlist import read_netlist
from gates.operations import compile_netlist
from golden.checkpoint import random_checkpoint
from golden.layout import build_layout
from golden.predicted_activity import ActivityCounter
from golden.specification import Specification
from golden.trace import CycleModel
from rtl.design import TOP, build_design
from rtl.synthesis.synthesise import synthesise_all
from tests.cosim.stand_ins import Pool, Watched, stream_of

# That of tests/rtl/synthesis, so that its netlists are at hand.
TINY = Specification(
    inputs=5, input_bits=4, layers=(8, 8), outputs=12, lanes=8, logits_per_cycle=4, membrane_bits=(9, 8),
    thresholds=(20, 15),
)  # fmt: skip


@pytest.mark.parametrize("real_time", [False, True])
def test_what_drives_the_ports(real_time):
    """Port by port: the code's 16 bits, `code_valid`, `start`, `first` and `logits_ready` of each cycle."""
    checkpoint, codes = random_checkpoint(TINY, seed=3), np.array([[1, -1, 7, -8, 0], [-2, 3, 0, 5, -7]])
    model, frames = CycleModel(checkpoint), []
    for number, frame in enumerate(codes):
        frames.append(model.frame(frame, first=number == 0).copy())
        if real_time:
            frames.append(model.idle(TINY.frame_budget - len(frames[-1])).copy())
    options = {"real_time": True} if real_time else {}
    found = [records.copy() for records in stimulated_records(checkpoint, codes, **options)]
    assert [len(records) for records in found] == [len(records) for records in frames]
    if real_time:
        assert sum(map(len, found)) == len(codes) * TINY.frame_budget
    for number, (records, wanted) in enumerate(zip(found, frames, strict=True)):
        np.testing.assert_array_equal(records[:, :-1], wanted)
        for cycle, word in enumerate(records[:, -1].tolist()):
            frame = number // 2 if real_time else number
            idle, taking = real_time and number % 2 == 1, cycle < TINY.inputs
            ports = {"valid": word & 1, "start": word >> 1 & 1, "first": word >> 2 & 1, "ready": word >> 3 & 1}
            assert ports == {
                "valid": int(taking and not idle),
                "start": int(cycle == TINY.inputs and not idle),
                "first": int(cycle == TINY.inputs and not idle and frame == 0),
                "ready": 1,
            }
            assert word >> 16 == (int(codes[frame][cycle]) % (1 << 16) if taking and not idle else 0)
            assert word >> 4 & 0xFFF == 0


def test_a_frame_as_long_as_its_period_has_no_rest():
    checkpoint, codes = random_checkpoint(TINY, seed=3), np.zeros((1, 5), int)
    (frame,) = (len(records) for records in stimulated_records(checkpoint, codes))
    for budget, rests in ((frame, []), (frame + 1, [1]), (frame - 1, [])):
        limited = SimpleNamespace(specification=SimpleNamespace(inputs=5, frame_budget=budget))
        given_model = CycleModel(checkpoint)
        found = [len(one) for one in stimulated_records(limited, codes, given_model, real_time=True)]
        assert found == [frame, *rests]


SIZES = (0, 1, 2, 511, 512, 513, 1022, 1023, 1024, 1535)


@given(cycles=st.one_of(st.sampled_from(SIZES), st.integers(0, 1600)), cuts=st.lists(st.integers(0, 1600), max_size=6))
def test_blocks_overlap_by_a_cycle_however_records_come(cycles, cuts):
    records = np.random.default_rng(cycles).integers(0, 1 << 64, (cycles, 3), dtype=np.uint64)
    evaluator, told = Watched({}, {}), []
    stream = stream_of(evaluator, lambda *told_now: told.append(told_now))
    for piece in np.split(records, sorted(cut for cut in cuts if cut <= cycles)):
        stream.add(piece)
    stream.flush()
    stream.flush()
    blocks, one = evaluator.blocks, records[:0]
    for before, block in itertools.pairwise(blocks):
        np.testing.assert_array_equal(block[0], before[-1])
    np.testing.assert_array_equal(np.concatenate([one, *blocks[:1], *(block[1:] for block in blocks[1:])]), records)
    assert all(len(block) == 512 for block in blocks[:-1])
    assert all(len(block) > 1 for block in blocks[1:])
    assert evaluator.firsts == [number == 0 for number in range(len(blocks))]
    assert told == [(evaluator, len(block), number == 0) for number, block in enumerate(blocks)]
    assert stream.cycles == cycles


@pytest.mark.parametrize(("block", "first_cycle"), [(1, 0), (2, 511), (3, 1022)])
def test_a_difference_is_told_by_its_cycle_of_the_run(block, first_cycle):
    def told(evaluator):
        stream = stream_of(evaluator)
        with pytest.raises(GateDifferenceError) as refused:
            stream.add(np.zeros((1400, 3), np.uint64))
            stream.flush()
        return str(refused.value)

    found = told(Watched({block: (1, 20)}, {block: Difference(0, 3, 0, 1)}))
    assert found == f"cycle {first_cycle + 20}: another is not what golden says"
    # At the end of a cycle: what the next one has.
    found = told(Watched({}, {block: Difference(1, 20, 0, 1)}))
    assert found == f"cycle {first_cycle + 21}: register state: expected 0, the gates make 1"


@pytest.mark.parametrize("workers", [1, 3])
def test_threads_give_results_in_order_and_work_no_further_than_twice_ahead(workers, monkeypatch):
    monkeypatch.setattr(module_of_activity, "ThreadPoolExecutor", Pool)

    def one(name, codes):
        if codes == 13:
            raise GateDifferenceError(name)
        return GateActivity(Counts(np.zeros(0, np.int64), np.zeros(0, np.int64)), frames=codes)

    found = module_of_activity._in_threads(one, [(str(n), n) for n in range(9)], workers)
    assert [activity.frames for activity in found] == list(range(9))
    assert (Pool.last.workers, Pool.last.most) == (workers, 2 * workers)
    nothing = SimpleNamespace(operations=SimpleNamespace(slots=0))
    assert gate_activity(nothing, None, {}).utterances == 0
    assert Pool.last.workers == 2
    wrong = module_of_activity._in_threads(one, [("a", 13), *(("b", n) for n in range(9))], workers)
    with pytest.raises(GateDifferenceError):
        next(wrong)
    assert [future.cancelled() for future in Pool.last.asked] == [False] + [True] * (2 * workers - 1)


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


def test_each_bit_has_one_place(design, module, gated_library):
    netlist = read_netlist(module, gated_library)
    recorded, end = RecordedNetlist(design, netlist), 64 * build_layout(TINY).words
    bits = {name.replace("\\", ""): bit for name, bit in record_bits(design)}
    bits |= {"code_valid": end, "start": end + 1, "first": end + 2, "logits_ready": end + 3}
    bits |= {f"code[{bit}]": end + 16 + bit for bit in range(TINY.input_bits)}
    nets = named(netlist.wires)
    # Ports that are 0 while frames run, but those that nothing reads.
    idle = {name for name in netlist.inputs if name == "reset" or name.startswith("weight_")}
    resting = {name for name in nets if name.partition("[")[0] in idle}
    bits |= dict.fromkeys(resting, end + 63)
    found = [(recorded.names[row[0]], row) for row in recorded.loads.tolist()]
    found += zip(recorded.checked, recorded.checks.tolist(), strict=True)
    slots, inverted = recorded.operations.net_slots.tolist(), recorded.operations.net_inverted.tolist()
    for name, row in found:
        assert row == [slots[nets[name]], bits[name], inverted[nets[name]]], name
    assert {row[2] for _, row in found} == {0, 1}
    assert set(Counter(name for name, _ in found).values()) == {1}
    assert set(bits) - resting <= {name for name, _ in found} <= set(bits)
    assert set(recorded.loads[:, 0].tolist()) == set(recorded.names)
    every = RecordedNetlist(design, netlist, every_gate=True).operations
    assert recorded.operations.slots == compile_netlist(netlist).slots < every.slots


def named(wires):
    """Return the net of each bit by its name."""
    each = ((name, bits, at, net) for name, bits in wires.items() for at, net in enumerate(bits))
    return {(name if len(bits) == 1 else f"{name}[{at}]"): net for name, bits, at, net in each}


def test_a_few_frames_of_a_netlist_read_anew(design, module, gated_library, checkpoint, utterances):
    recorded, told = RecordedNetlist(design, read_netlist(module, gated_library)), []
    given_codes = {"one": utterances["one"][:3], "two": utterances["two"][:2]}
    found = gate_activity(recorded, checkpoint, given_codes, progress=told.append)
    cycles = sum(len(records) for codes in given_codes.values() for records in stimulated_records(checkpoint, codes))
    assert (found.frames, found.utterances, found.counts.cycles, told) == (5, 2, cycles, [3, 2])
    flops, checks = len(recorded.operations.flip_flops), len(recorded.checks)
    assert found.values_compared == checks * cycles + flops * (cycles - 2)


def test_bits_beyond_those_of_a_record_are_of_its_words(design):
    bits = Counter(name.partition("\\[")[0] for name, _ in record_bits(design))
    (wide, width), single = bits.most_common(1)[0], next(name for name, count in bits.items() if count == 1)
    wires = {wide: range(width + 2), f"{wide}[{width + 2}]": [0], single: [0], f"{single}[1]": [0], "other": range(3)}
    netlist = SimpleNamespace(design=design, netlist=SimpleNamespace(wires=wires))
    assert list(RecordedNetlist._spare_lanes(netlist)) == [f"{wide}[{width + more}]" for more in range(3)]


def test_a_source_that_is_no_register_is_refused(design, module, gated_library):
    more = max_net(module) + 1
    wrong = broken(
        module, "NAND2X1", lambda cell: cell | {"connections": cell["connections"] | {"A": [more]}}
    ) | {
        "netnames": module["netnames"] | {"extra": {"bits": [more]}},
        "ports": module["ports"] | {"extra": {"direction": "input", "bits": [more]}},
    }
    with pytest.raises(NetlistError, match=r"^1 nets come from nowhere that golden records, such as extra$"):
        RecordedNetlist(design, read_netlist(wrong, gated_library))


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
    nets = named(recorded.netlist.wires)
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
    name = "more" * 30
    second = more | {"connections": more["connections"] | {"Q": [max_net(module) + 2]}}
    cells = module["cells"] | {name: more, "second": second}
    with pytest.raises(NetlistError, match=f"^2 flip-flops are no register that golden records, such as {name[:80]}$"):
        RecordedNetlist(design, read_netlist(module | {"cells": cells}, gated_library))


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
