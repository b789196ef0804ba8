"""Rows read with and without shared weights."""

from __future__ import annotations

import argparse

from experiments.command.arguments import add_out, add_results
from experiments.command.experiment import Experiment, Result


def _arguments(command: argparse.ArgumentParser) -> None:
    add_results(command)
    add_out(command, "results/story/rows_read")


def _work(given: argparse.Namespace) -> None:
    from experiments.story.rows_read import rows_read

    print(rows_read(given.results, given.out), end="")


EXPERIMENT = Experiment(
    name="rows-read",
    what="rows read with and without weights shared by the time steps",
    example="rsnn rows-read --results results",
    arguments=_arguments,
    work=_work,
    results=(
        Result(
            name="story-rows-read",
            makes="rows of weights read a frame, shared by time steps or not",
            command=("rows-read", "--results", "{results}", "--out", "{out}"),
            folder="story/rows_read",
            outputs=("rows_read.csv", "rows_read.png", "rows_read.svg"),
            inputs=("power/techniques/techniques.csv",),
            minutes=0.1,
        ),
    ),
)
