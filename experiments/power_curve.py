"""Power of every frame and cycle of a sound file."""

from __future__ import annotations

import argparse

from experiments.command.arguments import add_checkpoint, add_out, add_synthesis, frames, path
from experiments.command.experiment import Experiment, Result

# Each takes a row a cycle, all held at once.
MOST_WITHIN = 100


def _arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("speech", nargs="?", type=path, help="WAV, FLAC or NIST SPHERE (the shipped clip by default)")
    add_checkpoint(command)
    command.add_argument("--frames", type=frames, default=None, metavar="N", help="from the first (default: all)")
    command.add_argument(
        "--within",
        type=int,
        choices=range(1, MOST_WITHIN + 1),
        default=3,
        metavar="N",
        help=f"frames of which every cycle is priced, at most {MOST_WITHIN} (default: 3)",
    )
    add_synthesis(command)
    add_out(command, "results/power")


def _work(given: argparse.Namespace) -> None:
    from experiments.energy.power_curve import power_curve

    text = power_curve(
        speech=given.speech,
        checkpoint_path=given.checkpoint,
        frames=given.frames,
        within=given.within,
        synthesis=given.synthesis,
        out=given.out,
    )
    print(text, end="")


EXPERIMENT = Experiment(
    name="power-curve",
    what="power of every frame and cycle of a sound file, energy by phase and of a row read, a spike and a SOP",
    example="rsnn power-curve speech.wav --frames 100 --out results/power",
    arguments=_arguments,
    work=_work,
    results=(
        Result(
            name="power-curve",
            makes="power over an utterance and within a frame; energy of phases, of a spike, a row read, a SOP",
            command=("power-curve", "--synthesis", "{results}/verilog/synthesis.csv", "--out", "{out}"),
            quick=(
                "power-curve",
                "--frames",
                "20",
                "--synthesis",
                "{results}/verilog/synthesis.csv",
                "--out",
                "{out}",
            ),
            folder="power",
            outputs=(
                "power_curve.png",
                "power_curve.svg",
                "power_curve.txt",
                "frames_power.csv",
                "cycles_power.csv",
                "phases_energy.csv",
                "events_energy.csv",
            ),
            inputs=("verilog/synthesis.csv",),
            minutes=0.5,
        ),
    ),
)
