"""Every recipe of a task of classes through the whole flow, with one table at the end."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from cosim.engines.icarus import require_icarus
from cosim.engines.verilator import verilator_version
from experiments.command.tables import write_csv, write_json, write_text
from experiments.variants.costs import Simulated, exported, gates_of, power_of, simulate
from experiments.variants.learnt import Learnt, learn
from experiments.variants.plot import plot_variants
from experiments.variants.table import fold_rows, markdown, row_of
from files.folder import output_folder
from gates.liberty import Library, find_liberty, read_liberty
from rtl.synthesis.yosys import yosys_version
from training.stages.recipe import Settings
from training.stages.timing import use_threads

__all__ = ["compare"]


def compare(
    settings: Settings,
    recipes: Sequence[str],
    *,
    folds: Sequence[int],
    seed: int,
    engine: str,
    utterances: int,
    frames: int | None,
    liberty: Sequence[Path] | None,
    gates: bool,
    out: Path,
) -> str:
    """Train, run, co-simulate, export, synthesise and price each recipe; write ``table.csv`` and what goes with it.

    Every step's result is kept by content, so that a run that was ended goes on where it was. All networks are learnt
    first and synthesised last, the cheap before the dear.

    Parameters
    ----------
    settings : Settings
        Its recipe is replaced by each of `recipes`.
    recipes : sequence of str
        As `Settings.recipe`; a row each, in this order.
    folds : sequence of int
        Empty for all.
    seed : int
    engine : str
        One of `experiments.variants.costs.ENGINES`.
    utterances : int
        Of each fold, that the engine runs.
    frames : int or None
        At most, of each of these.
    liberty : sequence of Path or None
        None is osu018.
    gates : bool
        Synthesise.
    out : Path
        Gets ``table.csv``, ``table.md``, ``folds.csv``, ``accuracy.png``, ``accuracy.svg``, ``configuration.json``.

    Returns
    -------
    str
        The table as text.

    Raises
    ------
    CosimulationError, PredictionError
        The RTL differs from golden.
    FeatureError, RecipeError, EngineError, LibertyError
        What is not there or cannot be read.
    """
    with output_folder(out, by="rsnn digits") as staging:
        # What is missing is said before the long work, not after it.
        tools = _tools(engine, gates=gates)
        library = read_liberty(find_liberty(liberty)) if gates else None
        use_threads(settings.workers)
        given = [dataclasses.replace(settings, recipe=recipe) for recipe in recipes]
        for one in given:
            one.load_recipe()
        with tqdm(total=3 * len(given), unit="step", disable=None, file=sys.stderr) as bar:
            rows, by_fold = _rows(given, bar, library, folds, seed, engine, utterances, frames)
        write_csv(staging / "table.csv", rows)
        write_csv(staging / "folds.csv", by_fold)
        corpus = settings.source.corpus
        text = markdown(rows, about=_about(corpus, rows, by_fold, seed=seed))
        write_text(staging / "table.md", text)
        plot_variants(staging / "accuracy.png", rows, by_fold)
        about = {
            "corpus": corpus,
            "folds": sorted({row["fold"] for row in by_fold}),
            "seed": seed,
            "rtl_utterances_a_fold": utterances,
            "rtl_frames_an_utterance": frames or "all",
            "library": None if library is None else library.name,
            "recipes": {Path(one.recipe).stem: dataclasses.asdict(one.load_recipe()) for one in given},
            "versions": tools,
        }
        write_json(staging / "configuration.json", about)
    return text + f"\nwritten: {out}/\n"


def _rows(
    given: Sequence[Settings],
    bar: Any,
    library: Library | None,
    folds: Sequence[int],
    seed: int,
    engine: str,
    utterances: int,
    frames: int | None,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the rows of the table and of its folds."""

    def saying(name: str) -> Callable[[str], object]:
        return lambda what: bar.set_description(f"{name}: {what}")

    learnt: dict[str, list[Learnt]] = {}
    simulated: dict[str, Simulated] = {}
    rows: dict[str, dict[str, Any]] = {}
    names = [Path(one.recipe).stem for one in given]
    for name, one in zip(names, given, strict=True):
        learnt[name] = list(learn(one, folds=folds, seed=seed, each=saying(name)))
        bar.update()
    for name in names:
        simulated[name] = simulate(
            learnt[name], engine=engine, utterances=utterances, frames=frames, each=saying(name)
        )
        bar.update()
    for name in sorted(names, key=lambda name: learnt[name][0].row["weights"]):
        networks, ran = learnt[name], simulated[name]
        saying(name)("Verilog")
        files = exported(networks[0])
        found = None if library is None else gates_of(networks[0], library, each=saying(name))
        rows[name] = row_of(
            name, networks, ran, files, found, power_of(networks, ran, found),
            library="" if library is None else library.name,
        )  # fmt: skip
        bar.update()
    return [rows[name] for name in names], [row for name in names for row in fold_rows(name, learnt[name])]


def _about(corpus: str, rows: Sequence[Any], by_fold: Sequence[Any], *, seed: int) -> str:
    speakers = list(dict.fromkeys(row["speaker"] for row in by_fold))
    return (
        f"{corpus}, {len(speakers)} folds by speaker ({', '.join(speakers)}), seed {seed}: each network is tested on "
        f"the one speaker that it never heard, {rows[0]['utterances']:,} utterances in all, in golden's integers, "
        "4-bit weights. Ours throughout: the paper has no such task. A handful of speakers: never to be set beside a "
        "figure of random splits. Energies and powers are modelled medians at 100 kHz in real time, leakage included "
        "but for *dynamic*."
    )


def _tools(engine: str, *, gates: bool) -> dict[str, str]:
    """Return the versions of the tools; raise where one is missing."""
    found = {}
    if engine == "verilator":
        found["verilator"] = verilator_version()
    if engine == "icarus":
        require_icarus()
    if gates:
        found["yosys"] = yosys_version()
    return found
