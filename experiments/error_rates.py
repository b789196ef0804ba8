"""Phone error rate by step, and against the spike rate."""

from __future__ import annotations

import argparse

from experiments.command.arguments import add_out, add_results
from experiments.command.experiment import Experiment, Result


def _arguments(command: argparse.ArgumentParser) -> None:
    add_results(command)
    add_out(command, "results/story/error_rates")


def _work(given: argparse.Namespace) -> None:
    from experiments.story.error_rates import error_rates

    print(error_rates(given.results, given.out), end="")


EXPERIMENT = Experiment(
    name="error-rates",
    what="phone error rate by step, and against the spike rate",
    example="rsnn error-rates --results results",
    arguments=_arguments,
    work=_work,
    results=(
        Result(
            name="story-error-rates",
            makes="phone error rate by step with the spread of the seeds, and against the spike rate",
            command=("error-rates", "--results", "{results}", "--out", "{out}"),
            folder="story/error_rates",
            outputs=(
                "error_rates.csv",
                "error_rates.png",
                "error_rates.svg",
                "spike_rates.csv",
                "spike_rates.png",
                "spike_rates.svg",
            ),
            inputs=("recognition/table.csv", "recognition/rows.csv"),
            minutes=0.1,
        ),
    ),
)
