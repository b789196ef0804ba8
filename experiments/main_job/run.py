"""The main job: a sound file through front-end, golden model, co-simulated accelerator and power model."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from tqdm import tqdm

from cosim.cosimulate import cosimulate
from cosim.result import Cosimulation
from cosim.scoreboard import CosimulationError, PredictionError
from experiments.chain.spoken import CLIP, recognise
from experiments.command.experiment import MAIN_JOB as COMMAND
from experiments.command.outcome import waveform_of_mismatch
from experiments.main_job.report import report
from experiments.main_job.run_folder import write_folder
from experiments.page.page import write_page
from experiments.page.utterance import utterance_of
from files.folder import output_folder
from golden.checkpoint import Checkpoint, load_checkpoint
from golden.predicted_activity import ActivityCounter
from golden.trace import CycleModel
from power.energy import estimate_classes
from power.priced_activity import ActivityRow, Run

# What the report keeps of the waveform: about two frames.
WAVE_CYCLES = 1500


def run(
    *,
    speech: Path | None,
    checkpoint_path: Path | None,
    reference: Path | None,
    frames: int | None,
    out: Path,
    engine: str = "myhdl",
) -> tuple[str, float]:
    """Do the main job and write its folder.

    Parameters
    ----------
    speech : Path or None
        Sound file; None is the shipped clip.
    checkpoint_path : Path or None
        None is the embedded network.
    reference : Path or None
        Phones to score against; None looks beside the sound.
    frames : int or None
        Frames that the accelerator runs, from the first; None is all.
    out : Path
        Folder to write; its files are replaced as one when everything is done.
    engine : {"myhdl", "lock-step", "icarus", "verilator"}

    Returns
    -------
    text : str
        The report, as also written to ``report.txt``. The same input gives the same bytes.
    cycles_per_s : float
        Speed of the co-simulation, comparison and toggle count included.

    Raises
    ------
    WriteError
        `out` cannot be written; at once.
    AudioError, CheckpointError, CorpusError
        Bad input.
    CosimulationError
        The RTL differs from golden; a waveform of the cycles around it is in `out`.
    """
    with waveform_of_mismatch(out), output_folder(out, by=COMMAND, keep_on=(CosimulationError,)) as staging:
        checkpoint = load_checkpoint() if checkpoint_path is None else load_checkpoint(checkpoint_path)
        spoken = recognise(checkpoint, speech if speech is not None else CLIP, reference)
        wanted = len(spoken.codes) if frames is None else min(frames, len(spoken.codes))
        with tqdm(total=wanted, unit="frame", desc="co-simulation", disable=None, file=sys.stderr) as bar:
            simulated = cosimulate(
                checkpoint,
                {spoken.name: spoken.codes},
                frames=wanted,
                wave_cycles=WAVE_CYCLES,
                mismatch_folder=staging,
                progress=lambda done: bar.update(done) and None,
                engine=engine,
            )
        spec = checkpoint.specification
        rows = [ActivityRow.from_mapping(row) for row in simulated.activity.rows()]
        period = Run(
            frames=simulated.frames,
            cycles=simulated.activity.total_cycles,
            clock_hz=spec.clock_hz,
            frame_period_s=spec.frame_period_s,
        )
        power = estimate_classes(rows, period)
        check_activity(checkpoint, spoken.codes[:wanted], simulated)
        text = report(checkpoint, spoken, simulated, power)
        write_folder(staging, checkpoint, spoken, simulated, period, power, text, engine)
        shown = utterance_of(checkpoint, spoken, power=power, report=text, reference=reference)
        write_page(staging / "page.html", utterance=shown, results=None, made_by=COMMAND)
    return text, simulated.cycles / simulated.seconds


def check_activity(checkpoint: Checkpoint, codes: np.ndarray, simulated: Cosimulation) -> None:
    """Hold the activity counted on the RTL's signals to what the cycle-accurate model predicts, a frame at a time.

    Raises
    ------
    PredictionError
        Names the first signal and both counts.
    """
    model, counter = CycleModel(checkpoint), ActivityCounter(checkpoint.specification)
    buffer = model.buffer()
    for number, frame in enumerate(codes):
        counter.add(model.frame(frame, first=number == 0, out=buffer))
    counter.add(model.idle(1))
    predicted = {(row["block"], row["signal"]): row for row in counter.rows()}
    for row in simulated.activity.rows():
        expected = predicted[row["block"], row["signal"]]
        if row != expected:
            raise PredictionError(f"activity of {row['block']}.{row['signal']}: expected {expected} got {row}")
