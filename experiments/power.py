"""Power of a result folder, from its activity and the tables of constants."""

from __future__ import annotations

import argparse

from experiments.command.arguments import path
from experiments.command.experiment import Experiment, Result


def _arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "folder", type=path, help="folder that 'rsnn run' wrote, or nets' activity (*.saif), ours or any design's"
    )
    command.add_argument("--constants", type=path, help="table whose rows replace those of power/tables/")
    command.add_argument(
        "--class", dest="threshold", choices=("HVT", "SVT", "LVT"), help="class of cells (default: all)"
    )
    command.add_argument(
        "--as-is", action="store_true", help="take files that were changed since, or are of no run; their mix is yours"
    )
    command.add_argument(
        "--temperature", type=float, default=25.0, metavar="C", help="at which the chip leaks (default: 25)"
    )
    command.add_argument("--out", type=path, help="folder for the text and a tornado plot (default: none)")


def _work(given: argparse.Namespace) -> None:
    from experiments.energy.power_nets import power_of_saif
    from experiments.energy.power_table import power_of_folder

    if given.folder.suffix == ".saif":
        print(power_of_saif(given.folder, constants=given.constants), end="")
        return
    said = power_of_folder(
        given.folder,
        constants=given.constants,
        as_is=given.as_is,
        threshold=given.threshold,
        temperature_c=given.temperature,
        out=given.out,
    )
    print(said, end="")


EXPERIMENT = Experiment(
    name="power",
    what="power of a result folder anew, from its activity and a table of constants",
    example="rsnn power results/demo --constants my_28nm.csv",
    arguments=_arguments,
    work=_work,
    results=(
        Result(
            name="power",
            makes="power by block, component and threshold class, and a tornado of what carries its spread",
            command=("power", "{results}/demo", "--out", "{out}"),
            folder="power",
            outputs=("power.txt", "breakdown.csv", "breakdown.png", "breakdown.svg", "tornado.png", "tornado.svg"),
            inputs=("demo/activity.csv", "demo/run.json"),
            minutes=0.3,
        ),
    ),
)
