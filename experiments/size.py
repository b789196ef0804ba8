"""Size of the weights by step."""

from __future__ import annotations

import argparse

from experiments.command.arguments import add_out, add_results
from experiments.command.experiment import Experiment, Result


def _arguments(command: argparse.ArgumentParser) -> None:
    add_results(command)
    add_out(command, "results/story/size")


def _work(given: argparse.Namespace) -> None:
    from experiments.story.size import size_by_step

    print(size_by_step(given.results, given.out), end="")


EXPERIMENT = Experiment(
    name="size",
    what="size of the weights by step, the paper's and ours",
    example="rsnn size --results results",
    arguments=_arguments,
    work=_work,
    results=(
        Result(
            name="story-size",
            makes="size of the weights by step: stated, reconstructed, ours",
            command=("size", "--results", "{results}", "--out", "{out}"),
            folder="story/size",
            outputs=("size.csv", "size.png", "size.svg"),
            inputs=("recognition/table.csv",),
            minutes=0.1,
        ),
    ),
)
