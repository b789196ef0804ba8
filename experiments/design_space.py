"""The space of designs around the shipped one."""

from __future__ import annotations

import argparse

from experiments.command.arguments import (
    add_checkpoint,
    add_data,
    add_liberty,
    add_out,
    add_results,
    add_workers,
    longest_path,
    path,
    volts,
    whole,
)
from experiments.command.experiment import CORPUS, Experiment, Result

# As `experiments.exploration.grid.Grid` and `experiments.exploration.explore.VOLTAGES` have them; those load slowly.
AXES = {
    "lanes": ((32, 64, 128, 256), "PEs of a set"),
    "pe-sets": ((1, 2), "sets of PEs"),
    "time-steps": ((1, 2), "time steps a frame"),
    "weight-bits": ((4, 8), "bits of a weight"),
    "widths": ((64, 128, 256), "neurons of each layer"),
}
VOLTAGES = (0.5, 0.6, 0.7, 0.8, 0.9)


def _arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("speech", nargs="*", type=path, help="WAV, FLAC or NIST SPHERE (default: a corpus)")
    add_checkpoint(command)
    add_data(command)
    for axis, (values, what) in AXES.items():
        shown = " ".join(map(str, values))
        command.add_argument(
            f"--{axis}", nargs="+", type=whole, default=values, metavar="N", help=f"{what} (default: {shown})"
        )
    shown = " ".join(map(str, VOLTAGES))
    command.add_argument(
        "--voltages", nargs="+", type=volts, default=VOLTAGES, metavar="V", help=f"0.5 to 0.9 (default: {shown})"
    )
    command.add_argument(
        "--path",
        type=longest_path,
        default="22.68:180:1.8",
        metavar="NS:NODE:V",
        help="longest path of every design, node and voltage that it was found at (default: 22.68:180:1.8, osu018)",
    )
    command.add_argument(
        "--utterances", type=whole, default=10, metavar="N", help="every nth of speechocean762's test set (default: 10)"
    )
    command.add_argument(
        "--traced", type=whole, default=20, metavar="N", help="frames of each whose toggles are counted (default: 20)"
    )
    command.add_argument(
        "--synthesise",
        action="store_true",
        help="map the designs that areas are fitted to anew, hours on one core (default: the table that is kept)",
    )
    add_liberty(command)
    add_results(command)
    add_workers(command)
    add_out(command, "results/design_space")


def _work(given: argparse.Namespace) -> None:
    from experiments.chain.sweep import Workers
    from experiments.exploration.explore import Options, explore
    from experiments.exploration.grid import Grid
    from power.operating_point import LongestPath

    grid = Grid(given.lanes, given.pe_sets, given.time_steps, given.weight_bits, given.widths)
    options = Options(
        grid=grid,
        voltages=sorted(set(given.voltages)),
        path=LongestPath(*given.path),
        utterances=given.utterances,
        traced=given.traced,
        synthesise=given.synthesise,
        liberty=given.liberty,
    )
    text = explore(
        given.speech,
        data=given.data,
        checkpoint_path=given.checkpoint,
        results=given.results,
        options=options,
        out=given.out,
        workers=Workers(given.workers, given.scheduler),
    )
    print(text, end="")


EXPERIMENT = Experiment(
    name="design-space",
    what="power, area, time a frame and PER over lanes, PE sets, time steps, weight bits, neurons, voltage and class",
    example="rsnn design-space --data ~/corpora --workers 2",
    arguments=_arguments,
    work=_work,
    results=(
        Result(
            name="design-space",
            makes="96 designs at five voltages in three classes of cells: power, area, time; Pareto fronts",
            command=("design-space", "--data", "{data}", "--results", "{results}", "--out", "{out}"),
            quick=(
                *("design-space", "{clip}", "--lanes", "32", "--widths", "16", "32", "--weight-bits", "4"),
                *("--voltages", "0.9", "--traced", "2", "--results", "{results}", "--out", "{out}"),
            ),
            folder="design_space",
            outputs=(
                *("designs.csv", "design_space.csv", "pareto.csv", "area_fit.csv", "area_points.csv"),
                *("design_space.md", "design_space.json", "design_space.png", "design_space.svg"),
            ),
            inputs=("recognition/table.csv", "recognition/curves/table.csv"),
            needs=(CORPUS,),
            minutes=5,
        ),
    ),
)
