"""One sound file through the whole chain."""

from __future__ import annotations

import argparse
import sys

from experiments.command.arguments import add_checkpoint, add_engine, add_out, frames, path
from experiments.command.experiment import Experiment, Result


def _arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("speech", nargs="?", type=path, help="WAV, FLAC or NIST SPHERE (the shipped clip by default)")
    add_checkpoint(command)
    command.add_argument("--reference", type=path, help="phone file to score against (SPEECH with .phn by default)")
    add_engine(command)
    command.add_argument(
        "--frames",
        type=frames,
        default=40,
        metavar="N",
        help="frames that the RTL runs from the first, or 'all' (default: 40; golden always runs the whole file)",
    )
    add_out(command, "results/run")


def _work(given: argparse.Namespace) -> None:
    from experiments.main_job.run import run
    from features.corpora.location import TEST_CORPORA, find_corpus

    if given.speech is None:
        absent = [name for name in TEST_CORPORA if find_corpus(name) is None]
        if absent:
            print(f"running on the shipped clip; corpora not at hand, nor needed: {', '.join(absent)}", file=sys.stderr)
    text, cycles_per_s = run(
        speech=given.speech,
        checkpoint_path=given.checkpoint,
        reference=given.reference,
        frames=given.frames,
        out=given.out,
        engine=given.engine,
    )
    print(text, end="")
    name = "MyHDL" if given.engine == "myhdl" else given.engine.capitalize()
    print(f"{name} ran {cycles_per_s:,.0f} cycles/s, comparison and toggle count included; written: {given.out}/")


EXPERIMENT = Experiment(
    name="run",
    what="one sound file through the whole chain: phones, co-simulation, cycles, power, plots, waveform",
    example="rsnn run speech.wav --reference speech.phn --frames 100 --out results/mine",
    arguments=_arguments,
    work=_work,
    results=(
        Result(
            name="demo",
            makes="report, tables, raster of spikes and power chart of the shipped clip",
            command=("run", "--out", "{out}"),
            quick=("run", "--frames", "4", "--out", "{out}"),
            folder="demo",
            outputs=(
                *("report.txt", "frames.csv", "phones.csv", "activity.csv", "power.csv"),
                *("raster.png", "raster.svg", "power.png", "power.svg"),
            ),
            minutes=0.7,
        ),
    ),
)
