"""Phone error rates of every stage and baseline of a recipe."""

from __future__ import annotations

import argparse

from experiments.command.arguments import add_out, path, seed
from experiments.command.experiment import CORPUS, TIMIT_SAMPLE, TRAINING, Experiment, Result
from experiments.command.training_arguments import add_training, settings


def _arguments(command: argparse.ArgumentParser) -> None:
    add_training(command)
    command.add_argument("--seeds", type=seed, nargs="+", default=[1], help="(default: 1)")
    command.add_argument("--stages", nargs="+", default=[], metavar="NAME", help="of the recipe (default: all)")
    command.add_argument("--start", type=path, help='checkpoint that stages with start = "checkpoint" go on from')
    add_out(command, "results/recognition")


def _work(given: argparse.Namespace) -> None:
    chosen = settings(given)
    from experiments.learning.recognition import recognise

    print(recognise(chosen, seeds=given.seeds, out=given.out, stages=given.stages, start=given.start), end="")


_OUTPUTS = ("rows.csv", "table.csv", "table.md", "epochs.csv", "rates.png", "rates.svg", "epochs.png", "epochs.svg")
_SEEDS = ("--seeds", "1", "2", "3", "--work", "{work}", "--out", "{out}")
# On sentences that flite speaks.
_QUICK = (
    *("recognition", "--corpus", "synthetic", "--recipe", "small"),
    *("--workers", "1", "--work", "{work}", "--out", "{out}"),
)

EXPERIMENT = Experiment(
    name="recognition",
    what="train every stage and baseline of a recipe and write the table of phone error rates",
    example="rsnn recognition --corpus timit --data ~/corpora --work work --out results/timit --seeds 1 2 3",
    arguments=_arguments,
    work=_work,
    results=(
        Result(
            name="recognition",
            makes="phone error rates of every stage and baseline, three seeds each",
            command=("recognition", "--data", "{data}", *_SEEDS),
            quick=_QUICK,
            folder="recognition",
            outputs=_OUTPUTS,
            needs=(CORPUS, TRAINING),
            minutes=6000,
        ),
        Result(
            name="recognition-curves",
            makes="phone error rates over pruning of the FC, weight bits, width, time steps and spike penalty",
            command=("recognition", "--recipe", "curves", "--data", "{data}", "--work", "{work}", "--out", "{out}"),
            quick=(
                *("recognition", "--corpus", "synthetic", "--recipe", "small_curves"),
                *("--workers", "1", "--work", "{work}", "--out", "{out}"),
            ),
            folder="recognition/curves",
            outputs=_OUTPUTS,
            needs=(CORPUS, TRAINING),
            minutes=100,
        ),
        Result(
            name="timit-sample",
            makes="the same recipe on the twelve speakers of the TIMIT sample alone, by folds",
            command=(
                "recognition",
                "--corpus",
                "timit_sample",
                "--recipe",
                "timit_sample",
                "--data",
                "{data}",
                *_SEEDS,
            ),
            quick=(*_QUICK, "--stages", "lstm"),
            folder="recognition/timit_sample",
            outputs=_OUTPUTS,
            needs=(TIMIT_SAMPLE, TRAINING),
            minutes=60,
        ),
        Result(
            name="timit-transfer",
            makes="the shipped network on the same folds, as it is and trained on",
            command=(
                "recognition",
                "--corpus",
                "timit_sample",
                "--recipe",
                "timit_transfer",
                "--phones",
                "cmu",
                "--start",
                "golden/checkpoints/default.npz",
                "--trees",
                "{results}/recognition/senones.npz",
                "--data",
                "{data}",
                *_SEEDS,
            ),
            quick=(*_QUICK, "--stages", "lstm"),
            folder="recognition/timit_transfer",
            outputs=_OUTPUTS,
            inputs=("recognition/senones.npz",),
            needs=(TIMIT_SAMPLE, TRAINING),
            minutes=60,
        ),
    ),
)
