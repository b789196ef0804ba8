"""Cycles of every frame of a corpus."""

from __future__ import annotations

import argparse

from experiments.command.arguments import add_checkpoint, add_data, add_out, add_split, add_workers, path
from experiments.command.experiment import CORPUS, Experiment, Result


def _arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("speech", nargs="*", type=path, help="WAV, FLAC or NIST SPHERE (default: a whole corpus)")
    add_checkpoint(command)
    add_data(command)
    add_split(command)
    add_workers(command)
    add_out(command, "results/cycles")


def _work(given: argparse.Namespace) -> None:
    from experiments.chain.cycles import count_corpus
    from experiments.chain.sweep import Workers

    text = count_corpus(
        given.speech,
        data=given.data,
        split=given.split,
        checkpoint_path=given.checkpoint,
        out=given.out,
        workers=Workers(given.workers, given.scheduler),
    )
    print(text, end="")


EXPERIMENT = Experiment(
    name="cycles",
    what="cycles a frame over a corpus, counted by the golden model",
    example="rsnn cycles --data ~/corpora --split test",
    arguments=_arguments,
    work=_work,
    results=(
        Result(
            name="cycles",
            makes="cycles of the 256,505 frames of the test set against the budget, and where they go",
            command=("cycles", "--data", "{data}", "--out", "{out}"),
            quick=("cycles", "{clip}", "--out", "{out}"),
            folder="cycles",
            outputs=("utterances.csv", "summary.json", "cycles.png", "cycles.svg"),
            needs=(CORPUS,),
            minutes=2,
        ),
    ),
)
