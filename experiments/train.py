"""From a corpus to a checkpoint."""

from __future__ import annotations

import argparse

from experiments.command.arguments import path, seed
from experiments.command.experiment import Experiment
from experiments.command.training_arguments import add_training, settings


def _arguments(command: argparse.ArgumentParser) -> None:
    add_training(command)
    command.add_argument("--seed", type=seed, default=1, help="(default: 1)")
    command.add_argument(
        "--fold",
        type=int,
        choices=range(6),
        default=0,
        metavar="N",
        help="of timit_sample's or fsdd's speakers (default: 0)",
    )
    command.add_argument("--out", type=path, required=True, help="checkpoint to write (.npz)")


def _work(given: argparse.Namespace) -> None:
    chosen = settings(given)
    from training.stages.recipe import train_checkpoint

    print(train_checkpoint(chosen, seed=given.seed, out=given.out), end="")


EXPERIMENT = Experiment(
    name="train",
    what="from a corpus to a checkpoint that golden and the RTL run",
    example="rsnn train --data ~/corpora --work work --out mine.npz && rsnn run speech.wav --checkpoint mine.npz",
    arguments=_arguments,
    work=_work,
)
