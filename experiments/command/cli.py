"""The ``rsnn`` command: a subcommand for each experiment that declares one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from experiments.command.arguments import Parser
from experiments.command.declared import experiments
from experiments.command.outcome import outcome


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand.

    Parameters
    ----------
    arguments : sequence of str, optional
        Command line without the program's name.

    Returns
    -------
    int
        Exit status, of `experiments.command.outcome`: 0; 1 if RTL and golden differ, or a check that the command makes
        fails; 2 for input that was refused; 3 for a fault of the program; 130 where it was interrupted.
    """
    return outcome(lambda: _run_command(arguments))


def _run_command(arguments: Sequence[str] | None) -> int:
    given = _parser().parse_args(arguments)
    return int(given.experiment.work(given) or 0)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="rsnn",
        description="Speech to phones on a recurrent spiking accelerator: golden model, RTL, co-simulation, power.",
        epilog="example: rsnn run speech.wav --frames 50 --out results/mine",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for experiment in experiments():
        what, example = experiment.what, f"example: {experiment.example}"
        added = commands.add_parser(experiment.name, help=what, description=what, epilog=example)
        experiment.arguments(added)
        added.set_defaults(experiment=experiment)
    return parser


if __name__ == "__main__":
    sys.exit(main())
