"""Sound files, or a whole corpus, through the accelerator, every register compared at every cycle."""

from __future__ import annotations

import argparse

from experiments.command.arguments import add_checkpoint, add_data, add_engine, add_out, add_split, frames, path
from experiments.command.experiment import CORPUS, SIMULATORS, TIMIT_SAMPLE, Experiment, Result


def _arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("speech", nargs="*", type=path, help="WAV, FLAC or NIST SPHERE (default: a whole corpus)")
    add_data(command)
    add_split(command)
    add_engine(command)
    add_checkpoint(command)
    command.add_argument("--frames", type=frames, default=None, metavar="N", help="frames of each file (default: all)")
    add_out(command, "results/cosim")


def _work(given: argparse.Namespace) -> None:
    from experiments.chain.utterances import corpus_files, cosimulate_files

    text = cosimulate_files(
        given.speech or corpus_files(given.data, given.split),
        checkpoint_path=given.checkpoint,
        frames=given.frames,
        out=given.out,
        engine=given.engine,
    )
    print(text, end="")


EXPERIMENT = Experiment(
    name="cosim",
    what="co-simulate sound files, every register at every cycle, and nothing else",
    example="rsnn cosim a.wav b.wav --frames all --engine verilator --out results/cosim",
    arguments=_arguments,
    work=_work,
    results=(
        Result(
            name="cosim",
            makes="three whole utterances in MyHDL, every register at every cycle",
            command=(
                "cosim",
                "{speechocean762}/WAVE/SPEAKER0457/004570374.flac",
                "{speechocean762}/WAVE/SPEAKER2441/024410377.flac",
                "{timit_sample}/dr4-falr0/sa1.wav",
                "--out",
                "{out}",
            ),
            quick=("cosim", "{clip}", "--checkpoint", "{small}", "--frames", "4", "--out", "{out}"),
            folder="cosim",
            outputs=("utterances.csv",),
            varies=("speeds.csv",),
            needs=(CORPUS, TIMIT_SAMPLE),
            minutes=20,
        ),
        Result(
            name="utterances",
            makes="the 600 test utterances in Verilator, every register at every cycle",
            command=("cosim", "--engine", "verilator", "--data", "{data}", "--out", "{out}"),
            quick=(
                "cosim",
                "{clip}",
                "--checkpoint",
                "{small}",
                "--engine",
                "verilator",
                "--frames",
                "20",
                "--out",
                "{out}",
            ),
            folder="verilog/utterances",
            outputs=("utterances.csv",),
            varies=("speeds.csv",),
            needs=(CORPUS, SIMULATORS),
            minutes=15,
        ),
    ),
)
