"""Speed of every stage beside a peer."""

from __future__ import annotations

import argparse

from experiments.command.arguments import add_checkpoint, add_liberty, add_out
from experiments.command.experiment import SIMULATORS, Experiment, Result


def _arguments(command: argparse.ArgumentParser) -> None:
    add_checkpoint(command)
    command.add_argument("--gates", action="store_true", help="the mapped netlist beside Icarus, too: takes minutes")
    add_liberty(command)
    add_out(command, "results/benchmark")


def _work(given: argparse.Namespace) -> None:
    from experiments.speed.benchmark import benchmark

    text = benchmark(checkpoint_path=given.checkpoint, out=given.out, gates=given.gates, liberty=given.liberty)
    print(text, end="")


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
            command=("benchmark", "--gates", "--out", "{out}"),
            quick=("benchmark", "--out", "{out}"),
            folder="benchmark",
            outputs=(),
            varies=("benchmark.csv",),
            needs=(SIMULATORS,),
            minutes=12,
        ),
    ),
)
