"""Speed of every stage beside a peer."""

from __future__ import annotations

import argparse

from experiments.command.arguments import add_checkpoint, add_out
from experiments.command.experiment import Experiment, Result


def _arguments(command: argparse.ArgumentParser) -> None:
    add_checkpoint(command)
    add_out(command, "results/benchmark")


def _work(given: argparse.Namespace) -> None:
    from experiments.speed.benchmark import benchmark

    print(benchmark(checkpoint_path=given.checkpoint, out=given.out), end="")


EXPERIMENT = Experiment(
    name="benchmark",
    what="speed of every stage beside a peer in the same run",
    example="rsnn benchmark --out results/benchmark",
    arguments=_arguments,
    work=_work,
    results=(
        Result(
            name="benchmark",
            makes="speed of every stage beside a peer, on the machine at hand",
            command=("benchmark", "--out", "{out}"),
            folder="benchmark",
            outputs=(),
            varies=("benchmark.csv",),
            minutes=2,
        ),
    ),
)
