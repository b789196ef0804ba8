"""Power and area by block."""

from __future__ import annotations

import argparse

from experiments.command.arguments import add_out, add_results
from experiments.command.experiment import Experiment, Result


def _arguments(command: argparse.ArgumentParser) -> None:
    add_results(command)
    add_out(command, "results/story/blocks")


def _work(given: argparse.Namespace) -> None:
    from experiments.story.blocks import power_and_area

    print(power_and_area(given.results, given.out), end="")


EXPERIMENT = Experiment(
    name="blocks",
    what="power and area by block, power by class of cells",
    example="rsnn blocks --results results",
    arguments=_arguments,
    work=_work,
    results=(
        Result(
            name="story-blocks",
            makes="power by block and class of cells, area by block",
            command=("blocks", "--results", "{results}", "--out", "{out}"),
            folder="story/blocks",
            outputs=("power.csv", "power.png", "power.svg", "area.csv", "area.png", "area.svg"),
            inputs=("power/breakdown.csv", "power/gates/asap7/area.csv", "power/gates/nangate45/area.csv",),
            minutes=0.1,
        ),
    ),
)
