"""Activity frame by frame, and cycle by cycle within one: what `golden.predicted_activity` counts, in windows.

Every toggle, clocked bit, read and addition belongs to one window, so that the windows of an utterance add up to its
activity. A window's first record is compared with the last one before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from golden.checkpoint import Checkpoint
from golden.predicted_activity import ActivityCounter, Row
from golden.specification import Specification
from golden.trace import PHASE, CycleModel


@dataclass(frozen=True, kw_only=True)
class FrameActivity:
    """One frame's activity.

    Parameters
    ----------
    number, cycles : int
        From 0; clock cycles, loading included.
    counter : ActivityCounter
        By phase of the frame.
    records : np.ndarray [shape=(cycles, layout.words), dtype=uint64]
        Overwritten by the next frame.
    previous : np.ndarray [shape=(layout.words,), dtype=uint64] or None
        The record before the first.
    labels : np.ndarray [shape=(cycles,), dtype=int32]
        Phase of each cycle; overwritten by the next frame.
    """

    number: int
    cycles: int
    counter: ActivityCounter
    records: np.ndarray
    previous: np.ndarray | None
    labels: np.ndarray


def frame_activity(checkpoint: Checkpoint, codes: np.ndarray) -> Iterator[FrameActivity]:
    """Yield the activity of each frame of an utterance; one frame's records are held at a time.

    Parameters
    ----------
    checkpoint : Checkpoint
    codes : np.ndarray [shape=(frames, inputs), dtype=integer]

    Raises
    ------
    StimulusError
        Codes of the wrong shape, type or range.
    """
    spec, model = checkpoint.specification, CycleModel(checkpoint)
    buffer = model.buffer()
    previous: np.ndarray | None = None
    for number, frame in enumerate(codes):
        counter = ActivityCounter(spec, phases=model.phases)
        if previous is not None:
            counter.settle(previous)
        records, labels = model.frame(frame, first=number == 0, out=buffer), model.labels[:, PHASE]
        counter.add(records, phases=labels)
        yield FrameActivity(
            number=number, cycles=len(records), counter=counter, records=records, previous=previous, labels=labels
        )
        previous = records[-1].copy()


def cycle_activity(spec: Specification, frame: FrameActivity) -> Iterator[list[Row]]:
    """Yield the activity table of each cycle of a frame, before the next frame is asked for."""
    names = [str(cycle) for cycle in range(frame.cycles)]
    counter = ActivityCounter(spec, phases=names)
    if frame.previous is not None:
        counter.settle(frame.previous)
    counter.add(frame.records, phases=np.arange(frame.cycles))
    for name in names:
        yield counter.rows(name)
