"""Cycles a frame, and where they go."""

from __future__ import annotations

import argparse

from experiments.command.arguments import add_out, add_results
from experiments.command.experiment import Experiment, Result


def _arguments(command: argparse.ArgumentParser) -> None:
    add_results(command)
    add_out(command, "results/story/frame_cycles")


def _work(given: argparse.Namespace) -> None:
    from experiments.story.frame_cycles import frame_cycles

    print(frame_cycles(given.results, given.out), end="")


EXPERIMENT = Experiment(
    name="frame-cycles",
    what="cycles a frame: their spread, the budget, where they go",
    example="rsnn frame-cycles --results results",
    arguments=_arguments,
    work=_work,
    results=(
        Result(
            name="story-frame-cycles",
            makes="cycles of the utterances against the budget, and of the phases, stacked",
            command=("frame-cycles", "--results", "{results}", "--out", "{out}"),
            folder="story/frame_cycles",
            outputs=("frame_cycles.csv", "frame_cycles.png", "frame_cycles.svg"),
            inputs=("cycles/summary.json", "cycles/utterances.csv",),
            minutes=0.1,
        ),
    ),
)
