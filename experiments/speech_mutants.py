"""Mutants of a network's own accelerator, on speech: what use alone shows of them."""

from __future__ import annotations

import argparse

from experiments.command.arguments import add_checkpoint, add_out, frames, path
from experiments.command.experiment import SIMULATORS, Experiment, Result


def _arguments(command: argparse.ArgumentParser) -> None:
    said = "WAV, FLAC or NIST SPHERE (default: the shipped clip from its middle)"
    command.add_argument("speech", nargs="?", type=path, help=said)
    add_checkpoint(command)
    command.add_argument("--frames", type=frames, default=3, metavar="N", help="of the speech, or all (default: 3)")
    command.add_argument("--blocks", nargs="+", default=[], metavar="NAME", help="modules (default: all)")
    add_out(command, "results/mutants/speech")


def _work(given: argparse.Namespace) -> None:
    from experiments.hardware.speech_mutants import mutate_with_speech

    text = mutate_with_speech(
        given.speech, checkpoint_path=given.checkpoint, frames=given.frames, blocks=given.blocks, out=given.out
    )
    print(text, end="")


EXPERIMENT = Experiment(
    name="speech-mutants",
    what="the same changes in a network's own accelerator at its size: which does speech alone show?",
    example="rsnn speech-mutants speech.wav --checkpoint mine.npz --frames 10 --out results/mine",
    arguments=_arguments,
    work=_work,
    results=(
        Result(
            name="speech-mutants",
            makes="every mutant of the shipped network's accelerator: does speech alone show it?",
            command=("speech-mutants", "--out", "{out}"),
            quick=("speech-mutants", "--frames", "1", "--blocks", "lane_gate", "--out", "{out}"),
            folder="mutants/speech",
            outputs=("mutants.csv", "summary.csv", "summary.md"),
            needs=(SIMULATORS,),
            minutes=12,
        ),
    ),
)
