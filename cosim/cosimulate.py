"""Co-simulation: the MyHDL accelerator against the golden model, every register at every clock cycle."""

from __future__ import annotations

import dataclasses
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cosim.activity import ActivityCounter
from cosim.bench import IDLE, Stimulus, bench, forgotten_afterwards
from cosim.sampling import Sampler
from cosim.scoreboard import CosimulationError, Mismatch, describe_inputs, differing_fields, first_difference
from cosim.waveform import Wave, write_waveform
from golden.checkpoint import Checkpoint
from golden.errors import StimulusError
from golden.forward import check_codes
from golden.layout import PORT
from golden.memory_image import memory_image
from golden.trace import CycleModel
from rtl.registers import build_ports, build_registers

CYCLES_BEFORE, CYCLES_AFTER = 48, 16


@dataclass
class Cosimulation:
    """What a co-simulation found.

    Parameters
    ----------
    frames, cycles : int
        Frames and clock cycles compared.
    signals, bits : int
        Registers and ports of a record, and their bits, compared in each of those cycles.
    frame_cycles : list of int
        Cycles of each frame, loading included.
    overruns : int
        Frames that raised the overrun flag.
    best : list of int
        The accelerator's arg-max of each frame.
    activity : ActivityCounter
    seconds : float
        Wall-clock time of the simulation, comparison included.
    waves : list of Wave
        The first cycles, where a waveform was asked for.
    """

    signals: int
    bits: int
    activity: ActivityCounter
    frames: int = 0
    cycles: int = 0
    frame_cycles: list[int] = field(default_factory=list)
    overruns: int = 0
    best: list[int] = field(default_factory=list)
    seconds: float = 0.0
    waves: list[Wave] = field(default_factory=list)

    @property
    def values_compared(self) -> int:
        """Registers and ports compared, over all cycles."""
        return self.signals * self.cycles


def cosimulate(
    checkpoint: Checkpoint,
    utterances: Mapping[str, np.ndarray],
    *,
    frames: int | None = None,
    load_weights: bool = False,
    architecture: str = "sliced",
    reset_after: int | None = None,
    wave_cycles: int = 0,
    mismatch_folder: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> Cosimulation:
    """Run utterances through the MyHDL accelerator and compare every register with golden at every cycle.

    Parameters
    ----------
    checkpoint : Checkpoint
    utterances : mapping of str to np.ndarray [shape=(frames, inputs), dtype=integer]
        Codes by name. Each utterance begins with the network's state cleared.
    frames : int, optional
        Frames of each utterance to run; all of them by default.
    load_weights : bool
        Write every weight row through the weight port first, instead of starting with loaded memories.
    architecture : {"sliced", "lanes"}
        Of the PE sets (``rtl.pe_set``).
    reset_after : int, optional
        Begin the first utterance, reset the accelerator in that cycle of its first frame, counted from 1, and begin
        anew.
    wave_cycles : int
        Cycles to keep for a waveform.
    mismatch_folder : Path, optional
        Where a mismatch leaves ``mismatch.vcd`` and ``mismatch.gtkw``.
    progress : callable, optional
        Called with 1 after each frame.

    Returns
    -------
    Cosimulation

    Raises
    ------
    CosimulationError
        RTL and golden differ; its message is the first difference.
    StimulusError, UnsupportedSwitchError
        Codes, a cycle of reset or a specification that the accelerator cannot take.
    """
    spec = checkpoint.specification
    checked = {name: check_codes(spec, codes)[:frames] for name, codes in utterances.items()}
    images = memory_image(checkpoint)
    with forgotten_afterwards():
        registers, ports = build_registers(spec), build_ports(spec)
        sampler = Sampler(registers)
        run = _Run(checkpoint, checked, sampler, reset_after, wave_cycles, progress)
        # On a new machine the cycle model compiles in its first cycle, which says nothing of the simulation's speed.
        CycleModel(checkpoint).frame(np.zeros(spec.inputs, dtype=np.int64))
        begun = time.perf_counter()
        contents = (images[0].row_values(), images[1].row_values())
        testbench = bench(ports, registers, spec, contents, run, load_weights, architecture)
        try:
            testbench.run_sim(quiet=1)
        finally:
            testbench.quit_sim()
    run.result.seconds = time.perf_counter() - begun
    if run.mismatch is not None:
        if mismatch_folder is not None:
            mismatch_folder.mkdir(parents=True, exist_ok=True)
            write_waveform(
                mismatch_folder / "mismatch.vcd",
                sampler.layout,
                list(run.recent),
                clock_hz=spec.clock_hz,
                marker=run.mismatch.cycle,
            )
        raise CosimulationError(run.mismatch)
    return run.result


class _Run:
    """Drive the utterances and compare each cycle (a `cosim.bench.Monitor`)."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        utterances: Mapping[str, np.ndarray],
        sampler: Sampler,
        reset_after: int | None,
        wave_cycles: int,
        progress: Callable[[int], None] | None,
    ) -> None:
        self.model = CycleModel(checkpoint)
        self.utterances, self.sampler, self.progress = utterances, sampler, progress
        self.reset_after, self.wave_cycles = reset_after, wave_cycles
        self.latched: np.ndarray | None = None
        spec = checkpoint.specification
        self.result = Cosimulation(
            len(sampler.layout.fields),
            sum(entry.bits for entry in sampler.layout),
            ActivityCounter(spec, sampler),
        )
        self.recent: deque[Wave] = deque(maxlen=CYCLES_BEFORE + CYCLES_AFTER)
        self.mismatch: Mismatch | None = None
        self.where = ("", 0)
        self.records = np.zeros((0, sampler.layout.words), dtype=np.uint64)
        self.expected: list[list[int]] = []
        self.at = 0
        self.stimulus = IDLE
        self.recent_values: deque[tuple[int, list[int], np.ndarray]] = deque(maxlen=CYCLES_BEFORE)
        self.kept = 0
        paths = [slot.field.path for slot in sampler.slots]
        self.done_at = paths.index("controller.done")
        self.overrun_at = paths.index("controller.overrun")
        self.best_at = paths.index("output.best_index")

    def stimuli(self) -> Iterator[Stimulus]:
        if self.reset_after is not None:
            yield from self._broken_off(self.reset_after)
        for name, codes in self.utterances.items():
            for number, frame in enumerate(codes):
                self.where = (name, number)
                self._expect(self.model.frame(frame, first=number == 0))
                yield from self._frame(frame, first=number == 0)
                if self.mismatch is not None:
                    yield from [IDLE] * CYCLES_AFTER
                    return
                self._finish_frame()
        # One cycle more shows `done` and what the last frame's last edge left.
        self._expect(self.model.idle(1))
        self.at, self.stimulus = 0, IDLE
        yield IDLE

    def _frame(self, frame: np.ndarray, *, first: bool) -> Iterator[Stimulus]:
        """Load a frame, start it and wait for as long as golden takes, or until the first mismatch."""
        inputs = self.model.checkpoint.specification.inputs
        for cycle in range(len(self.records)):
            self.at = cycle
            if cycle < inputs:
                self.stimulus = Stimulus(code_valid=True, code=int(frame[cycle]))
            elif cycle == inputs:
                self.stimulus = Stimulus(start=True, first=first)
            else:
                self.stimulus = IDLE
            yield self.stimulus
            if self.mismatch is not None:
                return

    def _broken_off(self, cycles: int) -> Iterator[Stimulus]:
        """Run `cycles` cycles of the first frame, the last of them with reset, and start from a fresh model."""
        name, codes = next(iter(self.utterances.items()))
        self.where = (f"{name}, before the reset", 0)
        whole = self.model.frame(codes[0], first=True)
        if not 1 <= cycles <= len(whole):
            raise StimulusError(f"reset_after: {cycles}, expected 1..{len(whole)}, cycles of the first frame")
        self._expect(whole[:cycles])
        for stimulus in self._frame(codes[0], first=True):
            yield dataclasses.replace(stimulus, reset=True) if self.at == cycles - 1 else stimulus
        # A reset leaves what the memories have latched, which a fresh model does not know.
        self.latched = whole[min(cycles, len(whole) - 1)]
        self.model = CycleModel(self.model.checkpoint)

    def _expect(self, records: np.ndarray) -> None:
        if self.latched is not None:
            records = self._with_latched_rows(records, self.latched)
            self.latched = None
        self.records, self.expected = records, self.sampler.expected(records)

    def _with_latched_rows(self, records: np.ndarray, latched: np.ndarray) -> np.ndarray:
        """Return the first frame after a reset with each row as latched before it, until the bank is read."""
        records = records.copy()
        reads = records[:, self.sampler.layout["weight_buffer.read"].offset].astype(np.int64)
        for bank in range(2):
            row = self.sampler.layout[f"weight_buffer.row{bank}"]
            where = slice(row.offset, row.offset + row.words)
            taken = np.flatnonzero(reads >> bank & 1)
            if len(taken):  # else it was not read before the reset either, in the same frame
                records[: taken[0] + 1, where] = latched[where]
        return records

    def observe(self) -> None:
        values = self.sampler.read()
        cycle = self.result.cycles
        if self.mismatch is not None:
            after = cycle + len(self.recent) - self.kept
            self.recent.append(Wave(after, self.sampler.record(values)))
            return
        if values != self.expected[self.at]:
            self._report(values)
            return
        if cycle == 0:
            self.result.activity.settle(values)
        self.result.activity.count(
            values, accepted_code=self.stimulus.code_valid, starting=self.stimulus.start
        )
        if cycle < self.wave_cycles:
            self.result.waves.append(Wave(cycle, self.records[self.at].copy()))
        self.recent_values.append((cycle, values, self.records[self.at]))
        self.result.cycles += 1
        if values[self.done_at]:
            self.result.overruns += values[self.overrun_at]
            self.result.best.append(int(values[self.best_at]))

    def _finish_frame(self) -> None:
        self.result.frames += 1
        self.result.frame_cycles.append(len(self.records))
        if self.progress is not None:
            self.progress(1)

    def _report(self, values: list[int]) -> None:
        layout, got = self.sampler.layout, self.sampler.record(values)
        expected = self.records[self.at]
        fields = differing_fields(layout, expected, got)
        # The output of a register is blamed before the ports that only follow it.
        field = next((entry for entry in fields if entry.clock != PORT), fields[0])
        signal, wanted, found, lane = first_difference(field, expected, got)
        before = self.recent_values[-1][2] if self.recent_values else expected
        self.mismatch = Mismatch(
            utterance=self.where[0],
            frame=self.where[1],
            cycle=self.result.cycles,
            activity=self.model.describe(self.at),
            signal=signal,
            expected=wanted,
            got=found,
            inputs=describe_inputs(self.model.schedule, layout, before, field, lane),
            others=len(fields) - 1,
        )
        for cycle, seen, record in self.recent_values:
            self.recent.append(Wave(cycle, self.sampler.record(seen), record))
        self.recent.append(Wave(self.result.cycles, got, expected))
        self.kept = len(self.recent) - 1
