"""The cycle itself: what stages, zero-skip unit, memories and clock gates do from one record to the next."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from golden.checkpoint import random_checkpoint
from golden.forward import forward
from golden.layout import GATED
from golden.memory_image import memory_image
from golden.schedule import Kind, Pass, Source, State
from golden.specification import Specification
from golden.trace import PHASE, CycleModel
from tests.golden.hardware_trace import any_stimulus, hardware_records
from tests.golden.registers import held, value
from tests.golden.specifications import utterances


@given(utterances(frames=2))
def test_stages_hand_on_what_they_hold(drawn):
    checkpoint, codes = drawn
    model = CycleModel(checkpoint)
    layout = model.layout
    records = np.concatenate([model.frame(codes[0], first=True), model.frame(codes[1]), model.idle(3)])
    now, then = records[:-1], records[1:]
    hold = held(layout, now, model)
    state = value(layout, now, "controller.state")
    read_valid, add_valid = (value(layout, now, f"controller.{stage}_valid") for stage in ("read", "add"))
    for name in ("pass", "slot", "enable", "double", "last"):
        at_read, at_add = (value(layout, now, f"controller.{stage}_{name}") for stage in ("read", "add"))
        moved = np.where(~hold & (read_valid == 1), at_read, at_add)
        np.testing.assert_array_equal(value(layout, then, f"controller.add_{name}"), moved)
    np.testing.assert_array_equal(
        value(layout, then, "controller.read_valid"), np.where(hold, read_valid, state == State.RUN)
    )
    transfers = np.array([step.transfer for step in model.schedule.passes])
    ends = add_valid & value(layout, now, "controller.add_last")
    ends &= transfers[value(layout, now, "controller.add_pass")]
    np.testing.assert_array_equal(value(layout, then, "controller.transfer"), np.where(hold, 1, ends))
    bases = np.array([step.base for step in model.schedule.passes])
    address = bases[value(layout, records, "controller.read_pass")] + value(layout, records, "zero_skip.index")
    np.testing.assert_array_equal(
        value(layout, records, "weight_buffer.address"), address % (1 << model.schedule.address_bits)
    )
    # A held cycle moves nothing but the output unit and the counters.
    for field in layout:
        if field.block in ("zero_skip", "pe_array", "neuron_unit", "spikes", "input_buffer"):
            if field.name.startswith("clocked"):
                assert not now[hold, field.offset : field.offset + field.words].any()
            else:
                part = slice(field.offset, field.offset + field.words)
                np.testing.assert_array_equal(now[hold, part], then[hold, part], err_msg=field.path)
    assert not value(layout, now, "weight_buffer.read")[hold].any()


def visited_indices(spec: Specification, low_planes: int, step: Pass, codes, this, last) -> list[int]:
    """Return the indices that a pass must visit, from the definition of its vectors."""
    if step.kind is not Kind.ACCUMULATE:
        return []
    if not spec.zero_skipping:
        return list(range(step.entries))
    if step.source is Source.CODES:
        planes = [plane for plane in (step.plane, low_planes + step.plane) if plane < spec.input_bits]
        held = [abs(int(code)) if spec.plane_coding == "sign_magnitude" else int(code) for code in codes]
        return [i for i, code in enumerate(held) if any(code >> plane & 1 for plane in planes)]
    spikes = (this if step.source is Source.THIS else last)[step.source_layer]
    steps = [t for t in range(spec.time_steps) if step.steps >> t & 1]
    return [i for i in range(step.entries) if any(spikes[t][i] for t in steps)]


@given(utterances(frames=2))
def test_each_pass_visits_its_ones_in_order_and_reads_their_rows(drawn):
    checkpoint, codes = drawn
    spec, model, result = checkpoint.specification, CycleModel(checkpoint), forward(checkpoint, codes)
    layout, banks = model.layout, memory_image(checkpoint)
    for frame, given_codes in enumerate(codes):
        records = model.frame(given_codes, first=frame == 0)
        this = [layer[frame] for layer in result.spikes]
        last = [layer[frame - 1] if frame else 0 * layer[0] for layer in result.spikes]
        at_read = {
            name: value(layout, records, f"controller.read_{name}") for name in ("valid", "pass", "slot", "visit")
        }
        index, address = value(layout, records, "zero_skip.index"), value(layout, records, "weight_buffer.address")
        read = value(layout, records, "weight_buffer.read")
        moves = (at_read["valid"] == 1) & ~held(layout, records, model)
        for number, step in enumerate(model.schedule.passes):
            cycles = np.flatnonzero(moves & (at_read["pass"] == number))
            expected = visited_indices(spec, model.schedule.low_planes, step, given_codes, this, last)
            neuron_slots = min(spec.time_steps, spec.pe_sets) + 2
            slots = {Kind.COMBINE: 1, Kind.NEURONS: neuron_slots}.get(step.kind, max(len(expected), 1))
            assert len(cycles) == slots
            visits = cycles[at_read["visit"][cycles] == 1]
            assert index[visits].tolist() == expected
            assert (address[visits] == step.base + index[visits]).all()
            assert (read[visits] == step.banks).all()
            assert not read[np.setdiff1d(cycles, visits)].any()
            for cycle, entry in zip(visits, expected, strict=True):
                pending = np.flatnonzero(layout["zero_skip.pending"].lanes(records[cycle]))
                assert pending.tolist() == [later for later in expected if later > entry]
        for bank in range(2):
            field = layout[f"weight_buffer.row{bank}"]
            for cycle in np.flatnonzero(read >> bank & 1):
                row = records[cycle + 1, field.offset : field.offset + field.words]
                np.testing.assert_array_equal(row, banks[bank].planes[address[cycle]].ravel())


@given(utterances(frames=2))
def test_the_clocked_lanes_are_those_that_the_table_names(drawn):
    checkpoint, codes = drawn
    spec, model = checkpoint.specification, CycleModel(checkpoint)
    layout = model.layout
    model.frame(codes[0], first=True)
    records = model.frame(codes[1])
    hold = held(layout, records, model)
    add = {name: value(layout, records, f"controller.add_{name}") for name in ("valid", "pass", "slot", "enable")}
    for cycle, record in enumerate(records):
        step = model.schedule.passes[add["pass"][cycle]]
        adding = add["valid"][cycle] == 1 and not hold[cycle]
        for pe_set in range(spec.pe_sets):
            # Two sets have a bank each in the FC; one takes whichever is read.
            own = step.phase == "FC" and not (spec.pe_sets == 1 and step.group_pair % 2)
            bank = pe_set if own else 1
            expected = np.zeros(spec.lanes, dtype=np.int64)
            if adding and step.kind is Kind.ACCUMULATE:
                if step.clear and add["slot"][cycle] == 0:
                    expected[:] = 1
                elif add["enable"][cycle] >> pe_set & 1:
                    weights = layout[f"weight_buffer.row{bank}"].lanes(record)
                    expected[:] = (weights != 0) if spec.zero_weight_gating else 1
            elif adding and step.kind is Kind.COMBINE:
                expected[:] = pe_set < spec.time_steps
            np.testing.assert_array_equal(layout[f"pe_array.clocked{pe_set}"].lanes(record), expected)


@given(utterances(frames=2))
def test_a_gated_accumulator_changes_only_in_clocked_lanes(drawn):
    checkpoint, codes = drawn
    model = CycleModel(checkpoint)
    layout = model.layout
    records = np.concatenate([model.frame(codes[0], first=True), model.frame(codes[1])])
    for pe_set in range(checkpoint.specification.pe_sets):
        acc, clocked = layout[f"pe_array.acc{pe_set}"], layout[f"pe_array.clocked{pe_set}"]
        assert acc.clock == GATED
        planes = records[:, acc.offset : acc.offset + acc.words].reshape(len(records), acc.planes, -1)
        changed = np.bitwise_or.reduce(planes[1:] ^ planes[:-1], axis=1)
        enabled = records[:-1, clocked.offset : clocked.offset + clocked.words]
        assert not (changed & ~enabled).any()


# Every branch of the kernel: both numbers of PE sets and time steps, every switch, words of the record that are full
# and that are not, a budget that is passed, a receiver that hardly ever takes anything.
SMALL = Specification(
    inputs=5, input_bits=3, layers=(6, 10), outputs=19, lanes=8, logits_per_cycle=4, thresholds=(6, 4),
    membrane_bits=(8, 7), recurrent_shifts=(2, 1), input_shifts=(0, 1), leaks=(1, 2),
)  # fmt: skip
HARDWARE = {
    "all techniques": (SMALL, 0.7),
    "a receiver that waits, a small budget": (SMALL.replace(clock_hz=4_000.0), 0.05),
    "one time step, three layers": (
        SMALL.replace(
            time_steps=1, layers=(6, 10, 3), thresholds=(6, 4, 3), membrane_bits=(8, 7, 6), leaks=(1, 2, 1),
            recurrent_shifts=(2, 1, 0), input_shifts=(0, 1, 0), recurrent=(True, False, True),
        ),
        0.7,
    ),
    "one set": (SMALL.replace(pe_sets=1, parallel_time_steps=False), 0.7),
    "sign and magnitude, one set, one step": (
        SMALL.replace(pe_sets=1, time_steps=1, plane_coding="sign_magnitude"), 0.7
    ),
    "sign and magnitude": (SMALL.replace(plane_coding="sign_magnitude", weight_bits=8), 0.7),
    "sign and magnitude, every index": (SMALL.replace(plane_coding="sign_magnitude", zero_skipping=False), 0.7),
    "no technique": (
        SMALL.replace(
            zero_skipping=False, parallel_time_steps=False, merged_spike=False, zero_weight_gating=False
        ),
        0.7,
    ),
    # Logits of 8 bits, 16 of which fill two words, and of 13, the last of five with one bit in the second word.
    "full words of logits, codes and lanes": (
        SMALL.replace(inputs=64, layers=(6, 8), lanes=64, logits_per_cycle=16), 0.7
    ),
    "a bit more than a word of logits": (
        SMALL.replace(layers=(6, 16), weight_bits=8, lanes=10, logits_per_cycle=5, thresholds=(6, 60)), 0.7
    ),
    "a lane and a code more than a word": (
        SMALL.replace(lanes=65, layers=(70, 10), outputs=90, inputs=65, logits_per_cycle=13), 1.0
    ),
}  # fmt: skip


@pytest.fixture(scope="session")
def from_hardware():
    """Return by name a network, a stimulus, and what the hardware's registers hold."""
    found = {}
    for seed, (name, (spec, taken)) in enumerate(HARDWARE.items()):
        network = random_checkpoint(spec, seed=seed, zero_share=0.4)
        if name == "full words of logits, codes and lanes":  # logits below 0, unlike a lane beyond the last output
            network.fc[:] = -1 - np.abs(network.fc // 2)
        cycles = 900 if spec.lanes > 64 else 600  # frames of long vectors
        given = any_stimulus(network, cycles=cycles, seed=seed, taken=taken)
        found[name] = (network, given, hardware_records(network, given))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", HARDWARE)
def test_every_register_is_the_hardware_s_in_every_cycle(from_hardware, name):
    network, stimulus, records = from_hardware[name]
    model = CycleModel(network)
    mine = model.drive(**stimulus)
    for field in model.layout:
        part = slice(field.offset, field.offset + field.words)
        np.testing.assert_array_equal(mine[:, part], records[:, part], err_msg=field.path)
    assert value(model.layout, records, "controller.done").sum() > 1


@pytest.mark.slow
@pytest.mark.parametrize("name", HARDWARE)
def test_labels_follow_from_the_hardware_s_registers(from_hardware, name):
    """A label's columns: phase; pass and index at ISSUE; pass and index whose ADD the edge before ended."""
    network, stimulus, records = from_hardware[name]
    spec, model = network.specification, CycleModel(network)
    model.drive(**stimulus)
    phases = {phase: number for number, phase in enumerate(model.phases)}
    names = ("state", "issue_pass", "read_valid", "read_visit", "add_valid", "add_pass", "loaded", "transfer")
    columns = {name: value(model.layout, records, f"controller.{name}").tolist() for name in names}
    outputs = {name: value(model.layout, records, f"output.{name}").tolist() for name in ("busy", "position", "word")}
    index = value(model.layout, records, "zero_skip.index").tolist()
    at_read = at_add = -1
    done = (-1, -1)
    pair_words = spec.lanes // spec.logits_per_cycle * spec.pe_sets
    frame_words = -(-spec.outputs // spec.logits_per_cycle)
    for cycle in range(len(records) - 1):
        now = {name: column[cycle] for name, column in columns.items()}
        word = {name: column[cycle] for name, column in outputs.items()}
        ends = word["position"] == pair_words - 1 or word["word"] == frame_words - 1
        hold = now["transfer"] == 1 and word["busy"] == 1 and not (ends and stimulus["ready"][cycle])
        found = index[cycle + 1] if columns["read_visit"][cycle + 1] else -1
        valid = stimulus["code_valid"][cycle]
        if now["state"] == State.IDLE:
            accepted = columns["loaded"][cycle + 1] - 1 if valid else -1
            label = ["load and start" if valid or stimulus["start"][cycle] else "idle", -1, accepted]
        elif hold:
            label = ["FC", -1, -1]
        elif now["state"] == State.FLUSH:
            label = ["last logits", -1, -1]
        else:
            label = [model.schedule.passes[now["issue_pass"]].phase, now["issue_pass"], found]
        assert model.labels[cycle].tolist() == [phases[label[0]], *label[1:], *done], cycle
        adds = now["add_valid"] == 1 and not hold
        done = (now["add_pass"], at_add) if adds else (-1, -1)
        if not hold:
            if now["read_valid"]:
                at_add = at_read
            if now["state"] == State.RUN:
                at_read = found


@pytest.mark.slow
@pytest.mark.parametrize("name", ["all techniques", "one set"])
def test_a_frame_is_driven_as_fast_as_it_takes_codes(from_hardware, name):
    """`run`: a code in each cycle, then `start`; it ends with the frame."""
    network, stimulus, _ = from_hardware[name]
    spec = network.specification
    framed, driven = CycleModel(network), CycleModel(network)
    for number in range(3):
        codes = stimulus["codes"][: spec.inputs] if number else 0 * stimulus["codes"][: spec.inputs]
        records = framed.frame(codes, first=number == 0, ready=stimulus["ready"][:60])
        cycles = len(records)
        same = {name: np.zeros(cycles, dtype=bool) for name in ("code_valid", "start", "first")}
        same["code_valid"][: spec.inputs] = same["start"][spec.inputs] = True
        same["first"][:] = number == 0
        same["codes"] = np.append(codes, np.zeros(cycles, dtype=codes.dtype))[:cycles]
        same["ready"] = np.append(stimulus["ready"][:60], np.ones(cycles, dtype=bool))[:cycles]
        np.testing.assert_array_equal(driven.drive(**same), records)
        assert value(framed.layout, driven.idle(1), "controller.done").tolist() == [1]
        framed.idle(2)
        assert [framed.phases[phase] for phase in framed.labels[:, PHASE]] == ["idle", "idle"]
