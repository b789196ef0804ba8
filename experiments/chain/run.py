"""The main job: a sound file through front-end, golden model, co-simulated accelerator and power model."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from cosim.cosimulate import cosimulate
from cosim.result import Cosimulation
from cosim.scoreboard import CosimulationError, PredictionError
from cosim.waveform import write_waveform
from experiments.chain.raster import plot_raster
from experiments.chain.spoken import CLIP, Spoken, recognise
from experiments.command.outcome import waveform_of_mismatch
from experiments.command.tables import write_csv, write_json, write_text
from experiments.energy.power_chart import plot_power
from experiments.page.page import write_page
from experiments.page.utterance import utterance_of
from files.folder import output_folder
from golden.checkpoint import Checkpoint, load_checkpoint
from golden.cycles import mmac_per_second
from golden.decoder import phones_of
from golden.forward import forward
from golden.layout import build_layout
from golden.neurobench import neurobench_metrics
from golden.predicted_activity import ActivityCounter
from golden.size import weight_size
from golden.trace import CycleModel
from power.differences import largest
from power.energy import estimate_classes
from power.priced_activity import ActivityRow, Run, write_run
from power.report import PAPER_POWER_UW, PowerReport, table, write_reports

# As the manifest of its folder names it.
COMMAND = "rsnn run"
# What the report keeps of the waveform: about two frames.
WAVE_CYCLES = 1500
# Of an hour of speech NeuroBench's metrics are those of its first minute: membranes are kept for them.
METRIC_FRAMES = 6000


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
        _write_folder(staging, checkpoint, spoken, simulated, period, power, text, engine)
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


def report(checkpoint: Checkpoint, spoken: Spoken, simulated: Cosimulation, power: Mapping[str, PowerReport]) -> str:
    """Return the figures of a run as text."""
    spec = checkpoint.specification
    cycles, size = spoken.counts.cycles, weight_size(checkpoint)
    seconds = len(spoken.codes) * spec.frame_period_s
    lines = [f"{spoken.name}: {seconds:.2f} s, {len(spoken.codes)} frames"]
    errors = spoken.errors
    if spoken.is_class:
        lines += [f"  class      {segment.phone}" for segment in spoken.segments]
        if errors is not None and spoken.reference is not None:
            verdict = "wrong" if errors.substitutions else "right"
            lines.append(f"  reference  {spoken.reference[0]}: {verdict}, accuracy {100 - 100 * errors.rate:.0f} %")
    else:
        lines.append(f"  phones     {' '.join(phones_of(spoken.segments))}")
    if not spoken.is_class and errors is not None and spoken.reference is not None:
        lines.append(f"  reference  {' '.join(spoken.reference)}")
        lines.append(
            f"  PER {100 * errors.rate:.1f} % ({errors.substitutions} substitutions, {errors.deletions} deletions, "
            f"{errors.insertions} insertions in {errors.reference} phones; 39 phones, silence not scored)"
        )
    lines += [f"  {warning}" for warning in spoken.warnings]
    lines += [
        "",
        f"RTL against golden, every cycle: {simulated.frames} of {len(spoken.codes)} frames in {simulated.engine}, "
        f"{simulated.cycles:,} cycles",
        f"  {simulated.signals} registers and ports ({simulated.bits:,} bits) a cycle, "
        f"{simulated.values_compared:,} values compared, 0 mismatches",
        f"  {sum(int(row['toggles'] or 0) for row in simulated.activity.rows()):,} toggles counted, as many in every "
        "register and port as the cycle-accurate model predicts",
        "",
        f"Cycles a frame (golden, all {len(spoken.codes)} frames, loading and logits delivery included): mean "
        f"{cycles.mean():.0f}, most {cycles.max()}, budget {spec.frame_budget:,} "
        f"({int((cycles > spec.frame_budget).sum())} overruns)",
        "  "
        + ", ".join(
            f"{name} {count:.0f}"
            for name, count in zip(spoken.counts.phases, spoken.counts.phase_cycles.mean(axis=0), strict=True)
        ),
    ]
    rates = [
        f"layer {layer} " + " / ".join(f"{rate:.3f}" for rate in fired.mean(axis=(0, 2)))
        for layer, fired in enumerate(spoken.result.spikes)
    ]
    lines += [
        f"Spike rates by time step: {', '.join(rates)}",
        f"Work after zero-skipping: {mmac_per_second(spec, spoken.counts.macs):.2f} MMAC/s (paper, stated: 13.86)",
        f"Weights: {size.weights:,}, {size.nonzero_weights:,} not zero: {size.nonzero_bytes / 1e6:.3f} MB "
        f"(paper, stated: 0.1), {size.bitmap_bytes / 1e6:.3f} MB with a bitmap of the FC's zeros, "
        f"{size.dense_bytes / 1e6:.3f} MB dense",
        *_metrics(checkpoint, spoken.codes[: min(simulated.frames, METRIC_FRAMES)]),
        "",
        f"Power at {spec.clock_hz / 1e3:.0f} kHz, modelled from the activity of the {simulated.frames} frames, 28 nm, "
        "0.9 V, 25 C, uW by class of cells, median (5th-95th percentile):",
        *table(power),
        f"  paper, stated: {PAPER_POWER_UW} uW, class of cells not stated",
        "Largest reasons why it differs from the paper's figure, by what each moves ours:",
        *(f"  {at}. {reason.text} ({reason.worth_uw:.1f} uW)" for at, reason in enumerate(largest(power), start=1)),
    ]
    return "\n".join(lines) + "\n"


def _metrics(checkpoint: Checkpoint, codes: np.ndarray) -> list[str]:
    found = neurobench_metrics(checkpoint, codes, forward(checkpoint, codes))
    return [
        f"NeuroBench, {len(codes)} frames: footprint {found.footprint_bytes:,.0f} bytes, connection sparsity "
        f"{found.connection_sparsity:.3f}, activation sparsity {found.activation_sparsity:.3f}",
        f"  a frame: effective MACs {found.effective_macs:,.0f}, effective ACs {found.effective_acs:,.0f}, dense "
        f"{found.dense:,.0f}, membrane updates {found.membrane_updates:,.1f}",
    ]


def _write_folder(
    out: Path,
    checkpoint: Checkpoint,
    spoken: Spoken,
    simulated: Cosimulation,
    period: Run,
    power: Mapping[str, PowerReport],
    text: str,
    engine: str,
) -> None:
    spec = checkpoint.specification
    write_json(
        out / "configuration.json",
        {
            "speech": spoken.name,
            "engine": engine,
            "frames_cosimulated": simulated.frames,
            "frames_golden": len(spoken.codes),
            "specification": spec.to_json(),
            "front_end": checkpoint.host.front_end if checkpoint.host else None,
            "provenance": checkpoint.provenance,
        },
    )
    write_csv(out / "frames.csv", _frame_rows(spoken, simulated))
    write_csv(
        out / "phones.csv",
        [
            {
                "phone": segment.phone,
                "start_s": round(segment.start_frame * spec.frame_period_s, 3),
                "end_s": round(segment.end_frame * spec.frame_period_s, 3),
            }
            for segment in spoken.segments
        ]
        or [{"phone": "", "start_s": "", "end_s": ""}],
    )
    write_csv(out / "activity.csv", simulated.activity.rows())
    write_csv(
        out / "activity_by_phase.csv",
        [
            {"phase": phase, "cycles": count} | row
            for phase, count in simulated.activity.cycles.items()
            for row in simulated.activity.rows(phase)
        ],
    )
    write_run(out / "run.json", period)
    write_reports(power, out / "power.csv")
    plot_raster(out / "raster.png", spoken.samples, spoken.result.spikes, spoken.segments, title=spoken.name)
    plot_power(power, out / "power.png")
    write_waveform(out / "waveform.vcd", build_layout(spec), simulated.waves, clock_hz=spec.clock_hz)
    write_text(out / "report.txt", text)


def _frame_rows(spoken: Spoken, simulated: Cosimulation) -> Iterator[dict[str, Any]]:
    # Once, not once a frame: each is a sum or a maximum over all frames.
    counts, cycles, best = spoken.counts, spoken.counts.cycles, spoken.result.best
    for frame in range(len(spoken.codes)):
        yield {
            "frame": frame,
            "cycles": int(cycles[frame]),
            "cycles_myhdl": simulated.frame_cycles[frame] if frame < simulated.frames else None,
            **{
                name.replace(" ", "_"): int(count)
                for name, count in zip(counts.phases, counts.phase_cycles[frame], strict=True)
            },
            "rows_bank0": int(counts.rows[frame, 0]),
            "rows_bank1": int(counts.rows[frame, 1]),
            "additions": int(counts.additions[frame].sum()),
            "macs": int(counts.macs[frame]),
            "best": int(best[frame]),
        }
