"""What spikes cost and save at equal memory: the spiking network beside an LSTM of 0.1 MB in integers."""

from __future__ import annotations

import argparse

from experiments.command.arguments import add_out, add_results
from experiments.command.experiment import Experiment


def _arguments(command: argparse.ArgumentParser) -> None:
    add_results(command)
    add_out(command, "results/story/equal_memory")


def _work(given: argparse.Namespace) -> None:
    from experiments.story.equal_memory import equal_memory

    print(equal_memory(given.results, given.out), end="")


EXPERIMENT = Experiment(
    name="equal-memory",
    what="phone error rate, work and energy of the spiking network beside an LSTM of the same 0.1 MB in integers",
    example="rsnn equal-memory --results results",
    arguments=_arguments,
    work=_work,
)
