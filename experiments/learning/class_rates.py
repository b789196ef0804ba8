"""The table of recognition where an utterance is one class: accuracy instead of phone error rates.

Folds are by speaker, so a fold's accuracy is that of one speaker whom the network has never heard; the mean gives every
utterance the same weight, the range is that of the folds (and seeds).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from files.reading import parse_json

# Over folds and seeds: the worst, the sum; of everything else the mean.
_OVER_RUNS: dict[str, Callable[[Sequence[float]], float]] = {"cycles_most": max, "overruns": sum}
_MEANS = (
    "mmac_per_second", "dense_mmac_per_second", "cycles_mean", "cycles_99th", "cycles_most", "overruns",
    "training_seconds",
)  # fmt: skip
_ONCE = ("what", "network", "widths", "time_steps", "outputs", "epochs", "weights", "weight_bits", "megabytes")


def is_of_classes(rows: Iterable[Mapping[str, Any]]) -> bool:
    """Return whether rows of ``rows.csv`` are of a task of classes."""
    return any("test_class_error" in row for row in rows)


def summarise_classes(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a row a stage.

    Parameters
    ----------
    rows : iterable of mapping
        A row a stage, seed and fold, as ``rows.csv`` has them.

    Returns
    -------
    list of dict
        "test_accuracy" over all utterances, "test_least" and "test_most" of a fold and seed; shares in 0..1. The same
        of "dev" where there is a development set. Figures that do not differ, means, the worst frame, all overruns.
    """
    by_stage: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_stage.setdefault(str(row["stage"]), []).append(row)
    table = []
    for name, runs in by_stage.items():
        entry: dict[str, Any] = {"stage": name} | {key: runs[0].get(key, "") for key in _ONCE}
        entry |= {"folds": len({int(run["fold"]) for run in runs}), "seeds": len({int(run["seed"]) for run in runs})}
        for part in ("dev", "test"):
            entry |= _accuracy(part, runs)
        for key in _MEANS:
            values = [float(run[key]) for run in runs if run.get(key) not in (None, "")]
            entry[key] = float(_OVER_RUNS.get(key, np.mean)(values)) if values else ""
        entry["spike_rates"] = _spike_rates([run["spike_rates"] for run in runs if run.get("spike_rates")])
        table.append(entry)
    return table


def _accuracy(part: str, runs: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    counts = [
        (int(run[f"{part}_wrong"]), int(run[f"{part}_utterances"]))
        for run in runs
        if run.get(f"{part}_utterances") not in (None, "")
    ]
    if not counts:
        return {f"{part}_utterances": 0, f"{part}_accuracy": "", f"{part}_least": "", f"{part}_most": ""}
    wrong, said = (sum(column) for column in zip(*counts, strict=True))
    shares = [1 - missed / of for missed, of in counts]
    return {
        f"{part}_utterances": said,
        f"{part}_accuracy": 1 - wrong / said,
        f"{part}_least": min(shares),
        f"{part}_most": max(shares),
    }


def _spike_rates(texts: Sequence[Any]) -> str:
    """Return the mean rate of each layer over its time steps and the runs."""
    given = [parse_json(text, "spike_rates") if isinstance(text, str) else text for text in texts]
    if not given:
        return ""
    return " / ".join(f"{rate:.2f}" for rate in np.mean(np.array(given, np.float64), axis=(0, 2)))


def classes_as_markdown(table: Sequence[Mapping[str, Any]]) -> str:
    """Return the table for readers."""
    lines = [
        "| stage | size MB | MMAC/s dense, effective | spike rates | cycles a frame, mean / most | accuracy % dev | "
        "accuracy % test (least-most of a fold) | utterances | folds | seeds |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for entry in table:
        cycles = f"{entry['cycles_mean']:.0f} / {entry['cycles_most']:.0f}" if entry["cycles_mean"] != "" else ""
        spread = f" ({100 * entry['test_least']:.1f}-{100 * entry['test_most']:.1f})"
        cells = [
            f"`{entry['stage']}` {entry['what']}".replace("|", r"\|"),
            f"{float(entry['megabytes']):.4f}",
            f"{entry['dense_mmac_per_second']:.2f}, {entry['mmac_per_second']:.2f}",
            str(entry["spike_rates"]),
            cycles,
            "" if entry["dev_accuracy"] == "" else f"{100 * entry['dev_accuracy']:.1f}",
            f"**{100 * entry['test_accuracy']:.1f}**{spread}",
            f"{entry['test_utterances']:,}",
            str(entry["folds"]),
            str(entry["seeds"]),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
