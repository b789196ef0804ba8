"""The files of a run: tables, pictures, waveform."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cosim.result import Cosimulation
from cosim.waveform import write_waveform
from experiments.chain.spoken import Spoken
from experiments.command.tables import write_csv, write_json, write_text
from experiments.energy.power_chart import plot_power
from experiments.main_job.raster import plot_raster
from golden.checkpoint import Checkpoint
from golden.layout import build_layout
from power.priced_activity import Run, write_run
from power.report import PowerReport, write_reports

# As the manifest of a run's folder names it.


def write_folder(
    out: Path,
    checkpoint: Checkpoint,
    spoken: Spoken,
    simulated: Cosimulation,
    period: Run,
    power: Mapping[str, PowerReport],
    text: str,
    engine: str,
) -> None:
    """Write the tables, pictures and the waveform of a run into a folder.

    Parameters
    ----------
    out : Path
    checkpoint : Checkpoint
    spoken : Spoken
    simulated : Cosimulation
    period : Run
        What activity and power are of.
    power : mapping of str to PowerReport
        By class of cells.
    text : str
        The report.
    engine : str
    """
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
