"""Co-simulation of the exported Verilog: an engine hands over the record of every cycle, a frame at a time.

The scoreboard, the report and the activity are those of the MyHDL engine; golden computes the next frame while the
engine simulates this one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from cosim.engines.icarus import IcarusEngine
from cosim.engines.stimuli import CODE_VALID, FIRST, LOGITS_READY, RESET, START
from cosim.engines.verilator import VerilatorEngine
from cosim.latched_rows import with_latched_rows
from cosim.result import Cosimulation
from cosim.scoreboard import CYCLES_AFTER, CYCLES_BEFORE, CosimulationError, PredictionError, blame, blame_handshake
from cosim.waveform import Wave, write_waveform
from golden.checkpoint import Checkpoint
from golden.errors import StimulusError
from golden.handshake import handshake_of
from golden.layout import build_layout
from golden.memory_image import BankImage, memory_image
from golden.predicted_activity import ActivityCounter, Row
from golden.trace import PHASE, CycleModel
from rtl.design import Design, build_design


class RecordEngine(Protocol):
    """A simulator of the Verilog that gives a packed record a cycle."""

    def load(self, banks: Sequence[BankImage]) -> None:
        """Write every row of both banks through the weight port."""

    def run(self, stimuli: np.ndarray, codes: np.ndarray, records: np.ndarray, *, handshake: np.ndarray) -> None:
        """Run ``len(stimuli)`` cycles into `records` and `handshake` (`golden.handshake`), counting toggles."""

    def toggles(self) -> dict[str, int] | None:
        """Return the toggles of each field so far, as the engine itself counted them; None if it does not count."""

    def close(self) -> None:
        """End the simulation."""


ENGINES: dict[str, Callable[[Design], RecordEngine]] = {
    "icarus": IcarusEngine,
    "verilator": VerilatorEngine,
}


@dataclass
class _Frame:
    """What golden says of a stretch of cycles, and what drives it."""

    where: tuple[str, int]
    stimuli: np.ndarray
    codes: np.ndarray
    expected: np.ndarray
    labels: np.ndarray
    is_frame: bool = True


class RecordedActivity:
    """Activity of the engine's records.

    Parameters
    ----------
    counter : golden.predicted_activity.ActivityCounter
    """

    def __init__(self, counter: ActivityCounter) -> None:
        self._counter = counter

    def check_toggles(self, toggles: Mapping[str, int]) -> None:
        """Hold the toggles of the records to those that the engine counted itself, by field.

        Raises
        ------
        PredictionError
            Names the first field and both counts.
        """
        for row in self.rows():
            path = f"{row['block']}.{row['signal']}"
            if row["toggles"] is not None and row["toggles"] != toggles[path]:
                raise PredictionError(f"toggles of {path}: expected {row['toggles']} got {toggles[path]}")

    @property
    def cycles(self) -> dict[str, int]:
        """Cycles counted, by phase."""
        counted = zip(self._counter.phases, self._counter.cycles, strict=True)
        return {phase: int(cycles) for phase, cycles in counted if cycles}

    @property
    def total_cycles(self) -> int:
        """Cycles counted."""
        return int(self._counter.cycles.sum())

    def rows(self, phase: str | None = None) -> list[Row]:
        """Return the activity table, of one phase or of all."""
        return self._counter.rows(phase)


def cosimulate_verilog(
    checkpoint: Checkpoint,
    utterances: Mapping[str, np.ndarray],
    *,
    engine: str,
    architecture: str = "sliced",
    reset_after: int | None = None,
    wave_cycles: int = 0,
    mismatch_folder: Path | None = None,
    progress: Callable[[int], None] | None = None,
    design: Design | None = None,
    start: Callable[[Design], RecordEngine] | None = None,
) -> Cosimulation:
    """Run utterances through the Verilog accelerator; see `cosim.cosimulate.cosimulate`.

    Parameters
    ----------
    design : Design, optional
        What to simulate, by default what the checkpoint's specification exports.
    start : callable, optional
        Starts the engine, by default with no more than the design.
    """
    spec, layout = checkpoint.specification, build_layout(checkpoint.specification)
    require_frames(utterances)
    model = CycleModel(checkpoint)
    counter = ActivityCounter(spec, phases=model.phases)
    activity = RecordedActivity(counter)
    bits = sum(entry.bits for entry in layout)
    found = Cosimulation(len(layout.fields), bits, activity, engine=engine.capitalize())
    simulator = (start or ENGINES[engine])(design if design is not None else build_design(spec, architecture))
    got = model.buffer()
    ready = np.zeros(len(got), dtype=np.uint8)
    tail = np.zeros((0, layout.words), dtype=np.uint64)
    done, overrun, best = (layout[f"{name}"].offset for name in _SAMPLED)
    # On a new machine the cycle model compiles in its first cycle, which says nothing of the simulation's speed.
    CycleModel(checkpoint).frame(np.zeros(spec.inputs, dtype=np.int64))
    try:
        simulator.load(memory_image(checkpoint))
        begun = time.perf_counter()
        for frame in _ahead(_frames(model, utterances, reset_after)):
            cycles = len(frame.stimuli)
            simulator.run(frame.stimuli, frame.codes, got, handshake=ready)
            seen = got[:cycles]
            if not np.array_equal(seen, frame.expected):
                at = int(np.argmax((seen != frame.expected).any(axis=1)))
                before = frame.expected[at - 1] if at else (tail[-1] if len(tail) else frame.expected[0])
                doing = model.describe(at, frame.labels)
                mismatch = blame(model, frame.where, found.cycles + at, doing, frame.expected[at], seen[at], before)
                if mismatch_folder is not None:
                    waves = _around(tail, seen, frame.expected, at, found.cycles)
                    mismatch_folder.mkdir(parents=True, exist_ok=True)
                    write_waveform(
                        mismatch_folder / "mismatch.vcd", layout, waves, clock_hz=spec.clock_hz, marker=mismatch.cycle
                    )
                raise CosimulationError(mismatch)
            wanted = handshake_of(frame.expected, layout, spec.inputs)
            if not np.array_equal(ready[:cycles], wanted):
                at = int(np.argmax(ready[:cycles] != wanted))
                doing = model.describe(at, frame.labels)
                raise CosimulationError(
                    blame_handshake(frame.where, found.cycles + at, doing, int(wanted[at]), int(ready[at]))
                )
            counter.add(seen, phases=frame.labels[:, PHASE])
            if found.cycles < wave_cycles:
                kept = seen[: wave_cycles - found.cycles].copy()
                found.waves += [Wave(found.cycles + at, record) for at, record in enumerate(kept)]
            ends = np.flatnonzero(seen[:, done])
            found.overruns += int(seen[ends, overrun].sum())
            found.best += seen[ends, best].astype(int).tolist()
            found.cycles += cycles
            # Of its own: a part of a longer array would keep all of that.
            tail = np.concatenate([tail, seen[-CYCLES_BEFORE:]])[-CYCLES_BEFORE:].copy()
            if frame.is_frame:
                found.frames += 1
                found.frame_cycles.append(cycles)
                if progress is not None:
                    progress(1)
        found.seconds = time.perf_counter() - begun
        own = simulator.toggles()
        if own is not None:
            activity.check_toggles(own)
    finally:
        simulator.close()
    return found


def require_frames(utterances: Mapping[str, np.ndarray]) -> None:
    """Refuse what has nothing to simulate.

    Raises
    ------
    StimulusError
        No utterance, or one without a frame.
    """
    if not utterances:
        raise StimulusError("utterances: there are none, expected at least one with a frame")
    for name, codes in utterances.items():
        if not len(codes):
            raise StimulusError(f"utterance {name!r}: has no frame, expected at least one")


_SAMPLED = ("controller.done", "controller.overrun", "output.best_index")


def _frames(
    model: CycleModel, utterances: Mapping[str, np.ndarray], reset_after: int | None
) -> Iterator[_Frame]:
    """Yield what golden expects, frame by frame, from reset; in the end one cycle more, which shows the last `done`."""
    inputs, checkpoint = model.checkpoint.specification.inputs, model.checkpoint

    def stimuli_of(codes: np.ndarray, cycles: int, *, first: bool) -> tuple[np.ndarray, np.ndarray]:
        stimuli = np.full(cycles, LOGITS_READY, dtype=np.uint8)
        stimuli[:inputs] |= CODE_VALID
        if cycles > inputs:
            stimuli[inputs] |= START | (FIRST if first else 0)
        driven = np.zeros(cycles, dtype=np.int32)
        driven[:inputs] = codes[:cycles]
        return stimuli, driven

    latched = None
    if reset_after is not None:
        name, codes = next(iter(utterances.items()))
        whole = model.frame(codes[0], first=True)
        if not 1 <= reset_after <= len(whole):
            raise StimulusError(f"reset_after: {reset_after}, expected 1..{len(whole)}, cycles of the first frame")
        stimuli, driven = stimuli_of(codes[0], len(whole), first=True)
        stimuli[reset_after - 1] |= RESET
        cut = slice(reset_after)
        where = (f"{name}, before the reset", 0)
        yield _Frame(where, stimuli[cut].copy(), driven[cut].copy(), whole[cut], model.labels[cut].copy(), False)
        # A reset leaves what the memories have latched, which a fresh model does not know.
        latched = whole[min(reset_after, len(whole) - 1)]
        model = CycleModel(checkpoint)
    # Written in turn: golden fills one while the engine is compared with the other.
    buffers = [model.buffer(), model.buffer(), model.buffer()]
    for name, codes in utterances.items():
        for number, frame in enumerate(codes):
            expected = model.frame(frame, first=number == 0, out=buffers[0])
            buffers.append(buffers.pop(0))
            if latched is not None:
                expected, latched = with_latched_rows(expected, latched, model.layout), None
            stimuli, driven = stimuli_of(frame, len(expected), first=number == 0)
            yield _Frame((name, number), stimuli, driven, expected, model.labels.copy())
    idle = model.idle(1)
    name, codes = list(utterances.items())[-1]
    where = (name, len(codes) - 1)
    stimuli, driven = np.full(1, LOGITS_READY, dtype=np.uint8), np.zeros(1, dtype=np.int32)
    yield _Frame(where, stimuli, driven, idle, model.labels.copy(), False)


def _ahead(frames: Iterator[_Frame]) -> Iterator[_Frame]:
    """Yield from an iterator whose next item is computed in a thread meanwhile."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        coming = pool.submit(next, frames, None)
        while (frame := coming.result()) is not None:
            coming = pool.submit(next, frames, None)
            yield frame


def _around(tail: np.ndarray, seen: np.ndarray, expected: np.ndarray, at: int, cycles: int) -> list[Wave]:
    """Return the cycles around cycle `at` of a frame that begins at cycle `cycles`."""
    earlier = [Wave(cycles - len(tail) + place, record, record) for place, record in enumerate(tail)]
    here = [Wave(cycles + place, seen[place].copy(), expected[place].copy()) for place in range(at + 1)]
    after = seen[at + 1 : at + CYCLES_AFTER]
    later = [Wave(cycles + at + 1 + place, record.copy()) for place, record in enumerate(after)]
    return [*earlier, *here][-CYCLES_BEFORE - 1 :] + later
