"""What each technique is worth."""

from __future__ import annotations

import argparse

from experiments.command.arguments import add_checkpoint, add_data, add_liberty, add_out, add_workers, path, whole
from experiments.command.experiment import CORPUS, SIMULATORS, Experiment, Result

# As `experiments.ablation.techniques` has them; that module takes seconds to load.
ENGINES = ("verilator", "icarus", "myhdl")


def _arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("speech", nargs="*", type=path, help="WAV, FLAC or NIST SPHERE (default: a corpus)")
    add_checkpoint(command)
    add_data(command)
    command.add_argument(
        "--utterances", type=whole, default=50, metavar="N", help="every nth of speechocean762's test set (default: 50)"
    )
    command.add_argument(
        "--engines",
        nargs="+",
        choices=ENGINES,
        default=list(ENGINES),
        help="Verilator runs whole utterances, the others a few frames (default: all)",
    )
    command.add_argument(
        "--frames",
        type=whole,
        default=2,
        metavar="N",
        help="from the middle of the first utterance, that every engine runs (default: 2)",
    )
    command.add_argument(
        "--rtl-every",
        type=whole,
        default=1,
        metavar="N",
        help="of these the engines run every Nth, golden all (default: 1, all: 720 million cycles, about an hour)",
    )
    add_liberty(command)
    command.add_argument("--no-gates", action="store_true", help="no synthesis: gates of power/tables/gates.csv")
    add_workers(command)
    add_out(command, "results/power")


def _work(given: argparse.Namespace) -> None:
    from experiments.ablation.techniques import techniques
    from experiments.chain.sweep import Workers

    text = techniques(
        given.speech,
        data=given.data,
        checkpoint_path=given.checkpoint,
        utterances=given.utterances,
        engines=list(dict.fromkeys(given.engines)),
        frames=given.frames,
        liberty=given.liberty,
        gates=not given.no_gates,
        every=given.rtl_every,
        out=given.out,
        workers=Workers(given.workers, given.scheduler),
    )
    print(text, end="")


EXPERIMENT = Experiment(
    name="techniques",
    what="what each technique is worth: each off, and from dense to the shipped design, on real utterances",
    example="rsnn techniques --data ~/corpora --utterances 50 --out results/power/techniques",
    arguments=_arguments,
    work=_work,
    results=(
        Result(
            name="techniques",
            makes="cycles, reads, additions, energy and power without each technique, the paper's claim beside",
            command=("techniques", "--data", "{data}", "--utterances", "50", "--out", "{out}"),
            quick=(
                *("techniques", "{clip}", "--checkpoint", "{small}", "--engines", "myhdl", "--frames", "1"),
                *("--no-gates", "--out", "{out}"),
            ),
            folder="power/techniques",
            outputs=(
                "techniques.csv",
                "techniques_cumulative.csv",
                "techniques.md",
                "techniques.json",
                "techniques.png",
                "techniques.svg",
            ),
            needs=(CORPUS, SIMULATORS),
            minutes=90,
        ),
    ),
)
