"""Spoken digits: one class an utterance, networks of several shapes through the whole flow."""

from __future__ import annotations

import argparse

from experiments.command.arguments import add_liberty, add_out, count, frames, seed, whole
from experiments.command.experiment import FSDD, SIMULATORS, TRAINING, Experiment, Result
from experiments.command.training_arguments import add_training, settings

# As `experiments.variants.costs` has them; that module takes seconds to load.
ENGINES = ("verilator", "icarus", "myhdl", "golden")
RECIPES = (
    "digits", "digits_128", "digits_256", "digits_one_layer", "digits_three_layers", "digits_feed_forward",
)  # fmt: skip


def _arguments(command: argparse.ArgumentParser) -> None:
    add_training(command, recipe=False, corpus="fsdd")
    command.add_argument(
        "--recipes", nargs="+", default=list(RECIPES), metavar="RECIPE", help=f"(default: {' '.join(RECIPES)})"
    )
    command.add_argument("--folds", type=count, nargs="+", default=[], metavar="N", help="speakers (default: all)")
    command.add_argument("--seed", type=seed, default=1, help="(default: 1)")
    command.add_argument("--engine", choices=ENGINES, default="verilator", help="that runs the RTL; golden: none")
    command.add_argument(
        "--rtl-utterances", type=whole, default=20, metavar="N", help="of each fold, on the engine (default: 20)"
    )
    command.add_argument(
        "--rtl-frames", type=frames, default="all", metavar="N", help="at most, of each of them (default: all)"
    )
    add_liberty(command)
    command.add_argument("--no-gates", action="store_true", help="no synthesis: gates of power/tables/gates.csv")
    add_out(command, "results/digits")


def _work(given: argparse.Namespace) -> None:
    chosen = settings(given)
    from experiments.variants.compare import compare

    text = compare(
        chosen,
        given.recipes,
        folds=given.folds,
        seed=given.seed,
        engine=given.engine,
        utterances=given.rtl_utterances,
        frames=given.rtl_frames,
        liberty=given.liberty,
        gates=not given.no_gates,
        out=given.out,
    )
    print(text, end="")


EXPERIMENT = Experiment(
    name="digits",
    what="spoken digits: networks of several shapes trained, quantised, co-simulated, exported, synthesised and costed",
    example="rsnn digits --data ~/corpora --work work --out results/digits",
    arguments=_arguments,
    work=_work,
    results=(
        Result(
            name="digits",
            makes="spoken digits in six shapes of network: accuracy, cycles, Verilog, gates and energy an utterance",
            command=("digits", "--data", "{data}", "--work", "{work}", "--out", "{out}"),
            quick=(
                *("digits", "--corpus", "synthetic_digits", "--recipes", "digits_small", "--folds", "0"),
                *("--engine", "myhdl", "--rtl-utterances", "1", "--rtl-frames", "2", "--no-gates"),
                *("--workers", "1", "--work", "{work}", "--out", "{out}"),
            ),
            folder="digits",
            outputs=("table.csv", "table.md", "folds.csv", "accuracy.png", "accuracy.svg", "configuration.json"),
            needs=(FSDD, TRAINING, SIMULATORS),
            minutes=30,
        ),
    ),
)
