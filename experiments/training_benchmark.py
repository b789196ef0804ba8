"""Speed of training beside snnTorch's recurrent layers, an LSTM and a GRU of the same size, on the same batches."""

from __future__ import annotations

import argparse

from experiments.command.arguments import add_out, threads, whole
from experiments.command.experiment import TRAINING, Experiment, Result


def _arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--batches", type=whole, default=8, help="of 16 utterances (default: %(default)s)")
    command.add_argument("--width", type=whole, default=128, help="of each of two layers (default: %(default)s)")
    command.add_argument("--outputs", type=whole, default=120, help="classes (default: %(default)s)")
    command.add_argument("--threads", type=threads, default=1, help="(default: %(default)s)")
    add_out(command, "results/recognition")


def _work(given: argparse.Namespace) -> None:
    from experiments.speed.training_benchmark import benchmark

    text = benchmark(
        batches=given.batches, width=given.width, outputs=given.outputs, threads=given.threads, out=given.out
    )
    print(text, end="")


EXPERIMENT = Experiment(
    name="training-benchmark",
    what="speed of training beside snnTorch, an LSTM and a GRU of the same size, on the same batches",
    example="OMP_NUM_THREADS=2 rsnn training-benchmark --threads 2 --batches 8",
    arguments=_arguments,
    work=_work,
    results=(
        Result(
            name="training-benchmark",
            makes="speed of training beside snnTorch, an LSTM and a GRU",
            command=("training-benchmark", "--threads", "2", "--out", "{out}"),
            quick=("training-benchmark", "--batches", "1", "--width", "32", "--out", "{out}"),
            folder="recognition",
            outputs=(),
            varies=("training_speed.csv",),
            needs=(TRAINING,),
            minutes=10,
        ),
    ),
)
