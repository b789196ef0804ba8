"""The space of designs: counted by golden, areas by a fitted law, priced at every voltage and class, and the fronts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from experiments.ablation.techniques import read_utterances
from experiments.chain.listing import listing
from experiments.chain.simulation_key import network_digest
from experiments.chain.sweep import Workers, sweep
from experiments.command.tables import write_csv, write_json, write_text
from experiments.exploration.area_fit import TERMS, Gates, fit_area, left_out, sizes_of
from experiments.exploration.designs import Explored, Settings, explore_design
from experiments.exploration.fronts import front_rows
from experiments.exploration.grid import Grid, shipped_point
from experiments.exploration.plot import plot_space
from experiments.exploration.priced import Prices
from experiments.exploration.rates import trained_rates
from experiments.exploration.summary import summary
from experiments.exploration.synthesised import TABLE, Synthesised, read_synthesised, synthesise
from files.folder import output_folder
from gates.liberty import find_liberty, read_liberty
from golden.checkpoint import load_checkpoint
from power.operating_point import LongestPath

__all__ = ["COMMAND", "VOLTAGES", "Options", "explore"]

COMMAND = "rsnn design-space"
VOLTAGES = (0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a run is given besides its speech.

    Parameters
    ----------
    grid : Grid
    voltages : sequence of float
    path : LongestPath
        Taken for every design.
    utterances, traced : int
        Every nth of the set, so many; frames of each whose toggles are counted.
    synthesise : bool
        Map the designs of the fit to cells anew, rather than take the committed table.
    liberty : sequence of Path or None
        To do so with; None is osu018.
    """

    grid: Grid
    voltages: Sequence[float] = VOLTAGES
    path: LongestPath
    utterances: int = 10
    traced: int = 20
    synthesise: bool = False
    liberty: Sequence[Path] | None = None


def explore(
    speech: Sequence[Path] = (),
    *,
    data: Path | None,
    checkpoint_path: Path | None,
    results: Path,
    options: Options,
    out: Path,
    workers: Workers | None = None,
) -> str:
    """Write ``designs.csv``, ``design_space.csv``, ``pareto.csv``, ``area_*.csv``, plots and a summary, as Markdown.

    What each design counted is kept by content: a run that was ended goes on where it was.

    Parameters
    ----------
    speech : sequence of Path
        Sound files; none is a corpus.
    data, checkpoint_path : Path or None
        None is ``$RSNN_DATA``, the embedded network.
    results : Path
        Folder of all results, whose phone error rates are read.
    options : Options
    out : Path
    workers : Workers, optional
        Where designs are measured; the files are the same wherever that is.

    Returns
    -------
    str
        The summary.

    Raises
    ------
    SpecificationError
        The layers of the network have several widths.
    CorpusError, AudioError, CheckpointError, FileError, ConstantsError, SynthesisError
        What is not there, cannot be read, or is out of range.
    """
    with output_folder(out, by=COMMAND) as staging:
        checkpoint = load_checkpoint() if checkpoint_path is None else load_checkpoint(checkpoint_path)
        spec = checkpoint.specification
        shipped = shipped_point(spec)
        rates = trained_rates(results, layers=len(spec.layers), outputs=spec.outputs)
        heard = listing(speech, data=data, split="test")
        utterances = read_utterances(checkpoint, heard, options.utterances)
        designs = _synthesised(options)
        fitted = [(one.specification, one.gates) for one in designs]
        settings = Settings(
            checkpoint=checkpoint,
            utterances=utterances,
            traced=options.traced,
            fit=fit_area(fitted),
            sizes={block: _range([sizes_of(given, block) for given, _ in fitted]) for block in TERMS},
            prices=Prices(options.voltages, options.path),
            rates=rates,
        )
        points = options.grid.points()
        explored = list(sweep(partial(explore_design, settings=settings), points, workers or Workers(), unit="design"))
        areas = area_points(designs, settings)
        text = write_tables(explored, areas, settings, shipped.name, heard.said, staging)
        about = {
            "command": COMMAND,
            "speech": heard.said,
            "utterances": list(utterances),
            "checkpoint": Path(checkpoint.source).name,
            "checkpoint_digest": network_digest(checkpoint),
            "areas_from": f"{designs[0].yosys}, {designs[0].library}"
            + ("" if options.synthesise else f", as {TABLE.name} keeps them"),
            "longest_path": f"{options.path.ns:g} ns at {options.path.node} nm, {options.path.vdd:g} V, of each design",
        }
        write_json(staging / "design_space.json", about)
        return text + f"written: {out}/\n"


def write_tables(
    explored: Sequence[Explored],
    areas: Sequence[Mapping[str, Any]],
    settings: Settings,
    shipped: str,
    speech: str,
    staging: Path,
) -> str:
    """Write everything but the description of the run into a folder; return the summary."""
    counts = [one.counts for one in explored]
    rows = [row for one in explored for row in one.points]
    fronts = front_rows(rows, shipped)
    write_csv(staging / "designs.csv", counts)
    write_csv(staging / "area_fit.csv", _fit_rows(settings))
    write_csv(staging / "area_points.csv", areas)
    text = summary(counts, rows, fronts, areas, shipped, speech)
    write_text(staging / "design_space.md", text)
    if rows:
        write_csv(staging / "design_space.csv", rows)
        write_csv(staging / "pareto.csv", fronts)
        plot_space(staging / "design_space.png", rows, fronts, shipped)
    return text


def area_points(designs: Sequence[Synthesised], settings: Settings) -> list[dict[str, Any]]:
    """Return a row a synthesised design and block: its gates, the law's, and those of the law without that design."""
    others = left_out([(one.specification, one.gates) for one in designs])
    rows = []
    for one, without in zip(designs, others, strict=True):
        fitted = settings.fit.gates(one.specification)
        for block in (*TERMS, "total"):
            real, law, left = (_gates(of, block) for of in (one.gates, fitted, without))
            rows.append(
                {
                    "design": one.point.name,
                    "block": block,
                    "synthesised_nand2": round(real, 1),
                    "fitted_nand2": round(law, 1),
                    "fitted_error_percent": round(100 * (law / real - 1), 2),
                    "left_out_nand2": round(left, 1),
                    "left_out_error_percent": round(100 * (left / real - 1), 2),
                    "library": one.library,
                    "yosys": one.yosys,
                }
            )
    return rows


def _gates(of: Gates, block: str) -> float:
    return sum(of.values()) if block == "total" else of[block]


def _fit_rows(settings: Settings) -> list[dict[str, Any]]:
    return [
        {
            "block": block,
            "term": term,
            "nand2_a_unit": f"{value:.6g}",
            "least_synthesised": f"{settings.sizes[block][0][place]:g}",
            "most_synthesised": f"{settings.sizes[block][1][place]:g}",
        }
        for block, terms in settings.fit.coefficients.items()
        for place, (term, value) in enumerate(terms.items())
    ]


def _range(sizes: Sequence[np.ndarray]) -> np.ndarray:
    return np.array([np.min(sizes, axis=0), np.max(sizes, axis=0)])


def _synthesised(options: Options) -> list[Synthesised]:
    kept = read_synthesised()
    if not options.synthesise:
        return kept
    library = read_liberty(find_liberty(options.liberty))
    say: Callable[[str], object] = lambda what: print(what, file=sys.stderr, flush=True)  # noqa: E731
    return synthesise([one.point for one in kept], library, each=say)
