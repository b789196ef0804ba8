"""The passes against the table's own sums."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import example, given

from golden.schedule import Kind, Pass, Source, State, build_schedule
from golden.specification import Specification
from tests.golden.schedule_table import most_cycles, rounded_up, table
from tests.golden.specifications import specifications


def test_the_default_frame() -> None:
    schedule = build_schedule(Specification())
    phases = [step.phase for step in schedule.passes]
    assert phases == (
        ["L0 input"] * 4
        + ["L0 combine", "L0 recurrent", "L0 neurons", "L1 feed-forward", "L1 recurrent", "L1 neurons"]
        + ["FC"] * 8
    )
    # 40 + 128 + 128 + 128 layer rows and 128 x 15 FC rows: 2,344 rows of 512 bits.
    assert sum(schedule.bank_depths) == 2344
    # 41 + 160 + 1 + 3 x 128 + 2 x 4 + 8 x 128 + 11
    assert schedule.worst_cycles == 1629
    assert [step.subtract for step in schedule.passes[:4]] == [True, False, False, False]


def test_the_counter_of_cycles_holds_the_worst_frame_and_one_more_than_the_budget() -> None:
    assert build_schedule(Specification()).cycle_bits == 11  # 1,629
    assert build_schedule(Specification(clock_hz=25_590_000.0, frame_period_s=1e-4)).cycle_bits == 12  # 2,560
    assert build_schedule(Specification(frame_period_s=0.04095)).cycle_bits == 13  # 4,096: one more than 12 bits hold
    assert build_schedule(Specification(frame_period_s=0.04094)).cycle_bits == 12  # 4,095: all that 12 bits hold


@given(specifications())
def test_rows_do_not_overlap_and_fill_the_banks(spec: Specification) -> None:
    schedule = build_schedule(spec)
    for bank in range(2):
        spans: dict[int, int] = {}
        for step in schedule.passes:
            if step.kind is Kind.ACCUMULATE and step.banks >> bank & 1:
                spans[step.base] = step.entries
        ends = 0
        for base in sorted(spans):
            assert base == ends
            ends = base + spans[base]
        assert ends == schedule.bank_depths[bank]


@given(specifications())
def test_every_accumulation_clears_once_and_every_pair_transfers_once(spec: Specification) -> None:
    schedule = build_schedule(spec)
    assert sum(step.transfer for step in schedule.passes) == spec.group_pairs
    neurons = sum(step.kind is Kind.NEURONS for step in schedule.passes)
    turns = spec.time_steps if spec.pe_sets == 1 else 1
    assert neurons == turns * sum(spec.tiles(layer) for layer in range(len(spec.layers)))
    assert sum(step.clear for step in schedule.passes) == neurons + spec.group_pairs
    for step in schedule.passes:
        assert (step.source is Source.NONE) == (step.kind is not Kind.ACCUMULATE)
    assert sum(schedule.words_of_pair(pair) for pair in range(spec.group_pairs)) == schedule.frame_words


def test_one_set_goes_through_the_layers_once_a_time_step_and_reads_a_row_a_cycle() -> None:
    spec = Specification(pe_sets=1, parallel_time_steps=False)
    schedule = build_schedule(spec)
    phases = [step.phase for step in schedule.passes]
    first = ["L0 input"] * 8 + ["L0 recurrent", "L0 neurons"]
    second = ["L1 feed-forward", "L1 recurrent", "L1 neurons"]
    assert phases == first * 2 + second * 2 + ["FC"] * 15
    assert [step.align for step in schedule.passes[:9]] == [7, 6, 5, 4, 3, 2, 1, 0, 4]
    assert [step.subtract for step in schedule.passes[:10]] == [True] + [False] * 9
    spikes = [step for step in schedule.passes if step.source in (Source.THIS, Source.LAST) and step.phase != "FC"]
    assert [step.steps for step in spikes] == [1, 2, 1, 1, 2, 2]
    assert [step.time_step for step in schedule.passes if step.kind is Kind.NEURONS] == [0, 1, 0, 1]
    assert [step.banks for step in schedule.passes if step.phase == "FC"] == [1, 2] * 7 + [1]
    assert {step.sets for step in schedule.passes if step.kind is Kind.ACCUMULATE and step.phase == "FC"} == {1}
    # The same memory as with two sets.
    assert schedule.bank_depths == build_schedule(Specification()).bank_depths
    # 41 + 2 x (320 + 3 x 128 + 2 x 3) + 15 x 128 + 3 + 8
    assert schedule.worst_cycles == 3392


def test_one_set_and_one_time_step_reads_each_row_once() -> None:
    schedule = build_schedule(Specification(pe_sets=1, time_steps=1))
    phases = [step.phase for step in schedule.passes]
    layers = ["L0 recurrent", "L0 neurons", "L1 feed-forward", "L1 recurrent", "L1 neurons"]
    assert phases == ["L0 input"] * 8 + layers + ["FC"] * 15
    # 41 + 320 + 3 x 128 + 2 x 3 + 15 x 128 + 3 + 8
    assert schedule.worst_cycles == 2682


WHAT = {Kind.ACCUMULATE: "accumulate", Kind.COMBINE: "combine", Kind.NEURONS: "neurons"}
FROM = {Source.CODES: "codes", Source.THIS: "this", Source.LAST: "last"}


def as_written(step: Pass, fields: Iterable[str]) -> dict[str, object]:
    """Return a pass in the words of the table: names for numbers, sets for bits."""
    names: dict[str, object] = {"kind": WHAT[step.kind], "source": FROM.get(step.source)}
    bits = {name: {bit for bit in range(8) if getattr(step, name) >> bit & 1} for name in ("steps", "banks", "sets")}
    return {name: (names | bits)[name] if name in names | bits else getattr(step, name) for name in fields}


@given(specifications())
def test_every_pass_is_that_of_the_table(spec: Specification) -> None:
    schedule, (passes, rows) = build_schedule(spec), table(spec)
    assert len(schedule.passes) == len(passes)
    # What only one kind of pass has is 0 in the others.
    for step in schedule.passes:
        assert step.tile == 0 or step.phase != "FC"
        assert step.time_step == 0 or step.kind is Kind.NEURONS
        assert step.entries == 0 or step.kind is Kind.ACCUMULATE
        assert step.plane == 0 or step.source is Source.CODES
    for step, wanted in zip(schedule.passes, passes, strict=True):
        assert as_written(step, wanted) == wanted
        assert step.shares_row == (wanted["banks"] == {1})
    assert schedule.bank_depths == rows
    most = max(rows)
    assert 1 << schedule.address_bits >= most
    assert schedule.address_bits == 1 or 1 << schedule.address_bits - 1 < most
    longest = max(wanted["entries"] for wanted in passes if wanted["kind"] == "accumulate")
    assert schedule.entries == longest


# The last pair's words are fewer than the cycles that its transfer waits for those before it.
@example(Specification(layers=(1, 1), outputs=37, lanes=16, logits_per_cycle=4))
@given(specifications())
def test_sizes_are_those_of_the_table(spec: Specification) -> None:
    schedule = build_schedule(spec)
    assert schedule.worst_cycles == most_cycles(spec)
    largest = max(most_cycles(spec), int(spec.clock_hz * spec.frame_period_s) + 1)
    assert 1 << schedule.cycle_bits > largest >= 1 << schedule.cycle_bits - 1
    assert schedule.code_planes == spec.input_bits + (spec.plane_coding == "sign_magnitude")
    assert schedule.low_planes == (rounded_up(spec.input_bits, 2) if spec.pe_sets == 2 else spec.input_bits)
    assert schedule.neuron_steps == (1 if spec.pe_sets == 1 else spec.time_steps)
    assert schedule.neuron_slots == schedule.neuron_steps + 2
    # The words of every pair, word by word: each goes to the pair whose lanes hold its outputs.
    held = [word * spec.logits_per_cycle // (spec.lanes * spec.pe_sets) for word in range(schedule.frame_words)]
    assert schedule.frame_words == rounded_up(spec.outputs, spec.logits_per_cycle)
    for pair in range(held[-1] + 1):
        assert schedule.words_of_pair(pair) == held.count(pair)
    assert schedule.set_words * spec.logits_per_cycle == spec.lanes
    assert schedule.pair_words == spec.pe_sets * schedule.set_words


def test_the_codes_of_states_and_kinds_are_those_of_the_table() -> None:
    # docs/schedule.md, "States"; kinds and sources have no code there, but three and four of them.
    assert (State.IDLE, State.RUN, State.FLUSH) == (0, 1, 2)
    assert len(Kind) == len({int(kind) for kind in Kind}) == 3
    assert len(Source) == len({int(source) for source in Source}) == 4
