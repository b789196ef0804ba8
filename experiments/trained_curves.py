"""Phone error rate against pruning, bits, width, time steps and spikes, each point trained."""

from __future__ import annotations

import argparse

from experiments.command.arguments import add_out, add_results
from experiments.command.experiment import Experiment, Result


def _arguments(command: argparse.ArgumentParser) -> None:
    add_results(command)
    add_out(command, "results/story/trained_curves")


def _work(given: argparse.Namespace) -> None:
    from experiments.story.trained_curves import trained_curves

    print(trained_curves(given.results, given.out), end="")


EXPERIMENT = Experiment(
    name="trained-curves",
    what="phone error rate against pruning, bits, width, time steps and spikes, each point trained",
    example="rsnn trained-curves --results results",
    arguments=_arguments,
    work=_work,
    results=(
        Result(
            name="story-trained-curves",
            makes="phone error rate against FC pruning, weight bits, width, time steps and spike rate, all trained",
            command=("trained-curves", "--results", "{results}", "--out", "{out}"),
            folder="story/trained_curves",
            outputs=("trained_curves.csv", "trained_curves.png", "trained_curves.svg"),
            inputs=("recognition/curves/table.csv",),
            minutes=0.1,
        ),
    ),
)
