"""What utterances cost on one accelerator: counted by golden, and by every engine that runs its RTL.

Two models of golden count apart: `golden.cycles` from spikes, without a trace, and the cycle-accurate trace, to whose
every register an engine is held at every cycle. An engine's cycles, reads, additions and overruns of each utterance
must be those of the first; its toggles are counted from its own records, and Verilator's again by itself. Over a few
frames every count of every engine must be that of the trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from cosim.cosimulate import cosimulate
from cosim.scoreboard import PredictionError
from experiments.chain.simulation_key import simulation_key
from golden.checkpoint import Checkpoint
from golden.cycles import FrameCounts, count_frames, join_counts
from golden.forward import forward
from golden.predicted_activity import COLUMNS, ActivityCounter, Row
from golden.trace import CycleModel
from power.priced_activity import COUNTS
from rtl.build_cache import kept
from rtl.sources import sources_digest

# What golden's trace counts where no engine runs.
TRACE = "golden"


@dataclass(frozen=True)
class Measured:
    """Activity of utterances on one accelerator.

    Parameters
    ----------
    frames, cycles : int
        Cycles with the one after each utterance, which shows its last `done`.
    rows : list of Row
        The activity table of all.
    """

    frames: int
    cycles: int
    rows: list[Row]

    def total(self, column: str, *kinds: str) -> int:
        """Return the sum of a column over the rows of some kinds."""
        return sum(int(row[column] or 0) for row in self.rows if row["kind"] in kinds)

    @property
    def memory_bits(self) -> int:
        """Bits of the weight buffer."""
        return sum(int(row["bits"] or 0) * int(row["depth"] or 0) for row in self.rows if row["kind"] == "memory")


def golden_counts(checkpoint: Checkpoint, utterances: Mapping[str, np.ndarray]) -> dict[str, FrameCounts]:
    """Return golden's counts of each utterance, from its spikes; one utterance is held at a time."""
    return {
        name: count_frames(checkpoint, codes, forward(checkpoint, codes).spikes) for name, codes in utterances.items()
    }


def measure(
    checkpoint: Checkpoint,
    utterances: Mapping[str, np.ndarray],
    counts: Mapping[str, FrameCounts],
    *,
    engine: str,
    each: Callable[[int], object] = lambda cycles: None,
) -> Measured:
    """Run utterances on one engine, hold it to golden's counts, and add up the activity.

    What an utterance gave is kept by content, so that a run that was ended goes on where it was.

    Parameters
    ----------
    checkpoint : Checkpoint
    utterances : mapping of str to np.ndarray [shape=(frames, inputs), dtype=integer]
        At least one.
    counts : mapping of str to FrameCounts
        Of these, and perhaps others.
    engine : {"golden", "verilator", "icarus", "myhdl"}
        `TRACE` is the cycle-accurate model alone.
    each : callable, optional
        Called with the cycles of each utterance after its turn.

    Raises
    ------
    CosimulationError
        At the first register that differs.
    PredictionError
        A count differs; names utterance and count.
    EngineError
        The engine is not installed, or fails.
    """
    parts = []
    for name, codes in utterances.items():
        if engine == TRACE:
            key = simulation_key(checkpoint, codes, engine, sources_digest(__name__))
        else:
            key = simulation_key(checkpoint, codes, engine, sources_digest(__name__), "cosimulated")
        found = kept("technique", key, partial(_run, checkpoint, name, codes, engine))
        require_equal(name, engine, predicted(checkpoint, counts[name]), found["counted"])
        parts.append(found)
        each(found["cycles"])
    return Measured(
        frames=sum(len(codes) for codes in utterances.values()),
        cycles=sum(part["cycles"] for part in parts),
        rows=add_up([part["rows"] for part in parts]),
    )


def require_same_activity(checkpoint: Checkpoint, codes: np.ndarray, engines: Sequence[str]) -> None:
    """Run a few frames on every engine and require each count of its activity to be that of golden's trace.

    Raises
    ------
    CosimulationError, EngineError
        As `measure`.
    PredictionError
        A count differs; names engine, signal and column.
    """
    name = "frames on every engine"
    expected = _counted_by_trace(checkpoint, codes)[0]
    counts = {name: count_frames(checkpoint, codes, forward(checkpoint, codes).spikes)}
    for engine in engines:
        found = measure(checkpoint, {name: codes}, counts, engine=engine)
        require_rows(engine, expected, found.rows)


def require_rows(engine: str, expected: Sequence[Row], found: Sequence[Row]) -> None:
    """Require two activity tables to be the same.

    Raises
    ------
    PredictionError
        Names engine, signal and column.
    """
    by_signal = {(row["block"], row["signal"]): row for row in found}
    if len(by_signal) != len(expected):
        raise PredictionError(f"{engine}: {len(by_signal)} rows of activity, expected {len(expected)}")
    for row in expected:
        other = by_signal.get((row["block"], row["signal"]))
        for column in COLUMNS:
            if other is None or other[column] != row[column]:
                got = "nothing" if other is None else other[column]
                raise PredictionError(
                    f"{engine}: {column} of {row['block']}.{row['signal']}: expected {row[column]} got {got}"
                )


def predicted(checkpoint: Checkpoint, counts: FrameCounts) -> dict[str, list[int]]:
    """Return what golden says without a trace that an engine must count: cycles a frame, overruns, reads, additions."""
    spec = checkpoint.specification
    # A lane adds once more where the two halves of its input are put together.
    combined = [
        int(counts.phase_cycles[:, column].sum()) * spec.lanes
        for column, phase in enumerate(counts.phases)
        if phase.endswith(" combine")
    ]
    halves = [sum(combined) if pe_set < spec.time_steps else 0 for pe_set in range(spec.pe_sets)]
    return {
        "cycles of each frame": counts.cycles.tolist(),
        "overruns": [int((counts.cycles > spec.frame_budget).sum())],
        "reads of each bank": counts.rows.sum(axis=0).tolist(),
        "additions of each set": (counts.additions.sum(axis=0) + halves).tolist(),
    }


def require_equal(name: str, engine: str, expected: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """Require an engine's counts of an utterance to be golden's.

    Raises
    ------
    PredictionError
        Names utterance, engine and count; of cycles the first frame that differs.
    """
    for what, wanted in expected.items():
        got = found[what]
        if got == wanted:
            continue
        if len(got) == len(wanted) > 2:
            frame = next(at for at, pair in enumerate(zip(wanted, got, strict=True)) if pair[0] != pair[1])
            what, wanted, got = f"{what}, frame {frame}", wanted[frame], got[frame]
        raise PredictionError(f"{name}: {engine} counts other {what} than golden: expected {wanted} got {got}")


def add_up(tables: Iterable[Sequence[Row]]) -> list[Row]:
    """Return activity tables of one accelerator as one, every count the sum; depths are those of each."""
    total: list[Row] = []
    for table in tables:
        if not total:
            total = [dict(row) for row in table]
            continue
        for row, more in zip(total, table, strict=True):
            for column in COUNTS:
                if column != "depth" and row[column] is not None:
                    row[column] = int(row[column] or 0) + int(more[column] or 0)
    return total


def joined(counts: Mapping[str, FrameCounts]) -> FrameCounts:
    """Return the counts of all utterances, one after the other."""
    return join_counts(list(counts.values()))


# ---- one utterance -----------------------------------------------------------------------------------------


def _run(checkpoint: Checkpoint, name: str, codes: np.ndarray, engine: str) -> dict[str, Any]:
    """Return what an utterance gave, as JSON types."""
    if engine == TRACE:
        rows, frame_cycles, overruns = _counted_by_trace(checkpoint, codes)
    else:
        found = cosimulate(checkpoint, {name: codes}, engine=engine)
        rows, frame_cycles, overruns = found.activity.rows(), found.frame_cycles, found.overruns
    memories = [int(row["reads"] or 0) for row in rows if row["kind"] == "memory"]
    adders = [int(row["operations"] or 0) for row in rows if row["kind"] == "adder" and row["block"] == "pe_array"]
    counted = {
        "cycles of each frame": [int(cycles) for cycles in frame_cycles],
        "overruns": [int(overruns)],
        "reads of each bank": memories,
        "additions of each set": adders,
    }
    return {"cycles": sum(frame_cycles) + 1, "counted": counted, "rows": [dict(row) for row in rows]}


def _counted_by_trace(checkpoint: Checkpoint, codes: np.ndarray) -> tuple[list[Row], list[int], int]:
    """Return the activity, the cycles of each frame and the overruns of golden's trace."""
    spec, model = checkpoint.specification, CycleModel(checkpoint)
    counter, buffer, cycles = ActivityCounter(spec), model.buffer(), []
    overrun, overruns = model.layout["controller.overrun"], 0

    def note(records: np.ndarray) -> None:
        nonlocal overruns
        # `done` and what goes with it show in the first cycle after a frame.
        overruns += int(records[0, overrun.offset])

    for number, frame in enumerate(codes):
        records = model.frame(frame, first=number == 0, out=buffer)
        if number:
            note(records)
        cycles.append(len(records))
        counter.add(records)
    idle = model.idle(1)
    note(idle)
    counter.add(idle)
    return counter.rows(), cycles, overruns
