"""Everything under ``results/``, or some of it, by one command."""

from __future__ import annotations

import argparse
import sys

from experiments.command.arguments import add_data, path, whole
from experiments.command.experiment import Experiment


def _arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("names", nargs="*", metavar="NAME", help="results to make (default: all; --list names them)")
    command.add_argument("--list", action="store_true", help="say what there is, how long it takes and what it needs")
    command.add_argument("--quick", action="store_true", help="all on little speech, at small sizes, in minutes")
    add_data(command)
    command.add_argument("--cells", type=path, help="folder of libraries of cells (default: $RSNN_LIBERTY)")
    command.add_argument("--jobs", type=whole, default=1, metavar="N", help="commands side by side (default: 1)")
    command.add_argument("--again", action="store_true", help="make what is not stale, too")
    said = "folder of all results (default: results; build/quick, or build/reproduced without a corpus)"
    command.add_argument("--out", type=path, help=said)
    command.add_argument("--work", type=path, help="folder for logs and what is kept (default: work/reproduce)")


def _work(given: argparse.Namespace) -> int:
    from experiments.reproduction.reproduce import list_results, reproduce

    if given.list:
        print(list_results(given.names), end="")
        return 0
    text, failed = reproduce(
        given.names,
        quick=given.quick,
        data=given.data,
        cells=given.cells,
        side_by_side=given.jobs,
        again=given.again,
        out=given.out,
        work=given.work,
        said=sys.stderr,
    )
    print(text, end="")
    return int(failed)


EXPERIMENT = Experiment(
    name="reproduce",
    what="everything under results/ from the shipped checkpoint and --data; only what is stale is made",
    example="rsnn reproduce --data ~/corpora && rsnn reproduce --quick --jobs 2",
    arguments=_arguments,
    work=_work,
)
