"""What spikes cost and save at equal memory: the spiking network beside an LSTM of 0.1 MB in integers."""

from __future__ import annotations

import argparse

from experiments.command.arguments import add_out, add_results
from experiments.command.experiment import Experiment, Result


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
    results=(
        Result(
            name="story-equal-memory",
            makes="phone error rate, MMAC/s and energy a frame of spikes and of an LSTM of the same memory",
            command=("equal-memory", "--results", "{results}", "--out", "{out}"),
            folder="story/equal_memory",
            outputs=("equal_memory.csv", "equal_memory.png", "equal_memory.svg"),
            inputs=(
                *("recognition/table.csv", "recognition/curves/table.csv"),
                *("power/techniques/techniques.csv", "power/breakdown.csv"),
            ),
            minutes=0.1,
        ),
    ),
)
