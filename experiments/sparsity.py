"""Zeros of each input bit plane and of each layer."""

from __future__ import annotations

import argparse

from experiments.command.arguments import add_checkpoint, add_data, add_out, add_split, path
from experiments.command.experiment import CORPUS, Experiment, Result


def _arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("speech", nargs="*", type=path, help="WAV, FLAC or NIST SPHERE (default: a whole corpus)")
    add_checkpoint(command)
    add_data(command)
    add_split(command)
    add_out(command, "results/story/sparsity")


def _work(given: argparse.Namespace) -> None:
    from experiments.story.sparsity import measure_sparsity

    text = measure_sparsity(
        given.speech, data=given.data, split=given.split, checkpoint_path=given.checkpoint, out=given.out
    )
    print(text, end="")


EXPERIMENT = Experiment(
    name="sparsity",
    what="zeros of each input bit plane, of each layer's spikes and of the FC",
    example="rsnn sparsity --data ~/corpora --split test",
    arguments=_arguments,
    work=_work,
    results=(
        Result(
            name="story-sparsity",
            makes="share of zeros by input bit plane, layer and time step",
            command=("sparsity", "--data", "{data}", "--out", "{out}"),
            quick=("sparsity", "{clip}", "--out", "{out}"),
            folder="story/sparsity",
            outputs=("sparsity.csv", "sparsity.png", "sparsity.svg"),
            needs=(CORPUS,),
            minutes=3,
        ),
    ),
)
