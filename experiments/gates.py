"""Every net of the gates over whole utterances, and what it takes."""

from __future__ import annotations

import argparse

from experiments.command.arguments import (
    add_checkpoint,
    add_data,
    add_liberty,
    add_out,
    count,
    frames,
    path,
    share,
    threads,
    whole,
    wires,
)
from experiments.command.experiment import CELLS, CORPUS, SIMULATORS, Experiment, Result


def _arguments(command: argparse.ArgumentParser) -> None:
    what = command.add_mutually_exclusive_group()
    said = "WAV, FLAC or NIST SPHERE (default: the shipped clip from its middle)"
    what.add_argument("speech", nargs="*", type=path, default=[], help=said)
    what.add_argument("--split", choices=["train", "test"], help="all of this part of speechocean762, no files")
    add_data(command)
    add_checkpoint(command)
    add_liberty(command)
    command.add_argument("--no-clock-gates", action="store_true", help="registers with an enable keep their clock")
    command.add_argument("--frames", type=frames, default=None, metavar="N", help="of each file (default: all)")
    command.add_argument(
        "--power-frames", type=whole, default=40, metavar="N", help="of the clip: glitches, states, power (default: 40)"
    )
    command.add_argument(
        "--wires", type=wires, metavar="UM:FF", help="um a pin, fF a um, or 'none' (default: the library's, or assumed)"
    )
    command.add_argument(
        "--utilisation", type=share, default=0.75, metavar="X", help="of the rows by cells, for area (default: 0.75)"
    )
    command.add_argument(
        "--icarus-frames", type=count, default=0, metavar="N", help="of the clip, net by net in Icarus (default: 0)"
    )
    command.add_argument("--opensta", action="store_true", help="write netlist, SAIF of its nets and a script, too")
    command.add_argument("--threads", type=threads, default=2, metavar="N", help="(default: 2)")
    add_out(command, "results/power/gates")


def _work(given: argparse.Namespace) -> None:
    from experiments.chain.utterances import corpus_files
    from experiments.hardware.gates import gate_experiment

    text = gate_experiment(
        corpus_files(given.data, given.split) if given.split else given.speech,
        checkpoint_path=given.checkpoint,
        liberty=given.liberty,
        clock_gates=not given.no_clock_gates,
        frames=given.frames,
        power_frames=given.power_frames,
        wires=given.wires,
        utilisation=given.utilisation,
        opensta=given.opensta,
        icarus_frames=given.icarus_frames,
        threads=given.threads,
        out=given.out,
    )
    print(text, end="")


_OUTPUTS = (
    *("activity.csv", "area.csv", "gates.csv", "gates.json", "run.json"),
    *("netlist_power.csv", "netlist_power.png", "netlist_power.svg"),
)

EXPERIMENT = Experiment(
    name="gates",
    what="what every net of the netlist does over utterances, glitches, and the gates held against golden",
    example="rsnn gates speech.wav --liberty my_cells.lib --icarus-frames 3 --out results/mine",
    arguments=_arguments,
    work=_work,
    results=(
        Result(
            name="gates-nangate45",
            makes="every net of the 600 test utterances in NanGate45: coverage, glitches, power and area by block",
            command=(
                "gates",
                "--split",
                "test",
                "--data",
                "{data}",
                "--liberty",
                "{cells}/nangate45_typ.lib*",
                "--icarus-frames",
                "3",
                "--out",
                "{out}",
            ),
            quick=("gates", "--checkpoint", "{tiny}", "--frames", "4", "--power-frames", "2", "--out", "{out}"),
            folder="power/gates/nangate45",
            outputs=_OUTPUTS,
            needs=(CORPUS, CELLS, SIMULATORS),
            minutes=40,
        ),
        Result(
            name="gates-asap7",
            makes="the same in ASAP7, on the shipped clip",
            command=("gates", "--liberty", "{cells}/asap7_*_RVT_TT.lib*", "--out", "{out}"),
            quick=("gates", "--checkpoint", "{tiny}", "--frames", "4", "--power-frames", "2", "--out", "{out}"),
            folder="power/gates/asap7",
            outputs=_OUTPUTS,
            needs=(CELLS, SIMULATORS),
            minutes=15,
        ),
    ),
)
