"""The same frames on every simulator."""

from __future__ import annotations

import argparse

from experiments.command.arguments import add_checkpoint, add_out, frames, path
from experiments.command.experiment import CORPUS, SIMULATORS, Experiment, Result


def _arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("speech", nargs="?", type=path, help="WAV, FLAC or NIST SPHERE (default: the shipped clip)")
    add_checkpoint(command)
    command.add_argument("--frames", type=frames, default=20, metavar="N", help="of the file, or 'all' (default: 20)")
    add_out(command, "results/verilog")


def _work(given: argparse.Namespace) -> None:
    from experiments.hardware.engines import compare_engines

    text = compare_engines(checkpoint_path=given.checkpoint, speech=given.speech, frames=given.frames, out=given.out)
    print(text, end="")


EXPERIMENT = Experiment(
    name="engines",
    what="the same frames on every simulator: speed, mismatches, toggles; and their SAIF",
    example="rsnn engines speech.wav --frames 50 --out results/verilog",
    arguments=_arguments,
    work=_work,
    results=(
        Result(
            name="engines",
            makes="mismatches and counts of every engine on the same frames, toggles of every register and net",
            command=("engines", "{speechocean762}/WAVE/SPEAKER0457/004570374.flac", "--out", "{out}"),
            quick=("engines", "--checkpoint", "{small}", "--frames", "2", "--out", "{out}"),
            folder="verilog",
            outputs=("engines.csv", "engines.json", "nets.csv", "toggles.csv"),
            varies=("engines.md", "engines_speeds.csv"),
            needs=(CORPUS, SIMULATORS),
            minutes=3,
        ),
    ),
)
