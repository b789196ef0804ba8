"""What a design does in a frame: cycles, reads and additions of whole utterances, toggles of some of their frames.

Cycles of every frame, row reads and additions come from `golden.cycles`, from spikes, without a trace. Toggles and
clock edges come from golden's cycle-accurate trace of a few frames in the middle of each utterance, after some that
bring the state there and do not count; they are scaled a frame to all frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from experiments.ablation.counts import add_up, golden_counts, joined, predicted
from experiments.chain.simulation_key import array_digest, network_digest
from golden.checkpoint import Checkpoint
from golden.predicted_activity import ActivityCounter, Row
from golden.trace import CycleModel
from power.priced_activity import ActivityRow, Run
from rtl.build_cache import digest, kept
from rtl.sources import sources_digest

__all__ = ["WARM_UP", "Activity", "measure"]

# Frames that are run before those that count: membranes leak half a frame's sum a time step, so few are enough.
WARM_UP = 5


@dataclass(frozen=True)
class Activity:
    """Counts of all frames of some utterances on one design.

    Parameters
    ----------
    frames, cycles : int
    cycles_p99, cycles_most, frames_over_budget : int
        Of a frame; the 99th percentile is a frame's own count, the next above.
    row_reads, additions : int
        Of all frames, exact; the additions that join the halves of an input are among them.
    traced_frames : int
        Whose toggles were counted.
    rows : list of Row
        The activity table, scaled to all frames: reads, additions and free-running clocks are exact.
    """

    frames: int
    cycles: int
    cycles_p99: int
    cycles_most: int
    frames_over_budget: int
    row_reads: int
    additions: int
    traced_frames: int
    rows: list[Row]

    def priced_rows(self) -> list[ActivityRow]:
        """Return the rows as `power` takes them."""
        return [ActivityRow.from_mapping(row) for row in self.rows]

    def run(self, clock_hz: float, frame_period_s: float) -> Run:
        """Return the run that the rows are of, at a clock."""
        return Run(frames=self.frames, cycles=self.cycles, clock_hz=clock_hz, frame_period_s=frame_period_s)

    def toggles(self, kind: str) -> float:
        """Return toggles a frame of the rows of a kind."""
        return sum(int(row["toggles"] or 0) for row in self.rows if row["kind"] == kind) / self.frames

    @property
    def memory_bits(self) -> int:
        """Bits of the weight buffer."""
        return sum(int(row["bits"] or 0) * int(row["depth"] or 0) for row in self.rows if row["kind"] == "memory")


def measure(checkpoint: Checkpoint, utterances: Mapping[str, np.ndarray], traced: int) -> Activity:
    """Count utterances on the design of a checkpoint's specification; kept by content.

    Parameters
    ----------
    checkpoint : Checkpoint
    utterances : mapping of str to np.ndarray [shape=(frames, inputs), dtype=integer]
        At least one.
    traced : int
        Frames of each utterance whose toggles are counted, from 1; all of one that is shorter.

    Raises
    ------
    SpecificationError
        The records of a frame would be too large.
    StimulusError
        Codes that the specification refuses.
    """
    code = sources_digest("golden", "experiments.ablation.counts", __name__)
    codes = [f"{name} {array_digest(array)}" for name, array in utterances.items()]
    key = digest(code, network_digest(checkpoint), str(traced), *codes)
    return Activity(**kept("design", key, partial(_measured, checkpoint, utterances, traced)))


def _measured(checkpoint: Checkpoint, utterances: Mapping[str, np.ndarray], traced: int) -> dict[str, Any]:
    spec = checkpoint.specification
    counts = joined(golden_counts(checkpoint, utterances))
    exact = predicted(checkpoint, counts)
    tables, frames = [], 0
    for codes in utterances.values():
        first = max(0, (len(codes) - traced) // 2)
        tables.append(_trace(checkpoint, codes, first, traced))
        frames += min(traced, len(codes))
    cycles = int(counts.cycles.sum())
    reads, added = exact["reads of each bank"], exact["additions of each set"]
    return {
        "frames": len(counts.cycles),
        "cycles": cycles,
        "cycles_p99": int(np.percentile(counts.cycles, 99, method="higher")),
        "cycles_most": int(counts.cycles.max()),
        "frames_over_budget": int((counts.cycles > spec.frame_budget).sum()),
        "row_reads": sum(reads),
        "additions": sum(added),
        "traced_frames": frames,
        "rows": scaled(add_up(tables), len(counts.cycles), frames, cycles, reads=reads, additions=added),
    }


def _trace(checkpoint: Checkpoint, codes: np.ndarray, first: int, count: int) -> list[Row]:
    """Return the activity of some frames, those before them run from `WARM_UP` on."""
    model, counter = CycleModel(checkpoint), ActivityCounter(checkpoint.specification)
    buffer, begin = model.buffer(), max(0, first - WARM_UP)
    for number in range(begin, min(first + count, len(codes))):
        records = model.frame(codes[number], first=number == begin, out=buffer)
        if number >= first:
            counter.add(records)
        elif number == first - 1:
            counter.settle(records[-1])
    return counter.rows()


def scaled(
    rows: list[Row], frames: int, traced: int, cycles: int, *, reads: list[int], additions: list[int]
) -> list[Row]:
    """Return the activity of some frames as that of all: a frame has as many toggles and gated clock edges as these.

    Parameters
    ----------
    rows : list of Row
        Of `traced` frames.
    frames, traced, cycles : int
        All frames, those of the rows, and the cycles of all.
    reads, additions : list of int
        Of all frames, by bank and by PE set, which take the place of the rows'.
    """
    banks, adders, found = iter(reads), iter(additions), []
    for row in rows:
        new = dict(row)
        # No bit toggles and no flip-flop is clocked more than once a cycle.
        most = int(row["bits"] or 0) * cycles
        for column in ("toggles", "clocked_bits", "operations"):
            if row[column] is not None:
                new[column] = round(int(row[column] or 0) * frames / traced)
        for column in ("toggles", "clocked_bits"):
            if row[column] is not None:
                new[column] = min(int(new[column] or 0), most)
        if row["clock"] == "free":
            new["clocked_bits"] = most
        if row["kind"] == "memory":
            new["reads"] = next(banks)
        if row["kind"] == "adder" and row["block"] == "pe_array":
            new["operations"] = next(adders)
        found.append(new)
    return found
