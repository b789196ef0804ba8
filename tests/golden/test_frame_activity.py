"""Frames and cycles add up to the utterance, count by count, and their toggles are the bits that differ."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given

from golden.checkpoint import random_checkpoint
from golden.frame_activity import cycle_activity, frame_activity
from golden.predicted_activity import ActivityCounter
from golden.specification import Specification
from golden.trace import PHASE, CycleModel
from tests.golden.specifications import utterances

COUNTS = ("toggles", "clocked_bits", "reads", "operations")


def counts(rows: list) -> Counter:
    """Return every count that is not 0, by block, signal and column."""
    return Counter(
        {(row["block"], row["signal"], column): row[column] for row in rows for column in COUNTS if row[column]}
    )


@given(utterances(frames=3))
def test_frames_and_cycles_add_up_to_the_utterance(drawn):
    checkpoint, codes = drawn
    spec, model = checkpoint.specification, CycleModel(checkpoint)
    whole = ActivityCounter(spec)
    for number, frame in enumerate(codes):
        whole.add(model.frame(frame, first=number == 0))
    frames: Counter = Counter()
    cycles: Counter = Counter()
    ran = 0
    for part in frame_activity(checkpoint, codes):
        frames.update(counts(part.counter.rows()))
        for rows in cycle_activity(spec, part):
            cycles.update(counts(rows))
        ran += part.cycles
    assert frames == counts(whole.rows())
    assert cycles == frames
    assert ran == whole.cycles.sum()


def test_a_cycle_s_toggles_are_the_bits_that_differ_from_the_cycle_before():
    spec = Specification(inputs=6, layers=(20, 12), outputs=70, lanes=16)
    codes = np.random.default_rng(3).integers(-8, 8, (2, 6))
    checkpoint = random_checkpoint(spec, seed=3)
    model = CycleModel(checkpoint)
    records = [model.frame(frame, first=number == 0) for number, frame in enumerate(codes)]
    labels = model.labels[:, PHASE].copy()
    *_, second = frame_activity(checkpoint, codes)
    np.testing.assert_array_equal(second.records, records[1])
    np.testing.assert_array_equal(second.labels, labels)
    before = records[0][-1]
    for record, rows in zip(records[1], cycle_activity(spec, second), strict=True):
        differing = sum((int(a) ^ int(b)).bit_count() for a, b in zip(record, before, strict=True))
        assert sum(row["toggles"] or 0 for row in rows) == differing
        before = record
