from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from golden.checkpoint import random_checkpoint
from golden.cycles import count_frames
from golden.errors import StimulusError
from golden.forward import forward
from golden.layout import FREE, GATED, Layout
from golden.predicted_activity import COLUMNS, ActivityCounter, count_activity
from golden.schedule import Kind, State
from golden.specification import Specification
from golden.trace import PHASE, CycleModel
from tests.golden.specifications import utterances

SMALL = Specification(inputs=6, layers=(20, 12), outputs=70, lanes=16)


def table(rows: list) -> dict:
    return {(row["block"], row["signal"]): row for row in rows}


def planes(layout: Layout, records: np.ndarray, path: str) -> list[list[int]]:
    return [layout[path].plane_values(record) for record in records]


def number(layout: Layout, record: np.ndarray, path: str) -> int:
    return layout[path].plane_values(record)[0]


@given(utterances(frames=2))
def test_toggles_are_the_bits_that_differ(drawn):
    checkpoint, codes = drawn
    model = CycleModel(checkpoint)
    before, records = model.frame(codes[0], first=True)[-1], model.frame(codes[1])
    rows = table(count_activity(checkpoint.specification, records, previous=before))
    alone = table(count_activity(checkpoint.specification, records))
    for field in model.layout:
        values = planes(model.layout, [before, *records], field.path)
        pairs = itertools.pairwise(values)
        toggles = [sum((a ^ b).bit_count() for a, b in zip(*pair, strict=True)) for pair in pairs]
        assert rows[field.block, field.name]["toggles"] == sum(toggles), field.path
        assert alone[field.block, field.name]["toggles"] == sum(toggles[1:]), field.path


@given(utterances(frames=2))
def test_accesses_and_additions_are_those_of_the_cycle_counts(drawn):
    checkpoint, codes = drawn
    spec, model = checkpoint.specification, CycleModel(checkpoint)
    counts = count_frames(checkpoint, codes, forward(checkpoint, codes).spikes)
    counter = ActivityCounter(spec, phases=model.phases)
    for frame, given_codes in enumerate(codes):
        counter.add(model.frame(given_codes, first=frame == 0), phases=model.labels[:, PHASE])
    rows = table(counter.rows())
    np.testing.assert_array_equal(counter.cycles[:-1], counts.phase_cycles.sum(axis=0))
    for bank, depth in enumerate(model.schedule.bank_depths):
        memory = rows["weight_buffer", f"bank{bank}"]
        assert (memory["reads"], memory["writes"]) == (counts.rows[:, bank].sum(), 0)
        assert (memory["depth"], memory["bits"]) == (depth, spec.row_bits)
    combines = sum(step.kind is Kind.COMBINE for step in model.schedule.passes) * spec.lanes * len(codes)
    for pe_set in range(spec.pe_sets):
        combined = combines if pe_set < spec.time_steps else 0
        assert rows["pe_array", f"add{pe_set}"]["operations"] == counts.additions[:, pe_set].sum() + combined
    for layer in range(len(spec.layers)):
        updates = spec.tiles(layer) * spec.time_steps * len(codes)
        assert rows["neuron_unit", f"add{layer}"]["operations"] == 2 * spec.lanes * updates


@given(utterances(frames=2))
def test_clocked_bits_follow_from_the_frame(drawn):
    """Count per frame what the table says, without looking at single cycles."""
    checkpoint, codes = drawn
    spec, model = checkpoint.specification, CycleModel(checkpoint)
    model.frame(codes[0], first=True)
    records = model.frame(codes[1])
    rows, layout = table(count_activity(spec, records)), model.layout
    accumulate = [step.kind is Kind.ACCUMULATE for step in model.schedule.passes]
    # READ holds, one cycle later, what ISSUE did; a held operation is counted once.
    slots = sum(
        accumulate[number(layout, then, "controller.read_pass")]
        for now, then in itertools.pairwise(records)
        if number(layout, now, "controller.state") == State.RUN and not waits(model, now)
    )
    per_lane = [
        sum(number(layout, record, f"pe_array.clocked{pe_set}").bit_count() for record in records)
        for pe_set in range(spec.pe_sets)
    ]
    expected = {
        # One clock gate for all codes.
        "input_buffer.codes": spec.inputs * layout["input_buffer.codes"].bits,
        "controller.loaded": (spec.inputs + 1) * layout["controller.loaded"].width,
        "zero_skip.pending": slots * layout["zero_skip.pending"].width,
        "zero_skip.index": slots * layout["zero_skip.index"].width,
        "output.best": model.schedule.frame_words * spec.logit_bits,
        "output.best_index": model.schedule.frame_words * layout["output.best_index"].width,
        "output.position": model.schedule.frame_words * layout["output.position"].width,
        "output.word": model.schedule.frame_words * layout["output.word"].width,
    }
    for pe_set in range(spec.pe_sets):
        expected[f"pe_array.acc{pe_set}"] = per_lane[pe_set] * spec.accumulator_bits
        expected[f"output.shadow{pe_set}"] = spec.group_pairs * spec.lanes * spec.logit_bits
    for layer, width in enumerate(spec.layers):
        for tile in range(spec.tiles(layer)):
            bits = spec.membrane_bits[layer] * spec.lanes * spec.time_steps
            expected[f"neuron_unit.membrane{layer}_{tile}"] = bits
        for step in range(spec.time_steps):
            expected[f"spikes.this{layer}_{step}"] = expected[f"spikes.last{layer}_{step}"] = width
    assert set(expected) == {field.path for field in layout if field.clock == GATED}
    for path, bits in expected.items():
        assert rows[tuple(path.split("."))]["clocked_bits"] == bits, path
    for field in layout:
        if field.clock == FREE:
            assert rows[field.block, field.name]["clocked_bits"] == field.bits * len(records)


def waits(model: CycleModel, record: np.ndarray) -> bool:
    """Whether the pipeline is held in this cycle."""
    layout, schedule = model.layout, model.schedule
    last_of_pair = number(layout, record, "output.position") == schedule.pair_words - 1
    last_of_frame = number(layout, record, "output.word") == schedule.frame_words - 1
    waiting = number(layout, record, "controller.transfer") and number(layout, record, "output.busy")
    return bool(waiting) and not (last_of_pair or last_of_frame)


@given(utterances(frames=2))
def test_no_gated_register_changes_without_a_clock(drawn):
    checkpoint, codes = drawn
    spec, model = checkpoint.specification, CycleModel(checkpoint)
    model.frame(codes[0], first=True)
    records = model.frame(codes[1])
    # The counts of a stretch of records up to each cycle: a register's clocks come before its toggles.
    stretches = np.linspace(2, len(records), 8, dtype=int)
    for end in stretches:
        rows = count_activity(spec, records[:end])
        for row in rows:
            if row["clock"] == GATED:
                assert row["toggles"] <= row["clocked_bits"], row["signal"]


@given(st.lists(st.integers(1, 150), max_size=6), st.integers(0, 99))
def test_pieces_count_as_the_whole(cuts, seed):
    model = CycleModel(random_checkpoint(SMALL, seed=seed))
    rng = np.random.default_rng(seed)
    parts = []
    for frame in range(2):
        records = model.frame(rng.integers(-128, 128, size=6), first=frame == 0)
        parts.append((records, model.labels[:, PHASE].copy()))
    records, phases = (np.concatenate(part) for part in zip(*parts, strict=True))
    whole, pieces = (ActivityCounter(SMALL, phases=model.phases) for _ in range(2))
    whole.add(records, phases=phases)
    for piece in np.split(np.arange(len(records)), np.cumsum(cuts)):
        pieces.add(records[piece], phases=phases[piece])
    assert pieces.rows() == whole.rows()
    for phase in model.phases:
        assert pieces.rows(phase) == whole.rows(phase)
    # The phases add up to the whole.
    totals = [sum(row["toggles"] for row in whole.rows(phase) if row["toggles"]) for phase in model.phases]
    assert sum(totals) == sum(row["toggles"] for row in whole.rows() if row["toggles"])


def test_phases_tell_the_blocks_apart():
    spec = SMALL.replace(thresholds=(1, 1))
    model = CycleModel(random_checkpoint(spec, seed=1))
    counter = ActivityCounter(spec, phases=model.phases)
    counter.add(model.frame(np.arange(60, 66), first=True), phases=model.labels[:, PHASE])
    # The edge that ends the cycle of start belongs to that cycle, though its record shows it one later.
    assert table(counter.rows("load and start"))["spikes", "last0_1"]["clocked_bits"] == 20
    assert table(counter.rows("FC"))["weight_buffer", "bank0"]["reads"] > 0
    assert table(counter.rows("L0 input"))["weight_buffer", "bank0"]["reads"] == 0
    assert table(counter.rows("load and start"))["input_buffer", "codes"]["clocked_bits"] == 6 * 6 * 8
    with pytest.raises(ValueError, match="L9"):
        counter.rows("L9 neurons")


def test_each_kind_fills_its_own_columns():
    model = CycleModel(random_checkpoint(SMALL, seed=1))
    rows = count_activity(SMALL, model.frame(np.arange(6), first=True))
    assert all(tuple(row) == COLUMNS for row in rows)
    assert {row["kind"] for row in rows} == {"register", "port", "memory", "adder"}
    for row in rows:
        assert (row["clocked_bits"] is not None) == (row["kind"] == "register") == (row["clock"] is not None)
        assert (row["depth"] is not None) == (row["kind"] == "memory")
        assert (row["operations"] is not None) == (row["kind"] == "adder")


@pytest.mark.parametrize(
    ("records", "phases", "message"),
    [
        (np.zeros((2, 3), np.uint64), None, "records: uint64"),
        (np.zeros((2, 0), np.int64), None, "records: int64"),
        (None, np.zeros(1, int), r"phases: shape \(1,\), expected \(2,\)"),
        (None, np.array([0, 1]), r"phases: 0\.\.1, expected 0\.\.0"),
        (None, np.array([-1, 0]), r"phases: -1\.\.0, expected 0\.\.0"),
    ],
)
def test_records_that_are_refused(records, phases, message):
    counter = ActivityCounter(SMALL)
    whole = np.zeros((2, CycleModel(random_checkpoint(SMALL, seed=1)).layout.words), np.uint64)
    with pytest.raises(StimulusError, match=message):
        counter.add(whole if records is None else records, phases=phases)
