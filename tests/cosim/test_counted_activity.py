from __future__ import annotations

import numpy as np
import pytest

from cosim.cosimulate import cosimulate
from cosim.counted_activity import ActivityCounter
from cosim.sampling import Sampler
from golden import predicted_activity as golden_activity
from golden.checkpoint import random_checkpoint
from golden.cycles import FLUSH_PHASE, IDLE_PHASE, LOAD_PHASE
from golden.layout import build_layout
from golden.schedule import Kind, State, build_schedule
from golden.trace import PHASE, CycleModel
from rtl.registers import build_registers

SWITCHES = {
    "all techniques": {},
    "one time step": {"time_steps": 1},
    "sequential time steps": {"parallel_time_steps": False},
    "every index visited": {"zero_skipping": False},
    "spikes not merged": {"merged_spike": False},
    "zero weights clocked": {"zero_weight_gating": False},
    "sign and magnitude": {"plane_coding": "sign_magnitude"},
    "one set": {"pe_sets": 1, "parallel_time_steps": False},
    "one set, one time step": {"pe_sets": 1, "time_steps": 1},
    "all techniques off": {
        "parallel_time_steps": False,
        "zero_skipping": False,
        "merged_spike": False,
        "zero_weight_gating": False,
    },
    "a last pair of one word": {"outputs": 65, "zero_skipping": False},
    "8-bit weights, feed-forward": {"weight_bits": 8, "recurrent": (False, False)},
}


def predict(checkpoint, utterances):
    """Return golden's counter over the same cycles: the frames, and the one that shows the last `done`."""
    model = CycleModel(checkpoint)
    counter = golden_activity.ActivityCounter(checkpoint.specification, phases=model.phases)
    for codes in utterances.values():
        for number, frame in enumerate(codes):
            counter.add(model.frame(frame, first=number == 0), phases=model.labels[:, PHASE])
    counter.add(model.idle(1), phases=model.labels[:, PHASE])
    return counter


def assert_equal(counted, predicted):
    assert len(counted) == len(predicted)
    for row, wanted in zip(counted, predicted, strict=True):
        assert row == wanted, f"{wanted['block']}.{wanted['signal']}"


def compare(checkpoint, utterances, off_the_stack):
    result = off_the_stack(cosimulate, checkpoint, utterances)
    counted, predicted = result.activity, predict(checkpoint, utterances)
    assert counted.total_cycles == result.cycles == predicted.cycles.sum()
    assert_equal(counted.rows(), predicted.rows())
    for phase in predicted.phases:
        assert_equal(counted.rows(phase), predicted.rows(phase))
    return counted.rows()


@pytest.mark.slow
def test_real_speech_counts_what_golden_predicts(network, speech_codes, off_the_stack):
    utterances = {name: codes[len(codes) // 2 :][:2] for name, codes in speech_codes.items()}
    rows = compare(network, utterances, off_the_stack)
    by_signal = {f"{row['block']}.{row['signal']}": row for row in rows}
    # Something happens everywhere, or the comparison says nothing.
    for row in rows:
        idle = {"controller.overrun"}
        if row["toggles"] is not None and f"{row['block']}.{row['signal']}" not in idle:
            assert row["toggles"] > 0, row
    assert by_signal["weight_buffer.bank1"]["reads"] > by_signal["weight_buffer.bank0"]["reads"] > 0
    assert by_signal["pe_array.add0"]["operations"] > 0


@pytest.mark.parametrize("name", SWITCHES)
def test_every_switch_counts_what_golden_predicts(small_network, small_codes, off_the_stack, name):
    spec = small_network.specification.replace(**SWITCHES[name])
    compare(random_checkpoint(spec, seed=7), small_codes, off_the_stack)


def test_an_unchanged_cycle_has_no_toggles(small_network):
    spec = small_network.specification
    sampler = Sampler(build_registers(spec))
    counter = ActivityCounter(spec, sampler)
    values = sampler.read()
    counter.settle(values)
    counter.count(list(values), accepted_code=False, starting=False)
    assert sum(row["toggles"] or 0 for row in counter.rows()) == 0
    changed = list(values)
    at = next(i for i, slot in enumerate(sampler.slots) if slot.field.path == "pe_array.acc0")
    changed[at] ^= 0b1011
    counter.count(changed, accepted_code=False, starting=False)
    toggles = {f"{row['block']}.{row['signal']}": row["toggles"] for row in counter.rows() if row["toggles"]}
    assert toggles == {"pe_array.acc0": 3}
    # Free flip-flops are clocked in both cycles, gated ones in neither.
    clocked = {f"{row['block']}.{row['signal']}": row["clocked_bits"] for row in counter.rows()}
    assert clocked["controller.state"] == 2 * 2
    assert clocked["pe_array.acc0"] == 0


@pytest.mark.parametrize("name", SWITCHES)
def test_a_record_s_values_count_what_golden_predicts(small_network, small_codes, name):
    """The same without a simulation: both counters on the cycles of one trace, each by its own means."""
    checkpoint = random_checkpoint(small_network.specification.replace(**SWITCHES[name]), seed=7, zero_share=0.3)
    spec, model = checkpoint.specification, CycleModel(checkpoint)
    sampler = Sampler(build_registers(spec))
    counted = ActivityCounter(spec, sampler)
    predicted = golden_activity.ActivityCounter(spec, phases=model.phases)
    for codes in small_codes.values():
        for number, frame in enumerate(codes):
            records = model.frame(frame, first=number == 0)
            predicted.add(records, phases=model.labels[:, PHASE])
            for cycle, values in enumerate(sampler.expected(records)):
                counted.count(values, accepted_code=cycle < spec.inputs, starting=cycle == spec.inputs)
        records = model.idle(2)
        predicted.add(records, phases=model.labels[:, PHASE])
        for values in sampler.expected(records):
            counted.count(values, accepted_code=False, starting=False)
    for phase in (None, *predicted.phases):
        assert_equal(counted.rows(phase), predicted.rows(phase))
    cycles = dict(zip(predicted.phases, predicted.cycles.tolist(), strict=True))
    assert dict(counted.cycles) == cycles
    assert counted.total_cycles == sum(cycles.values())


def any_records(spec, count, seed):
    """Return records of which nothing follows from the one before; what points somewhere points into its table."""
    layout, schedule, rng = build_layout(spec), build_schedule(spec), np.random.default_rng(seed)
    records = np.zeros((count, layout.words), np.uint64)
    for field in layout:
        for plane in range(field.planes):
            for bit in range(field.width):
                word = field.offset + plane * field.plane_words + bit // 64
                records[:, word] |= rng.integers(0, 2, count).astype(np.uint64) << np.uint64(bit % 64)
    # Weights of 0 are many, and a kind of pass is as likely as another.
    rows = [layout[f"weight_buffer.row{row}"] for row in range(2)]
    for row in rows:
        words = slice(row.offset, row.offset + row.planes * row.plane_words)
        records[:, words] &= rng.integers(0, 1 << 64, records[:, words].shape, np.uint64)
    by_kind = ([at for at, step in enumerate(schedule.passes) if step.kind is kind] for kind in Kind)
    kinds = [passes for passes in by_kind if passes]

    def ends(last):
        return rng.choice([last, max(0, last - 1), min(1, last)], count)

    state = rng.choice([State.IDLE, State.IDLE, State.RUN, State.RUN, State.FLUSH], count)
    numbers = {
        "controller.state": state,
        # In idle no logits wait.
        "output.busy": rng.integers(0, 2, count) * (state != State.IDLE),
        "controller.add_slot": rng.integers(0, 4, count),
        "controller.loaded": rng.integers(0, 2, count),
        "output.position": ends(schedule.pair_words - 1),
        "output.word": ends(schedule.frame_words - 1),
        **{
            f"controller.{name}": [rng.choice(kinds[rng.integers(len(kinds))]) for _ in range(count)]
            for name in ("issue_pass", "add_pass")
        },
    }
    for path, values in numbers.items():
        records[:, layout[path].offset] = np.asarray(values, np.uint64) & np.uint64((1 << layout[path].width) - 1)
    return records


# Lanes that fill a word of the record, reach a bit into the next, and fill some of it.
LANES = {
    f"{lanes} lanes": {"lanes": lanes, "layers": (100, 23), "outputs": 197, "logits_per_cycle": lanes // divided}
    for lanes, divided in ((64, 4), (65, 5), (80, 5))
}


@pytest.mark.parametrize("name", [*SWITCHES, *LANES])
def test_both_counters_say_the_same_of_any_records(small_network, name):
    """Cycle by cycle, what each register, memory and adder does, however unlikely the state."""
    spec = small_network.specification.replace(**(SWITCHES | LANES)[name])
    records, sampler = any_records(spec, 40, seed=len(name)), Sampler(build_registers(spec))
    counted, layout = ActivityCounter(spec, sampler), build_layout(spec)
    state, loaded = (records[:, layout[f"controller.{name}"].offset] for name in ("state", "loaded"))
    idle = state[:-1] == State.IDLE
    # A start and a code show in the next cycle; after the last there is none.
    starting = [*(idle & (state[1:] == State.RUN)), False]
    accepted = [*(idle & (state[1:] != State.RUN) & (loaded[1:] != loaded[:-1])), False]
    labels = []
    for values, code, start in zip(sampler.expected(records), accepted, starting, strict=True):
        labels.append(counted._phase(values, loading=bool(code or start)))
        counted.count(values, accepted_code=bool(code), starting=bool(start))
    phases = sorted({LOAD_PHASE, IDLE_PHASE, FLUSH_PHASE, "FC", *(step.phase for step in build_schedule(spec).passes)})
    predicted = golden_activity.ActivityCounter(spec, phases=phases)
    which = np.array([phases.index(label) for label in labels])
    for piece in (slice(0, 1), slice(1, 3), slice(3, 3), slice(3, None)):
        predicted.add(records[piece], phases=which[piece])
    for phase in (None, *phases):
        assert_equal(counted.rows(phase), predicted.rows(phase))
    # What is settled before has toggles with the first, and is itself not counted.
    whole = golden_activity.count_activity(spec, records)
    after = golden_activity.count_activity(spec, records[1:], previous=records[0])
    assert [row["toggles"] for row in after] == [row["toggles"] for row in whole]
    alone = golden_activity.count_activity(spec, records[1:])
    assert sum(row["toggles"] or 0 for row in alone) < sum(row["toggles"] or 0 for row in whole)
