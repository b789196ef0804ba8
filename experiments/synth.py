"""Gates of every block of the Verilog."""

from __future__ import annotations

import argparse

from experiments.command.arguments import add_checkpoint, add_liberty, add_out, whole
from experiments.command.experiment import SIMULATORS, Experiment, Result


def _arguments(command: argparse.ArgumentParser) -> None:
    add_checkpoint(command)
    add_liberty(command)
    command.add_argument("--no-clock-gates", action="store_true", help="registers with an enable keep their clock")
    command.add_argument("--frames", type=whole, default=5, metavar="N", help="simulated in gates (default: 5)")
    command.add_argument("--no-fpga", action="store_true", help="leave out place and route, which takes up to an hour")
    add_out(command, "results/verilog")


def _work(given: argparse.Namespace) -> None:
    from experiments.hardware.synth import synthesise_checkpoint

    text = synthesise_checkpoint(
        checkpoint_path=given.checkpoint,
        liberty=given.liberty,
        clock_gates=not given.no_clock_gates,
        frames=given.frames,
        fpga=not given.no_fpga,
        out=given.out,
    )
    print(text, end="")


EXPERIMENT = Experiment(
    name="synth",
    what="gates of every block: area, timing, proofs, gate-level simulation, an FPGA",
    example="rsnn synth --liberty my_cells.lib --out results/verilog",
    arguments=_arguments,
    work=_work,
    results=(
        Result(
            name="synth",
            makes="cells and timing of every block, proofs that gates and Verilog are equal, gates simulated, an FPGA",
            command=("synth", "--out", "{out}"),
            quick=("synth", "--checkpoint", "{tiny}", "--frames", "1", "--no-fpga", "--out", "{out}"),
            folder="verilog",
            outputs=(
                "synthesis.csv",
                "synthesis.json",
                "synthesis.md",
                "synthesis_simulation.csv",
                "equivalence.csv",
                "equivalence.md",
                "fpga.csv",
            ),
            full_only=("fpga.csv",),
            varies=("equivalence_seconds.csv",),
            needs=(SIMULATORS,),
            minutes=75,
        ),
    ),
)
