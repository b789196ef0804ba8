"""The accelerator as Verilog, to take away."""

from __future__ import annotations

import argparse

from experiments.command.arguments import add_checkpoint, add_out, path, whole
from experiments.command.experiment import Experiment


def _arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "speech", nargs="?", type=path, help="sound of the testbench's vectors (default: shipped clip)"
    )
    add_checkpoint(command)
    command.add_argument("--frames", type=whole, default=20, metavar="N", help="frames of vectors (default: 20)")
    command.add_argument(
        "--architecture",
        choices=["sliced", "lanes"],
        default="sliced",
        help="PE sets bit plane by bit plane, or a PE instance a lane (default: sliced)",
    )
    command.add_argument("--arg-max", action="store_true", help="the stream gives one arg-max a frame, not its logits")
    add_out(command, "results/export")


def _work(given: argparse.Namespace) -> None:
    from experiments.hardware.export import export

    text = export(
        checkpoint_path=given.checkpoint,
        speech=given.speech,
        frames=given.frames,
        architecture=given.architecture,
        out=given.out,
        arg_max=given.arg_max,
    )
    print(text, end="")


EXPERIMENT = Experiment(
    name="export",
    what="the accelerator as Verilog: a module a block, weights, testbench, constraints, README",
    example="rsnn export --out build/verilog --frames 20",
    arguments=_arguments,
    work=_work,
)
