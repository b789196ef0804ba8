"""Properties of blocks, proved for every input."""

from __future__ import annotations

import argparse

from experiments.command.arguments import add_checkpoint, add_out, seconds
from experiments.command.experiment import SIMULATORS, Experiment, Result


def _arguments(command: argparse.ArgumentParser) -> None:
    add_checkpoint(command)
    command.add_argument(
        "--timeout",
        type=seconds,
        default=900.0,
        metavar="S",
        help="a proof that takes longer at the network's size is given at a small one; 0 = small alone (default: 900)",
    )
    command.add_argument("--properties", nargs="+", default=[], metavar="NAME", help="of the table (default: all)")
    command.add_argument("--mutants", action="store_true", help="count the mutants that each one notices")
    add_out(command, "results/verilog")


def _work(given: argparse.Namespace) -> int:
    from experiments.hardware.prove import prove_checkpoint

    text, missed = prove_checkpoint(
        checkpoint_path=given.checkpoint,
        timeout_s=given.timeout,
        names=given.properties,
        mutants=given.mutants,
        out=given.out,
    )
    print(text, end="")
    return int(missed > 0)


EXPERIMENT = Experiment(
    name="prove",
    what="properties of controller, zero-skip unit, output and streams, proved for every input",
    example="rsnn prove --out results/verilog",
    arguments=_arguments,
    work=_work,
    results=(
        Result(
            name="proofs",
            makes="properties of controller, zero-skip unit, output and streams, proved for every input",
            command=("prove", "--mutants", "--timeout", "30", "--out", "{out}"),
            quick=(
                *("prove", "--properties", "visits_each_one_once", "gives_each_word_once", "starts_only_whole_frames"),
                *("--timeout", "0", "--out", "{out}"),
            ),
            folder="verilog",
            outputs=(
                *("proofs.csv", "proofs.json", "proofs.md", "proofs_assumptions.csv"),
                *("proofs_mutants.csv", "proofs_mutants_left.csv"),
            ),
            full_only=("proofs_mutants.csv", "proofs_mutants_left.csv"),
            varies=("proofs_seconds.csv",),
            needs=(SIMULATORS,),
            minutes=30,
        ),
    ),
)
