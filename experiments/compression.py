"""Phone error rate against pruning, bits and time steps, nothing retrained."""

from __future__ import annotations

import argparse

from experiments.command.arguments import add_checkpoint, add_data, add_out, add_results, path
from experiments.command.experiment import CORPUS, Experiment, Result


def _arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("speech", nargs="*", type=path, help="sound with .phn beside it (default: the whole test set)")
    add_checkpoint(command)
    add_data(command)
    add_results(command)
    add_out(command, "results/story/compression")


def _work(given: argparse.Namespace) -> None:
    from experiments.story.compression import compress

    text = compress(
        given.speech, data=given.data, checkpoint_path=given.checkpoint, results=given.results, out=given.out
    )
    print(text, end="")


EXPERIMENT = Experiment(
    name="compression",
    what="phone error rate of the shipped network pruned further or in fewer bits, nothing retrained",
    example="rsnn compression --data ~/corpora",
    arguments=_arguments,
    work=_work,
    results=(
        Result(
            name="story-compression",
            makes="phone error rate against pruning of the FC, weight bits and time steps, beside what was trained",
            command=("compression", "--data", "{data}", "--results", "{results}", "--out", "{out}"),
            quick=("compression", "{clip}", "--results", "{results}", "--out", "{out}"),
            folder="story/compression",
            outputs=("compression.csv", "compression.png", "compression.svg"),
            inputs=("recognition/table.csv", "recognition/curves/table.csv"),
            needs=(CORPUS,),
            minutes=6,
        ),
    ),
)
