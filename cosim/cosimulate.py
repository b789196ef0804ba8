"""Co-simulation: the accelerator against the golden model, every register at every clock cycle."""

from __future__ import annotations

import dataclasses
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import myhdl
import numpy as np

from cosim.bench import IDLE, Stimulus, bench, forgotten_afterwards
from cosim.counted_activity import ActivityCounter
from cosim.latched_rows import with_latched_rows
from cosim.result import Cosimulation
from cosim.sampling import Sampler
from cosim.scoreboard import CYCLES_AFTER, CYCLES_BEFORE, CosimulationError, Mismatch, blame, blame_handshake
from cosim.verilog import cosimulate_verilog, require_frames
from cosim.waveform import Wave, write_waveform
from golden.checkpoint import Checkpoint
from golden.errors import StimulusError
from golden.forward import check_codes
from golden.handshake import CODE_READY, WEIGHT_READY, handshake_of
from golden.memory_image import memory_image
from golden.trace import CycleModel
from rtl.build_cache import EngineError
from rtl.elaboration import off_the_stack
from rtl.registers import Ports, build_ports, build_registers


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
    engine: str = "myhdl",
) -> Cosimulation:
    """Run utterances through the accelerator and compare every register with golden at every cycle.

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
    engine : {"myhdl", "lock-step", "icarus", "verilator"}
        What simulates: MyHDL the blocks themselves; the others the Verilog that is exported from them, Icarus in lock
        step with MyHDL's bench or stand-alone. Verilog loads its weights through the weight port in any case.

    Returns
    -------
    Cosimulation

    Raises
    ------
    CosimulationError
        RTL and golden differ; its message is the first difference.
    PredictionError
        The engine's own count of toggles differs from that of its records.
    EngineError
        The engine is not installed, or fails.
    StimulusError
        Codes or a cycle of reset that the accelerator cannot take; no utterance, or one without a frame.
    """
    spec = checkpoint.specification
    if frames is not None and frames < 1:
        raise StimulusError(f"frames: {frames}, expected 1 or more")
    checked = {name: check_codes(spec, codes)[:frames] for name, codes in utterances.items()}
    require_frames(checked)
    if engine not in ("myhdl", "lock-step"):
        return cosimulate_verilog(
            checkpoint, checked, engine=engine, architecture=architecture, reset_after=reset_after,
            wave_cycles=wave_cycles, mismatch_folder=mismatch_folder, progress=progress,
        )  # fmt: skip
    images = memory_image(checkpoint)
    with forgotten_afterwards():
        registers, ports = build_registers(spec), build_ports(spec)
        sampler = Sampler(registers)
        run = _Run(checkpoint, checked, sampler, ports, reset_after, wave_cycles, progress)
        # On a new machine the cycle model compiles in its first cycle, which says nothing of the simulation's speed.
        CycleModel(checkpoint).frame(np.zeros(spec.inputs, dtype=np.int64))
        begun = time.perf_counter()
        contents = (images[0].row_values(), images[1].row_values())
        verilog = engine == "lock-step"
        testbench = off_the_stack(
            bench, ports, registers, spec, contents, run, load_weights or verilog, architecture, verilog
        )
        try:
            testbench.run_sim(quiet=1)
        except (myhdl.CosimulationError, BrokenPipeError) as error:
            raise EngineError(f"Icarus ended the simulation: {error}") from error
        finally:
            # MyHDL closes the pipes of a simulation in Verilog when it ends, and again here.
            with suppress(OSError):
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
        ports: Ports,
        reset_after: int | None,
        wave_cycles: int,
        progress: Callable[[int], None] | None,
    ) -> None:
        self.model = CycleModel(checkpoint)
        self.utterances, self.sampler, self.ports, self.progress = utterances, sampler, ports, progress
        self.reset_after, self.wave_cycles = reset_after, wave_cycles
        self.latched: np.ndarray | None = None
        spec = checkpoint.specification
        self.activity = ActivityCounter(spec, sampler)
        self.result = Cosimulation(
            len(sampler.layout.fields),
            sum(entry.bits for entry in sampler.layout),
            self.activity,
        )
        self.recent: deque[Wave] = deque(maxlen=CYCLES_BEFORE + CYCLES_AFTER)
        self.mismatch: Mismatch | None = None
        self.where = ("", 0)
        self.records = np.zeros((0, sampler.layout.words), dtype=np.uint64)
        self.expected: list[list[int]] = []
        self.ready: list[int] = []
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
            records = with_latched_rows(records, self.latched, self.sampler.layout)
            self.latched = None
        self.records, self.expected = records, self.sampler.expected(records)
        inputs = self.model.checkpoint.specification.inputs
        self.ready = handshake_of(records, self.sampler.layout, inputs).tolist()

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
        ready = CODE_READY * bool(self.ports.code_ready.val) + WEIGHT_READY * bool(self.ports.weight_ready.val)
        if ready != self.ready[self.at]:
            self._report(values, ready)
            return
        if cycle == 0:
            self.activity.settle(values)
        self.activity.count(
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

    def _report(self, values: list[int], ready: int | None = None) -> None:
        """Note the first difference: of the record, or with `ready` of the ready outputs."""
        got, expected = self.sampler.record(values), self.records[self.at]
        cycle, doing = self.result.cycles, self.model.describe(self.at)
        if ready is None:
            before = self.recent_values[-1][2] if self.recent_values else expected
            self.mismatch = blame(self.model, self.where, cycle, doing, expected, got, before)
        else:
            self.mismatch = blame_handshake(self.where, cycle, doing, self.ready[self.at], ready)
        for cycle, seen, record in self.recent_values:
            self.recent.append(Wave(cycle, self.sampler.record(seen), record))
        self.recent.append(Wave(self.result.cycles, got, expected))
        self.kept = len(self.recent) - 1
