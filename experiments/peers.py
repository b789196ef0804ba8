"""Published designs beside ours and the paper's."""

from __future__ import annotations

import argparse

from experiments.command.arguments import add_out, add_results
from experiments.command.experiment import Experiment, Result


def _arguments(command: argparse.ArgumentParser) -> None:
    add_results(command)
    add_out(command, "results/story/peers")


def _work(given: argparse.Namespace) -> None:
    from experiments.story.peers import compare

    print(compare(given.results, given.out), end="")


EXPERIMENT = Experiment(
    name="peers",
    what="published designs beside ours and the paper's",
    example="rsnn peers --results results",
    arguments=_arguments,
    work=_work,
    results=(
        Result(
            name="story-peers",
            makes="power of published designs, by task, as printed and scaled to 28 nm",
            command=("peers", "--results", "{results}", "--out", "{out}"),
            folder="story/peers",
            outputs=("peers.csv", "peers.png", "peers.svg"),
            inputs=("power/breakdown.csv",),
            minutes=0.1,
        ),
    ),
)
