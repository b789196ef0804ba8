"""The report page of all results."""

from __future__ import annotations

import argparse
from pathlib import Path

from experiments.command.arguments import path
from experiments.command.experiment import Experiment


def _arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--results", type=path, default=Path("results"), help="folder of results, a run in its demo/ (default: results)"
    )
    command.add_argument(
        "--out", type=path, default=Path("results/report.html"), help="page to write (default: results/report.html)"
    )


def _work(given: argparse.Namespace) -> None:
    from experiments.page.report import report

    print(report(results=given.results, out=given.out))


EXPERIMENT = Experiment(
    name="report",
    what="one HTML page of all results and the shipped clip, to be opened in a browser; it needs no network",
    example="rsnn report --results results --out results/report.html",
    arguments=_arguments,
    work=_work,
)
