from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given

from golden.checkpoint import Checkpoint, random_checkpoint
from golden.errors import StimulusError
from golden.forward import forward
from golden.schedule import Kind, Source
from golden.specification import Specification
from golden.trace import PASS, PHASE, CycleModel
from tests.golden.registers import held, value
from tests.golden.specifications import utterances

SMALL = Specification(inputs=6, layers=(20, 12), outputs=70, lanes=16)


def assert_frame_is(model: CycleModel, records: np.ndarray, result: object, frame: int) -> None:
    """Compare a frame's last record and its logits words with `forward`."""
    spec, layout, last = model.checkpoint.specification, model.layout, records[-1]
    for layer, width in enumerate(spec.layers):
        tiles = [layout[f"neuron_unit.membrane{layer}_{tile}"].lanes(last) for tile in range(spec.tiles(layer))]
        membrane = np.concatenate(tiles)
        np.testing.assert_array_equal(membrane[:width], result.membranes[layer][frame, -1])
        assert not membrane[width:].any()
        for step in range(spec.time_steps):
            this = layout[f"spikes.this{layer}_{step}"].lanes(last)
            np.testing.assert_array_equal(this, result.spikes[layer][frame, step])
            before = layout[f"spikes.last{layer}_{step}"].lanes(last)
            np.testing.assert_array_equal(before, result.spikes[layer][frame - 1, step] if frame else 0 * before)
    busy = value(layout, records, "output.busy") == 1
    words = [layout["output.logits"].lanes(record) for record in records[busy]]
    assert len(words) == model.schedule.frame_words
    logits = np.concatenate(words)
    np.testing.assert_array_equal(logits[: spec.outputs], result.logits[frame])
    assert not logits[spec.outputs :].any()


@given(utterances())
def test_a_frame_ends_with_what_the_forward_computes(drawn):
    checkpoint, codes = drawn
    model, result = CycleModel(checkpoint), forward(checkpoint, codes)
    for frame, given_codes in enumerate(codes):
        records = model.frame(given_codes, first=frame == 0)
        assert_frame_is(model, records, result, frame)
    after = model.idle(2)
    assert value(model.layout, after, "output.best_index").tolist() == [result.best[-1]] * 2
    assert value(model.layout, after, "controller.done").tolist() == [1, 0]
    best = value(model.layout, after, "output.best")[0]
    width = model.layout["output.best"].width
    assert best == result.logits[-1].max() & ((1 << width) - 1)


def accumulators(checkpoint: Checkpoint, codes: np.ndarray, this: list, last: list) -> list[np.ndarray]:
    """Return the accumulators [sets, lanes] after each pass of a frame, from matrix products alone."""
    spec = checkpoint.specification
    model = CycleModel(checkpoint)
    low_planes, acc, after = model.schedule.low_planes, np.zeros((spec.pe_sets, spec.lanes), dtype=np.int64), []
    for number, step in enumerate(model.schedule.passes):
        if step.clear:
            acc = np.zeros_like(acc)
        if step.kind is Kind.COMBINE:
            product = (acc[1] << low_planes) + acc[0]
            acc = np.stack([product, product if spec.time_steps == 2 else acc[1]])
        elif step.kind is Kind.ACCUMULATE:
            sums = []
            for pe_set in range(spec.pe_sets):
                if step.phase == "FC":
                    columns = slice((spec.pe_sets * step.group_pair + pe_set) * spec.lanes, None)
                    taken = [this[-1][t] for t in range(spec.time_steps) if step.steps >> t & 1]
                    product = np.sum(taken, axis=0) @ checkpoint.fc[:, columns]
                elif step.source is Source.CODES:
                    plane, matrix = step.plane + pe_set * low_planes, checkpoint.feed_forward[0]
                    signed = spec.plane_coding == "sign_magnitude"
                    ones = np.sign(codes) * (np.abs(codes) >> plane & 1) if signed else codes >> plane & 1
                    product = ones @ matrix << step.align
                    if plane == spec.input_bits - 1 and not signed:
                        product = -product
                    elif plane >= spec.input_bits:
                        product = 0 * product
                    columns = slice(step.tile * spec.lanes, None)
                    product = product[columns]
                else:
                    fed_back = step.source is Source.LAST
                    matrix = (checkpoint.recurrent if fed_back else checkpoint.feed_forward)[step.layer]
                    layer = (last if fed_back else this)[step.source_layer]
                    # With one set a pass is of one time step, whose neurons come next.
                    after_it = model.schedule.passes[number:]
                    time_step = pe_set if spec.pe_sets == 2 else next(
                        later.time_step for later in after_it if later.kind is Kind.NEURONS
                    )
                    on = time_step < spec.time_steps and step.steps >> time_step & 1
                    product = (layer[time_step] @ matrix if on else np.zeros(matrix.shape[1], int)) << step.align
                    product = product[step.tile * spec.lanes :]
                lanes = np.zeros(spec.lanes, dtype=np.int64)
                lanes[: len(product[: spec.lanes])] = product[: spec.lanes]
                sums.append(lanes)
            acc = acc + np.stack(sums)
        after.append(acc.copy())
    return after


@given(utterances(frames=2))
def test_accumulators_at_the_end_of_each_pass_are_the_matrix_products(drawn):
    checkpoint, codes = drawn
    model, result = CycleModel(checkpoint), forward(checkpoint, codes)
    layout = model.layout
    for frame, given_codes in enumerate(codes):
        records = model.frame(given_codes, first=frame == 0)
        this = [layer[frame].astype(np.int64) for layer in result.spikes]
        last = [(layer[frame - 1] if frame else 0 * layer[0]).astype(np.int64) for layer in result.spikes]
        expected = accumulators(checkpoint, given_codes, this, last)
        ends = value(layout, records, "controller.add_valid") & value(layout, records, "controller.add_last")
        ends = ends.astype(bool) & ~held(layout, records, model)
        at = np.flatnonzero(ends)
        np.testing.assert_array_equal(
            value(layout, records, "controller.add_pass")[at], np.arange(len(model.schedule.passes))
        )
        for cycle, sums in zip(at, expected, strict=True):
            for pe_set in range(model.checkpoint.specification.pe_sets):
                lanes = layout[f"pe_array.acc{pe_set}"].lanes(records[cycle + 1])
                np.testing.assert_array_equal(lanes, sums[pe_set], err_msg=model.describe(cycle + 1))


@given(utterances(frames=2))
def test_idle_cycles_between_frames_change_nothing_but_time(drawn):
    checkpoint, codes = drawn
    straight, interrupted = CycleModel(checkpoint), CycleModel(checkpoint)
    straight.frame(codes[0], first=True)
    interrupted.frame(codes[0], first=True)
    interrupted.idle(5)
    one, other = straight.frame(codes[1]), interrupted.frame(codes[1])
    done = straight.layout["controller.done"].offset
    assert (one[0, done], other[0, done]) == (1, 0)
    one[0, done] = 0
    np.testing.assert_array_equal(one, other)


@given(utterances(frames=2))
def test_first_forgets_the_utterance_before(drawn):
    checkpoint, codes = drawn
    model, result = CycleModel(checkpoint), forward(checkpoint, codes[1:])
    model.frame(codes[0], first=True)
    records = model.frame(codes[1], first=True)
    assert_frame_is(model, records, result, 0)


@given(utterances(frames=2))
def test_the_counter_counts_the_frame_and_raises_overrun(drawn):
    checkpoint, codes = drawn
    spec, model = checkpoint.specification, CycleModel(checkpoint)
    first = model.frame(codes[0], first=True)
    second = model.frame(codes[1])
    for records, after in ((first, second), (second, model.idle(1))):
        assert value(model.layout, after[:1], "controller.frame_cycles")[0] == len(records)
        counter = value(model.layout, records, "controller.frame_cycles")
        np.testing.assert_array_equal(counter[spec.inputs + 1 :], np.arange(spec.inputs + 1, len(records)))
        overrun = value(model.layout, records, "controller.overrun")[spec.inputs + 1 :]
        expected = counter[spec.inputs + 1 :] > spec.frame_budget
        expected[0] = False  # the edge of start leaves it 0
        np.testing.assert_array_equal(overrun, expected)
        overran = value(model.layout, after[:1], "controller.overrun")[0]
        assert overran == (len(records) > spec.frame_budget)


@pytest.mark.parametrize("code", [0, -128, 127, -1, 85])
@pytest.mark.parametrize("weight", [-8, 7, 0])
def test_extremes(code, weight):
    spec = Specification()
    random = random_checkpoint(spec, seed=3)
    checkpoint = dataclasses.replace(
        random,
        feed_forward=tuple(np.full_like(matrix, weight) for matrix in random.feed_forward),
        recurrent=tuple(np.full_like(matrix, weight) for matrix in random.recurrent),
        fc=np.full_like(random.fc, weight),
        fc_zeros=0,
    )
    codes = np.full((3, spec.inputs), code)
    model, result = CycleModel(checkpoint), forward(checkpoint, codes)
    for frame in range(3):
        records = model.frame(codes[frame], first=frame == 0)
        assert_frame_is(model, records, result, frame)
    if code == -128:  # the sign plane alone: set 1 subtracts every weight once
        combined = np.flatnonzero(
            value(model.layout, records, "controller.add_pass") == [s.kind for s in model.schedule.passes].index(1)
        )[0]
        lanes = model.layout["pe_array.acc0"].lanes(records[combined + 1])
        assert (lanes == -128 * 40 * weight).all()


def always_spiking(spec: Specification) -> Checkpoint:
    """Return a network in which codes of -1 make every neuron spike in every time step."""
    random = random_checkpoint(spec, seed=1)
    return dataclasses.replace(
        random,
        feed_forward=tuple(
            np.full_like(matrix, 7 if layer else -8) for layer, matrix in enumerate(random.feed_forward)
        ),
        recurrent=tuple(np.full_like(matrix, 7) for matrix in random.recurrent),
    )


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"time_steps": 1},
        {"parallel_time_steps": False},
        {"merged_spike": False},
        {"zero_skipping": False},
        {"layers": (150, 130), "outputs": 300},
        {"pe_sets": 1, "parallel_time_steps": False},
        {"pe_sets": 1, "time_steps": 1},
    ],
)
def test_the_worst_frame_takes_what_the_schedule_says(switches):
    spec = Specification(thresholds=(1, 1), **switches)
    model = CycleModel(always_spiking(spec))
    codes = np.full(spec.inputs, -1)
    model.frame(codes, first=True)
    records = model.frame(codes)
    assert len(records) == model.schedule.worst_cycles
    assert value(model.layout, model.idle(1), "controller.overrun")[0] == (len(records) > 1000)


def test_the_default_worst_frame_is_that_of_the_table():
    assert CycleModel(always_spiking(Specification())).schedule.worst_cycles == 1629


def test_without_spikes_each_pair_waits_for_the_words_before_it():
    spec = Specification()
    model = CycleModel(random_checkpoint(spec, seed=1))
    records = model.frame(np.zeros(40, dtype=np.int8), first=True)
    # 41 + 4 empty plane pairs + combine + 3 empty passes + 8 neuron slots + FC (1 + 7 x 16) + 11
    assert len(records) == 41 + 4 + 1 + 3 + 8 + 113 + 11
    starts = np.flatnonzero(
        (value(model.layout, records, "controller.transfer") == 1) & ~held(model.layout, records, model)
    )
    assert np.diff(starts).tolist() == [16] * 7
    assert not value(model.layout, records, "weight_buffer.read").any()
    assert held(model.layout, records, model).sum() == 7 * 15


def test_a_negative_code_visits_the_ones_of_its_magnitude_and_subtracts():
    spec = SMALL.replace(plane_coding="sign_magnitude")
    model = CycleModel(random_checkpoint(spec, seed=4))
    codes = np.array([-1, 0, 3, -16, -128, 127])
    records = model.frame(codes, first=True)
    # Pairs of planes (7, 3), (6, 2), (5, 1), (4, 0): the union of the ones of 1, 0, 3, 16, 128, 127 in each.
    visits = [[4, 5], [5], [2, 5], [0, 2, 3, 5]]
    assert spec.input_bits == 8
    cycles = [len(visited) for visited in visits]
    layout = model.layout
    inputs = [at for at, step in enumerate(model.schedule.passes) if step.source is Source.CODES and step.tile == 0]
    reading = value(layout, records, "weight_buffer.read") != 0
    passes, index = value(layout, records, "controller.read_pass"), value(layout, records, "zero_skip.index")
    found = [index[reading & (passes == which)].tolist() for which in inputs]
    assert found == visits
    assert [len(visited) for visited in found] == cycles
    adding = value(layout, records, "controller.add_valid") == 1
    at = np.flatnonzero(adding & (value(layout, records, "controller.add_pass") == inputs[0]))
    assert value(layout, records, "controller.add_double")[at].tolist() == [1, 0]
    held = layout["input_buffer.codes"].plane_values(records[-1])
    assert held == [0b100101, 0b100100, 0b100000, 0b100000, 0b101000, 0b100000, 0b100000, 0b010000, 0b011001]


def test_labels_name_phase_pass_and_row():
    model = CycleModel(random_checkpoint(SMALL, seed=4))
    codes = np.array([1, 2, 4, 8, 16, 32])
    model.frame(codes, first=True)
    records = model.frame(codes)
    assert len(model.labels) == len(records)
    assert model.describe(3).startswith("load and start, code 3")
    assert model.describe(len(codes)).startswith("load and start")
    first = len(codes) + 1
    # Planes 7 and 3 come first: only code 8 has a one there, its row is 3.
    assert model.describe(first) == "L0 input tile 0 planes 7, 3 row 3"
    assert model.describe(first + 3).endswith("(just done: L0 input tile 0 planes 7, 3 row 3)")
    issued = model.labels[model.labels[:, PASS] >= 0]
    assert [model.phases[phase] for phase in dict.fromkeys(issued[:, PHASE])] == list(
        dict.fromkeys(step.phase for step in model.schedule.passes)
    )
    assert model.phases[model.labels[-1, PHASE]] == "last logits"
    model.idle(2)
    assert model.describe(1) == "idle"


def test_a_buffer_holds_the_same_records():
    checkpoint = random_checkpoint(SMALL, seed=4)
    own, given_out = CycleModel(checkpoint), CycleModel(checkpoint)
    buffer = given_out.buffer()
    for seed in range(3):
        codes = np.random.default_rng(seed).integers(-128, 128, size=6)
        records = given_out.frame(codes, first=seed == 0, out=buffer)
        assert np.shares_memory(records, buffer)
        np.testing.assert_array_equal(records, own.frame(codes, first=seed == 0))


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (np.zeros(5, dtype=np.int8), r"codes: int8 \(5,\), expected integers \(6,\)"),
        (np.zeros(6), r"codes: float64 \(6,\), expected integers \(6,\)"),
        (np.full(6, 128), r"codes: values 128..128, expected -128..127"),
    ],
)
def test_codes_that_are_refused(codes, message):
    with pytest.raises(StimulusError, match=message):
        CycleModel(random_checkpoint(SMALL, seed=1)).frame(codes)


@pytest.mark.parametrize(
    "change",
    [lambda out: out[:-1], lambda out: out[:, :-1].copy(), lambda out: out.view(np.int64), np.asfortranarray],
)
def test_buffers_that_are_refused(change):
    model = CycleModel(random_checkpoint(SMALL, seed=1))
    with pytest.raises(StimulusError, match="out: "):
        model.frame(np.zeros(6, dtype=np.int8), out=change(model.buffer()))


def test_a_ready_that_is_none_or_no_room_for_waiting_is_refused():
    model = CycleModel(random_checkpoint(SMALL, seed=1))
    codes = np.zeros(SMALL.inputs, dtype=np.int64)
    with pytest.raises(StimulusError, match=r"ready: int64 \(3,\), expected bool \(cycles,\)"):
        model.frame(codes, ready=np.zeros(3, dtype=np.int64))
    with pytest.raises(StimulusError, match=rf"out: shape .*, expected at least \({model.schedule.worst_cycles + 5}, "):
        model.frame(codes, out=model.buffer(), ready=np.zeros(5, dtype=np.bool_))
