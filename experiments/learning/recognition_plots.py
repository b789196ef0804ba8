"""Plots of the recognition results: phone error rate by stage, and on the way there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from experiments.command.figures import FONT, LINES, PAGE, figure_of, save

_INK, _OURS, _PEERS = "#333333", "#0072b2", "#bbbbbb"
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#000000", "#e69f00", "#56b4e9")


def plot_rates(path: Path, table: Sequence[dict[str, Any]]) -> None:
    """Draw the phone error rate of every stage, with the range over the seeds and the size of its weights.

    Parameters
    ----------
    path : Path
        ``.png`` to write.
    table : sequence of dict
        As `experiments.learning.recognition.summarise` returns it.
    """
    figure, axes = figure_of(PAGE, 0.5 + 0.2 * len(table))
    for place, entry in enumerate(table):
        rate = 100 * float(entry["test_per"])
        low, high = (100 * float(entry[f"test_per_{end}"]) for end in ("low", "high"))
        colour = _OURS if entry["network"] == "spiking" else _PEERS
        axes.barh(place, rate, color=colour, height=0.62)
        axes.plot([low, high], [place, place], color=_INK, linewidth=1.5)
        axes.annotate(
            f"{rate:.1f} %, {float(entry['megabytes']):.2f} MB", (rate, place), (6, 0), textcoords="offset points",
            va="center", fontsize=FONT, color=_INK, annotation_clip=False,
        )  # fmt: skip
    axes.set_yticks(range(len(table)), [str(entry["what"]) for entry in table], fontsize=FONT)
    axes.invert_yaxis()
    highest = max((100 * float(entry["test_per_high"]) for entry in table), default=1.0)
    axes.set_xlim(0, highest * 1.25)
    axes.set_xlabel("test phone error rate (%); line: over the seeds; grey: peers", fontsize=FONT)
    save(path, figure)


def plot_epochs(path: Path, epochs: Iterable[dict[str, Any]]) -> None:
    """Draw the development set's phone error rate after every epoch, a line a stage, the first seed of each.

    Parameters
    ----------
    path : Path
    epochs : iterable of dict
        "stage", "seed", "fold", "epoch" and "dev_per" of every epoch.
    """
    curves: dict[tuple[str, int, int], dict[int, float]] = {}
    for epoch in epochs:
        key = (str(epoch["stage"]), int(epoch["seed"]), int(epoch["fold"]))
        curves.setdefault(key, {})[int(epoch["epoch"])] = 100 * float(epoch["dev_per"])
    first: dict[str, tuple[str, int, int]] = {}
    for key in sorted(curves):
        first.setdefault(key[0], key)
    figure, axes = figure_of(PAGE, 3.4)
    for place, (name, key) in enumerate(first.items()):
        numbers = sorted(curves[key])
        style = LINES[place // len(_COLOURS) % len(LINES)]
        axes.plot(numbers, [curves[key][number] for number in numbers], marker=".", markersize=3, linewidth=1,
                  linestyle=style, color=_COLOURS[place % len(_COLOURS)], label=name)  # fmt: skip
    axes.set_xlabel("epoch of the stage")
    axes.set_ylabel("phone error rate, development set (%)")
    figure.legend(loc="outside right center", fontsize=FONT, frameon=False)
    save(path, figure)
