from __future__ import annotations

import numpy as np
import pytest

from cosim.scoreboard import CosimulationError, Mismatch, describe_inputs, differing_fields, first_difference
from golden.layout import build_layout
from golden.schedule import Kind, build_schedule
from golden.specification import Specification


@pytest.fixture
def layout(small_network):
    return build_layout(small_network.specification)


@pytest.fixture
def schedule(small_network):
    return build_schedule(small_network.specification)


def put(layout, record, path, value, *, lane=None):
    """Write a number, or one lane of a bit-sliced register, into a record."""
    field = layout[path]
    if lane is None:
        for word in range(field.words):
            record[field.offset + word] = np.uint64(value >> 64 * word & 0xFFFF_FFFF_FFFF_FFFF)
        return
    for plane in range(field.planes):
        word = field.offset + plane * field.plane_words + lane // 64
        record[word] &= ~np.uint64(1 << lane % 64)
        record[word] |= np.uint64((value >> plane & 1) << lane % 64)


@pytest.fixture
def record(layout):
    return np.zeros(layout.words, dtype=np.uint64)


MISMATCH = Mismatch(
    utterance="sa1",
    frame=12,
    cycle=3417,
    activity="L1 recurrent row 57",
    signal="pe_array.acc1[88]",
    expected=-37,
    got=-29,
    inputs="its inputs were: itself -30",
    others=0,
)


def test_a_mismatch_is_a_sentence():
    assert str(CosimulationError(MISMATCH)) == (
        "sa1: frame 12, cycle 3,417 (L1 recurrent row 57): pe_array.acc1[88] expected -37 got -29; "
        "its inputs were: itself -30"
    )


def test_a_mismatch_says_how_many_other_fields_differ():
    more = Mismatch(**{**vars(MISMATCH), "others": 2})
    assert str(more).endswith("itself -30; 2 more fields differ in this cycle")


def test_differing_fields_are_all_and_only_those_that_differ(layout, record):
    for field in layout:
        other = record.copy()
        other[field.offset + field.words - 1] ^= np.uint64(1)
        assert differing_fields(layout, record, other) == [field]
    assert differing_fields(layout, record, record.copy()) == []


def test_a_number_differs_as_a_number(layout, record):
    other = record.copy()
    put(layout, other, "controller.frame_cycles", 117)
    assert first_difference(layout["controller.frame_cycles"], record, other) == ("controller.frame_cycles", 0, 117, -1)


def test_a_register_of_lanes_differs_in_its_first_lane_and_is_signed(layout, record):
    other = record.copy()
    put(layout, record, "pe_array.acc0", -300, lane=7)
    put(layout, other, "pe_array.acc0", 25, lane=7)
    put(layout, other, "pe_array.acc0", 1, lane=9)
    assert first_difference(layout["pe_array.acc0"], record, other) == ("pe_array.acc0[7]", -300, 25, 7)


def test_a_word_of_logits_differs_in_its_first_logit(layout, record):
    other = record.copy()
    bits = layout["output.logits"].lane_bits
    put(layout, other, "output.logits", ((1 << bits) - 3) << bits)
    assert first_difference(layout["output.logits"], record, other) == ("output.logits[1]", 0, -3, 1)


def operation(layout, schedule, record, chosen, **numbers):
    put(layout, record, "controller.add_pass", schedule.passes.index(chosen))
    put(layout, record, "controller.add_valid", 1)
    for name, value in numbers.items():
        put(layout, record, f"controller.{name}", value)


def test_an_accumulator_that_subtracts_says_so(layout, schedule, record):
    sign_plane = next(step for step in schedule.passes if step.subtract)
    operation(layout, schedule, record, sign_plane, add_enable=2, add_slot=1)
    put(layout, record, "pe_array.acc1", -30, lane=4)
    put(layout, record, "weight_buffer.row1", -7, lane=4)
    assert describe_inputs(schedule, layout, record, layout["pe_array.acc1"], 4) == (
        f"its inputs were: itself -30, weight -7 shifted left by {sign_plane.align}, subtracted, set 1 enabled, "
        "operation accumulate"
    )


def test_an_accumulator_of_the_fc_takes_its_own_banks_row_and_the_merged_spike(layout, schedule, record):
    fc = next(step for step in schedule.passes if step.phase == "FC")
    operation(layout, schedule, record, fc, add_enable=2, add_double=1, add_slot=0)
    put(layout, record, "weight_buffer.row0", 3, lane=0)
    put(layout, record, "weight_buffer.row1", 5, lane=0)
    assert describe_inputs(schedule, layout, record, layout["pe_array.acc0"], 0) == (
        "its inputs were: itself 0 (cleared), weight 3 shifted left by 1, set 0 not enabled, operation accumulate"
    )


def test_a_combine_names_both_accumulators(layout, schedule, record):
    combine = next(step for step in schedule.passes if step.kind is Kind.COMBINE)
    operation(layout, schedule, record, combine)
    put(layout, record, "pe_array.acc0", 6, lane=1)
    put(layout, record, "pe_array.acc1", -2, lane=1)
    text = describe_inputs(schedule, layout, record, layout["pe_array.acc0"], 1)
    assert text == "its inputs were: combine of acc1 -2 and acc0 6"


def test_an_accumulator_without_an_operation_says_so(layout, schedule, record):
    put(layout, record, "pe_array.acc1", 11, lane=2)
    text = describe_inputs(schedule, layout, record, layout["pe_array.acc1"], 2)
    assert text == "its inputs were: no operation at ADD, itself 11"


def test_a_membrane_names_what_it_integrates(layout, schedule, record):
    put(layout, record, "neuron_unit.membrane0_0", -100, lane=3)
    put(layout, record, "pe_array.acc0", 7, lane=3)
    put(layout, record, "controller.add_slot", 1)
    text = describe_inputs(schedule, layout, record, layout["neuron_unit.membrane0_0"], 3)
    assert text == "its inputs were: membrane -100, acc0 7, acc1 0, slot 1"


def test_a_negative_input_subtracts_and_shifts_no_further():
    spec = Specification(plane_coding="sign_magnitude")
    layout, schedule = build_layout(spec), build_schedule(spec)
    record = np.zeros(layout.words, dtype=np.uint64)
    chosen = next(step for step in schedule.passes if step.phase == "L0 input")
    operation(layout, schedule, record, chosen, add_enable=1, add_double=1, add_slot=1)
    assert describe_inputs(schedule, layout, record, layout["pe_array.acc0"], 0) == (
        f"its inputs were: itself 0, weight 0 shifted left by {chosen.align}, subtracted, set 0 enabled, "
        "operation accumulate"
    )


def test_one_set_has_the_sign_plane_both_banks_and_every_time_step():
    spec = Specification(pe_sets=1, parallel_time_steps=False)
    layout, schedule = build_layout(spec), build_schedule(spec)
    record = np.zeros(layout.words, dtype=np.uint64)
    put(layout, record, "pe_array.acc0", 7, lane=3)
    text = describe_inputs(schedule, layout, record, layout["neuron_unit.membrane0_0"], 3)
    assert text == "its inputs were: membrane 0, acc0 7, slot 0"
    put(layout, record, "weight_buffer.row1", 5, lane=3)
    sign_plane = next(step for step in schedule.passes if step.subtract)
    operation(layout, schedule, record, sign_plane, add_enable=1, add_slot=1)
    assert describe_inputs(schedule, layout, record, layout["pe_array.acc0"], 3) == (
        "its inputs were: itself 7, weight 5 shifted left by 7, subtracted, set 0 enabled, operation accumulate"
    )
    odd_group = next(step for step in schedule.passes if step.phase == "FC" and step.group_pair == 1)
    operation(layout, schedule, record, odd_group, add_double=1)
    assert "weight 5 shifted left by 1, set 0 enabled" in describe_inputs(
        schedule, layout, record, layout["pe_array.acc0"], 3
    )


def test_any_other_register_names_where_the_controller_was(layout, schedule, record):
    put(layout, record, "controller.state", 1)
    put(layout, record, "controller.issue_pass", 6)
    put(layout, record, "zero_skip.index", 9)
    text = describe_inputs(schedule, layout, record, layout["zero_skip.index"], -1)
    assert text == "a cycle before: itself 9, state 1, pass 6 slot 0 at ISSUE, index 9"
