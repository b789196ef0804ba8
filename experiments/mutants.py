"""Mutants of the exported Verilog, and which of them the comparison with golden sees."""

from __future__ import annotations

import argparse

from experiments.command.arguments import add_out, add_workers
from experiments.command.experiment import SIMULATORS, Experiment, Result

# As `cosim.mutants.designs` has them; that module takes a second to load.
DESIGNS = ("small", "one-step", "tiled", "lanes", "one-set", "switches", "wide")
# Whose table is under results/.
TABLED = ("small", "one-step", "tiled", "lanes", "one-set")


def _arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--designs", nargs="+", choices=DESIGNS, default=DESIGNS, metavar="NAME",
        help=f"accelerators to mutate (default: all, {', '.join(DESIGNS)})",
    )  # fmt: skip
    command.add_argument(
        "--again", action="store_true",
        help="of each design all mutants (default: those that no check of an earlier design noticed)",
    )  # fmt: skip
    command.add_argument("--blocks", nargs="+", default=[], metavar="NAME", help="modules (default: all)")
    add_workers(command)
    add_out(command, "results/mutants")


def _work(given: argparse.Namespace) -> int:
    from experiments.chain.sweep import Workers
    from experiments.hardware.mutants import mutate_all

    text, undecided = mutate_all(
        given.out,
        designs=given.designs,
        blocks=given.blocks,
        again=given.again,
        workers=Workers(given.workers, given.scheduler),
    )
    print(text, end="")
    return int(undecided > 0)


EXPERIMENT = Experiment(
    name="mutants",
    what="thousands of small changes of the Verilog, one at a time: which does the comparison with golden see?",
    example="rsnn mutants --designs small --blocks zero_skip output",
    arguments=_arguments,
    work=_work,
    results=(
        Result(
            name="mutants",
            makes="every mutant of a small accelerator's Verilog: what tells it from the original, or why nothing can",
            command=("mutants", "--designs", *TABLED, "--out", "{out}"),
            quick=("mutants", "--designs", "small", "--blocks", "lane_gate", "--out", "{out}"),
            folder="mutants",
            outputs=("mutants.csv", "summary.csv", "summary.md"),
            needs=(SIMULATORS,),
            minutes=90,
        ),
    ),
)
