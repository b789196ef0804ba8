"""What the paper's stated figures imply."""

from __future__ import annotations

import argparse

from experiments.command.arguments import add_out, add_synthesis, whole
from experiments.command.experiment import Experiment, Result


def _arguments(command: argparse.ArgumentParser) -> None:
    add_synthesis(command)
    command.add_argument(
        "--frame-cycles",
        type=whole,
        default=579,
        metavar="N",
        help="cycles of a frame, besides the budget's 1,000 (default: 579, our mean)",
    )
    add_out(command, "results/power")


def _work(given: argparse.Namespace) -> None:
    from experiments.energy.inference import infer

    print(infer(synthesis=given.synthesis, out=given.out, frame_cycles=float(given.frame_cycles)), end="")


EXPERIMENT = Experiment(
    name="inference",
    what="what the paper's stated figures imply under each way of counting operations (ours)",
    example="rsnn inference --out results/power",
    arguments=_arguments,
    work=_work,
    results=(
        Result(
            name="inference",
            makes="leakage, area and energy a cycle that the paper's three figures imply, by counting",
            command=("inference", "--synthesis", "{results}/verilog/synthesis.csv", "--out", "{out}"),
            folder="power",
            outputs=("inference.csv", "inference.md", "inference.png", "inference.svg"),
            inputs=("verilog/synthesis.csv",),
            minutes=0.2,
        ),
    ),
)
