"""The report page of all results."""

from __future__ import annotations

import argparse
from pathlib import Path

from experiments.command.arguments import path
from experiments.command.experiment import Experiment, Result


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
    results=(
        Result(
            name="report",
            makes="one page: figures beside the paper's, an utterance to explore, power and area by block, all tables",
            command=("report", "--results", "{results}", "--out", "{out}/report.html"),
            folder=".",
            outputs=("report.html",),
            inputs=(
                "demo/power.csv",
                "cycles/summary.json",
                "faults/faults.csv",
                "power/breakdown.csv",
                "power/efficiency.csv",
                "power/power_curve.png",
                "power/inference.csv",
                "power/techniques/techniques.csv",
                "power/gates/nangate45/area.csv",
                "power/gates/asap7/area.csv",
                "recognition/table.csv",
                "recognition/timit_sample/table.csv",
                "recognition/timit_transfer/table.csv",
                "recognition/look_ahead.csv",
                "cosim/utterances.csv",
                "verilog/utterances/utterances.csv",
                "verilog/engines.csv",
                "verilog/proofs.csv",
                "verilog/synthesis.csv",
            ),
            minutes=0.3,
        ),
    ),
)
