"""Work by step."""

from __future__ import annotations

import argparse

from experiments.command.arguments import add_out, add_results
from experiments.command.experiment import Experiment, Result


def _arguments(command: argparse.ArgumentParser) -> None:
    add_results(command)
    add_out(command, "results/story/complexity")


def _work(given: argparse.Namespace) -> None:
    from experiments.story.complexity import complexity_by_step

    print(complexity_by_step(given.results, given.out), end="")


EXPERIMENT = Experiment(
    name="complexity",
    what="work by step, the paper's and ours",
    example="rsnn complexity --results results",
    arguments=_arguments,
    work=_work,
    results=(
        Result(
            name="story-complexity",
            makes="multiply-accumulates a second by step: stated, reconstructed, ours",
            command=("complexity", "--results", "{results}", "--out", "{out}"),
            folder="story/complexity",
            outputs=("complexity.csv", "complexity.png", "complexity.svg"),
            inputs=("recognition/table.csv", "power/techniques/techniques_cumulative.csv", "cycles/summary.json",),
            minutes=0.1,
        ),
    ),
)
