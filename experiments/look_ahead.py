"""Phone error rate of streaming decoding against its latency."""

from __future__ import annotations

import argparse

from experiments.command.arguments import add_checkpoint, add_data, add_out, path
from experiments.command.experiment import CORPUS, Experiment, Result


def _arguments(command: argparse.ArgumentParser) -> None:
    said = "WAV, FLAC or NIST SPHERE with phone files beside them (default: a whole corpus)"
    command.add_argument("speech", nargs="*", type=path, help=said)
    add_checkpoint(command)
    add_data(command)
    add_out(command, "results/recognition")


def _work(given: argparse.Namespace) -> None:
    from experiments.chain.look_ahead import look_ahead_curve

    print(look_ahead_curve(given.speech, data=given.data, checkpoint_path=given.checkpoint, out=given.out), end="")


EXPERIMENT = Experiment(
    name="look-ahead",
    what="phone error rate of streaming decoding against its latency",
    example="rsnn look-ahead --data ~/corpora",
    arguments=_arguments,
    work=_work,
    results=(
        Result(
            name="look-ahead",
            makes="phone error rate against the frames that the decoder waits",
            command=("look-ahead", "--data", "{data}", "--out", "{out}"),
            quick=("look-ahead", "{clip}", "--out", "{out}"),
            folder="recognition",
            outputs=("look_ahead.csv", "look_ahead.png", "look_ahead.svg"),
            needs=(CORPUS,),
            minutes=5,
        ),
    ),
)
