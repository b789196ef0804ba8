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
    add_out(command, "results/verilog")


def _work(given: argparse.Namespace) -> int:
    from experiments.hardware.prove import prove_checkpoint

    text, missed = prove_checkpoint(
        checkpoint_path=given.checkpoint, timeout_s=given.timeout, names=given.properties, out=given.out
    )
    print(text, end="")
    return int(missed > 0)


EXPERIMENT = Experiment(
    name="prove",
    what="properties of controller, zero-skip unit and streams, proved for every input",
    example="rsnn prove --out results/verilog",
    arguments=_arguments,
    work=_work,
    results=(
        Result(
            name="proofs",
            makes="properties of controller, zero-skip unit and streams, proved for every input",
            command=("prove", "--out", "{out}"),
            quick=(
                *("prove", "--properties", "visits_each_one_once", "gives_each_word_once", "starts_only_whole_frames"),
                *("--timeout", "0", "--out", "{out}"),
            ),
            folder="verilog",
            outputs=("proofs.csv", "proofs.json", "proofs.md"),
            varies=("proofs_seconds.csv",),
            needs=(SIMULATORS,),
            minutes=20,
        ),
    ),
)
