"""Power and efficiency against frequency, voltage and threshold class."""

from __future__ import annotations

import argparse

from experiments.command.arguments import add_out, add_synthesis, longest_path, path
from experiments.command.experiment import Experiment, Result


def _arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", type=path, help="folder that 'rsnn run' wrote")
    add_synthesis(command)
    command.add_argument(
        "--path",
        type=longest_path,
        default="22.68:180:1.8",
        metavar="NS:NODE:V",
        help="longest path, the node and voltage that it was found at (default: 22.68:180:1.8, osu018 flattened)",
    )
    add_out(command, "results/power")


def _work(given: argparse.Namespace) -> None:
    from experiments.energy.operating_points import operating_points
    from power.operating_point import LongestPath

    longest = LongestPath(*given.path)
    print(operating_points(given.folder, synthesis=given.synthesis, path=longest, out=given.out), end="")


EXPERIMENT = Experiment(
    name="operating-points",
    what="power of a result folder against frequency, voltage and threshold class; efficiency by counting",
    example="rsnn operating-points results/demo --out results/power",
    arguments=_arguments,
    work=_work,
    results=(
        Result(
            name="operating-points",
            makes="power against frequency and voltage with the paper's two points; TOPS/W and GOPS/mm2 by counting",
            command=(
                "operating-points",
                "{results}/demo",
                "--synthesis",
                "{results}/verilog/synthesis.csv",
                "--out",
                "{out}",
            ),
            folder="power",
            outputs=(
                "operating_points.csv",
                "operating_points.md",
                "operating_points.png",
                "operating_points.svg",
                "efficiency.csv",
                "efficiency.png",
                "efficiency.svg",
            ),
            inputs=("demo/activity.csv", "demo/run.json", "verilog/synthesis.csv"),
            minutes=0.3,
        ),
    ),
)
