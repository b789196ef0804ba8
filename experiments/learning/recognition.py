"""The table of recognition: every stage and every baseline, several seeds, beside the paper.

Of a corpus whose utterances are one class each it is a table of accuracy (`experiments.learning.class_rates`).
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from experiments.command.tables import read_rows, write_csv, write_json, write_text
from experiments.learning.class_rates import classes_as_markdown, is_of_classes, summarise_classes
from experiments.learning.recognition_plots import plot_epochs, plot_rates
from files.errors import FileError
from files.folder import output_folder
from files.locking import alone
from files.reading import parse_json, whole_number
from files.writing import make_folder
from golden.checkpoint import load_checkpoint
from training.errors import RecipeError
from training.preparation.corpora import folds_of
from training.stages.pipeline import Pipeline
from training.stages.recipe import Settings, dataset, pipeline
from training.stages.stage import Recipe
from training.stages.timing import use_threads

# By stage: the paper's model size and complexity. "stated" is printed in its abstract; the others are the only simple
# arithmetic found that gives the stated figures (reconstructed).
PAPER: dict[str, tuple[str, str]] = {
    "float-256": ("2.79 MB stated", "145.82 MMAC/s reconstructed"),
    "structured": ("1.20 MB reconstructed", "63.08 MMAC/s reconstructed"),
    "fc-pruned": ("0.81 MB reconstructed", "43.42 MMAC/s reconstructed"),
    "integer-t2": ("0.1 MB stated", "13.86 MMAC/s stated"),
    "integer-t1": ("0.1 MB stated", ""),
}
# Digits of a stage's key that a row keeps.
_KEY = 10
# By stage, seed and fold (and epoch).
Rows = dict[tuple[Any, ...], dict[str, Any]]
_MEANS = (
    "dev_per", "test_per", "test_substitutions", "test_deletions", "test_insertions", "mmac_per_second",
    "cycles_mean", "cycles_99th", "cycles_most", "overruns", "training_seconds",
    "test_per_counted", "test_per_forgiven",
)  # fmt: skip
# Over seeds and folds: the worst, the sum; of everything else the mean.
_OVER_RUNS: dict[str, Callable[[Sequence[float]], float]] = {"cycles_most": max, "overruns": sum}
_ONCE = (
    "what", "network", "widths", "time_steps", "outputs", "epochs", "weights", "weight_bits", "megabytes",
    "bitmap_megabytes", "dense_megabytes", "dense_mmac_per_second",
)  # fmt: skip


def recognise(
    settings: Settings,
    *,
    seeds: Sequence[int],
    out: Path,
    stages: Sequence[str] = (),
    start: Path | None = None,
) -> str:
    """Train what is not trained yet and write the tables, after every stage.

    Parameters
    ----------
    settings : Settings
    seeds : sequence of int
    out : Path
        Gets ``rows.csv`` (one a stage, seed and fold), ``table.csv`` and ``table.md`` (mean and spread over the
        seeds), ``epochs.csv``, plots, ``configuration.json`` and, for a corpus without folds, ``senones.npz`` (the tied
        states, to reuse). Rows of other stages and seeds that are there stay, unless the recipe, the corpus or what
        else they depend on has changed.
    stages : sequence of str
        Names of stages; those that they need are trained as well. All of the recipe if empty.
    start : Path or None
        Checkpoint that a transfer goes on from.

    Returns
    -------
    str
        The table as text.

    Raises
    ------
    RecipeError, FeatureError, SenoneError, StateError, CheckpointError
        Bad input; names the file.
    """
    use_threads(settings.workers)
    recipe = settings.load_recipe()
    names = list(stages or recipe.stages)
    for name in names:
        if name not in recipe.stages:
            raise RecipeError(f"stage {name!r}: expected one of {', '.join(recipe.stages)}")
    make_folder(out)
    begun = None if start is None else load_checkpoint(start)
    folds = range(folds_of(settings.source))
    for fold in folds:
        source = dataclasses.replace(settings.source, fold=fold)
        on_fold = dataclasses.replace(settings, source=source)
        data = dataset(on_fold, recipe, start=begun)
        by_seed = cache(partial(pipeline, on_fold, recipe, data, start=begun))
        for seed in seeds:
            on_seed = by_seed(seed=seed)
            for name in names:
                row = on_seed.row(name) | {"fold": fold, "key": on_seed.key(name)[:_KEY]}
                _record(out, row, on_seed.log(name), recipe, by_seed)
    _plot(out)
    configuration = {
        "phones": settings.source.phone_set or "the corpus' own",
        "start": None if start is None else start.name,
        "trees": None if settings.trees is None else settings.trees.name,
        "recipe": dataclasses.asdict(recipe),
        "corpus": settings.source.corpus,
        "seeds": list(seeds),
    }
    with output_folder(out, by="rsnn recognition, configuration") as staging:
        write_json(staging / "configuration.json", configuration)
        if len(folds) == 1 and any(recipe.stages[name].targets == "senones" for name in names):
            on_seed.trees.save(staging / "senones.npz")
    return (out / "table.md").read_text()


def _record(
    out: Path,
    row: dict[str, Any],
    log: Sequence[Mapping[str, Any]],
    recipe: Recipe,
    by_seed: Callable[..., Pipeline],
) -> None:
    """Add a row and its epochs to the tables; processes that share a folder keep each other's rows."""
    with alone(out), output_folder(out, by="rsnn recognition") as staging:
        rows, epochs = _rows(out / "rows.csv"), _rows(out / "epochs.csv")
        name, seed, fold = row["stage"], row["seed"], row["fold"]
        _drop_stale(rows, epochs, by_seed, fold)
        rows[name, seed, fold] = {key: _cell(value) for key, value in row.items()}
        for epoch in log:
            epochs[name, seed, fold, int(epoch["epoch"])] = {"stage": name, "seed": seed, "fold": fold, **epoch}
        _write(staging, rows, epochs, recipe)


def _drop_stale(rows: Rows, epochs: Rows, by_seed: Callable[..., Pipeline], fold: int) -> None:
    """Forget the rows of a fold that today's recipe and corpus would not give, and say so."""
    for key in [key for key in rows if key[2] == fold]:
        name, seed, _ = key
        stages = by_seed(seed=seed)
        if name not in stages.recipe.stages or rows[key].get("key") != stages.key(name)[:_KEY]:
            print(f"{name}, seed {seed}, fold {fold}: of another recipe or corpus, left out", file=sys.stderr)
            del rows[key]
            for epoch in [epoch for epoch in epochs if epoch[:3] == key]:
                del epochs[epoch]


def summarise(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a row a stage: figures of the first run, means over the seeds, and the spread of the test rate.

    Over the folds of one seed errors are added up before the rate is taken.
    """
    by_stage: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_stage.setdefault(row["stage"], []).append(row)
    table = []
    for name, runs in by_stage.items():
        entry: dict[str, Any] = {"stage": name}
        entry |= {key: runs[0].get(key, "") for key in _ONCE}
        pooled = [_pooled([run for run in runs if run["seed"] == seed]) for seed in sorted({r["seed"] for r in runs})]
        entry["seeds"] = len(pooled)
        for key in _MEANS:
            values = [float(run[key]) for run in pooled if run.get(key) not in (None, "")]
            entry[key] = float(_OVER_RUNS.get(key, np.mean)(values)) if values else ""
        fired = [np.mean(_rates(run["spike_rates"]), axis=1) for run in runs if run.get("spike_rates")]
        entry["spike_rates"] = " / ".join(f"{rate:.2f}" for rate in np.mean(fired, axis=0)) if fired else ""
        rates = [float(run["test_per"]) for run in pooled]
        entry["test_per_low"], entry["test_per_high"] = min(rates), max(rates)
        size, work = PAPER.get(name, ("", ""))
        table.append(entry | {"paper_size": size, "paper_complexity": work})
    return table


def as_markdown(table: Sequence[dict[str, Any]]) -> str:
    """Return the table for readers."""
    lines = [
        "| stage | size MB (paper) | MMAC/s dense, effective (paper) | spike rates | cycles a frame, mean / most | "
        "PER % dev | PER % test (least-most) | S / D / I % | seeds |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for entry in table:
        size = f"{float(entry['megabytes']):.3f}" + (f" ({entry['paper_size']})" if entry["paper_size"] else "")
        work = f"{float(entry['dense_mmac_per_second']):.2f}, {float(entry['mmac_per_second']):.2f}"
        work += f" ({entry['paper_complexity']})" if entry["paper_complexity"] else ""
        cycles = f"{entry['cycles_mean']:.0f} / {entry['cycles_most']:.0f}" if entry["cycles_mean"] != "" else ""
        spread = f" ({100 * entry['test_per_low']:.1f}-{100 * entry['test_per_high']:.1f})"
        wrong = [entry[f"test_{kind}"] for kind in ("substitutions", "deletions", "insertions")]
        shares = " / ".join(f"{100 * entry['test_per'] * count / max(1, sum(wrong)):.1f}" for count in wrong)
        rate = f"**{100 * entry['test_per']:.1f}**" + (spread if entry["seeds"] > 1 else "")
        kaldi = [entry[f"test_per_{silence}"] for silence in ("counted", "forgiven")]
        if "" not in kaldi:
            rate += f", silence counted {100 * kaldi[0]:.1f}, forgiven {100 * kaldi[1]:.1f}"
        cells = [
            f"`{entry['stage']}` {entry['what']}".replace("|", r"\|"), size, work, entry["spike_rates"], cycles,
            f"{100 * entry['dev_per']:.1f}", rate, shares, str(entry["seeds"]),
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _pooled(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Join the folds of one seed."""
    if len(runs) == 1:
        return runs[0]
    joined = dict(runs[0])
    for part in ("dev", "test"):
        for kind in ("substitutions", "deletions", "insertions", "reference"):
            joined[f"{part}_{kind}"] = sum(float(run[f"{part}_{kind}"]) for run in runs)
        errors = sum(joined[f"{part}_{kind}"] for kind in ("substitutions", "deletions", "insertions"))
        joined[f"{part}_per"] = errors / max(1, joined[f"{part}_reference"])
    # Folds differ little in length: what is left is a mean over frames, or phones, near enough over folds.
    for key in ("mmac_per_second", "cycles_mean", "cycles_99th", "test_per_counted", "test_per_forgiven"):
        if joined.get(key) not in (None, ""):
            joined[key] = float(np.mean([float(run[key]) for run in runs]))
    for key, join in (("cycles_most", max), ("overruns", sum), ("training_seconds", sum)):
        if joined.get(key) not in (None, ""):
            joined[key] = join(float(run[key]) for run in runs)
    return joined


def _rows(path: Path) -> Rows:
    """Read the rows that earlier runs left, by stage, seed, fold (and epoch).

    Raises
    ------
    FileError
        Rows that no run wrote: names the file and the line.
    """
    if not path.is_file():
        return {}
    rows: Rows = {}
    for number, row in enumerate(read_rows(path, needed=("stage", "seed", "fold")), 2):
        key: list[Any] = [row["stage"]]
        for name in ("seed", "fold", "epoch"):
            if name in row:
                value = whole_number(row[name])
                if value is None:
                    raise FileError(f"{path}, line {number}: {name} is {row[name][:40]!r}, expected a whole number")
                key.append(value)
        rows[tuple(key)] = row | {"seed": key[1], "fold": key[2]}
    return rows


def _rates(text: str) -> np.ndarray:
    """Return the spike rates of a row [layers, T]."""
    rates = np.array(parse_json(text, "spike_rates"), dtype=object)
    if rates.ndim != 2 or not all(type(rate) is float for rate in rates.ravel()):
        raise FileError(f"spike_rates: {text[:40]!r}, expected a list of rates for each layer")
    return rates.astype(np.float64)


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list) else value


def _write(out: Path, rows: Rows, epochs: Rows, recipe: Recipe) -> None:
    order = {name: place for place, name in enumerate(recipe.stages)}

    def place(key: tuple[Any, ...]) -> tuple[Any, ...]:
        return (order.get(key[0], len(order)), *key)

    sorted_keys = sorted(rows, key=place)
    columns = list(dict.fromkeys(column for key in sorted_keys for column in rows[key]))
    full = [{column: rows[key].get(column, "") for column in columns} for key in sorted_keys]
    write_csv(out / "rows.csv", full)
    # A stage of no epochs has a row all the same: a network that is scored as it is.
    if epochs:
        write_csv(out / "epochs.csv", [epochs[key] for key in sorted(epochs, key=place)])
    classes = is_of_classes(full)
    table = summarise_classes(full) if classes else summarise(full)
    write_csv(out / "table.csv", table)
    write_text(out / "table.md", classes_as_markdown(table) if classes else as_markdown(table))


def _plot(out: Path) -> None:
    """Plot the tables, of however many runs they are."""
    with alone(out), output_folder(out, by="rsnn recognition, plots") as staging:
        rows, epochs = _rows(out / "rows.csv"), _rows(out / "epochs.csv")
        of_classes = is_of_classes(list(rows.values()))
        if epochs:
            plot_epochs(staging / "epochs.png", epochs.values(), what="class" if of_classes else "phone")
        plot_rates(staging / "rates.png", read_rows(out / "table.csv"))
