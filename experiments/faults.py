"""Faults in the RTL, and what co-simulation sees of each."""

from __future__ import annotations

import argparse

from experiments.command.arguments import add_out, whole
from experiments.command.experiment import Experiment, Result


def _arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--every", type=whole, default=1, metavar="N", help="every Nth fault (default: 1, all)")
    add_out(command, "results/faults")


def _work(given: argparse.Namespace) -> int:
    from experiments.hardware.faults import inject_all

    text, missed = inject_all(given.out, every=given.every)
    print(text, end="")
    return int(missed > 0)


EXPERIMENT = Experiment(
    name="faults",
    what="inject faults into the RTL, one at a time, and show that co-simulation catches each",
    example="rsnn faults --out results/faults",
    arguments=_arguments,
    work=_work,
    results=(
        Result(
            name="faults",
            makes="every injected fault and the first difference that co-simulation saw",
            command=("faults", "--out", "{out}"),
            quick=("faults", "--every", "10", "--out", "{out}"),
            folder="faults",
            outputs=("faults.csv",),
            minutes=2,
        ),
    ),
)
