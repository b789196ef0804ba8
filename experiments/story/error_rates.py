"""Phone error rate by step, a mark a seed, and against the spike rate; what others print of the paper stands apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.lines import Line2D

from experiments.command.figures import FONT, PAGE, bar_style, figure_of, save
from experiments.command.tables import read_rows, write_csv
from experiments.story.cells import number, rows_by
from experiments.story.size import STAGES
from files.errors import FileError
from files.folder import output_folder
from files.reading import brief, parse_json

__all__ = ["PAPER_PER", "error_rates"]

# Secondary, on TIMIT; the abstract has none.
PAPER_PER = 0.226
STEPS = {**STAGES, "one time step": "integer-t1"}
_OURS, _TIMIT = "speechocean762, test", "TIMIT"


def error_rates(results: Path, out: Path) -> str:
    """Write ``error_rates.csv``, ``spike_rates.csv`` and a plot of each from ``recognition/`` of `results`.

    Returns
    -------
    str
        Both tables as text.

    Raises
    ------
    FileError
        ``table.csv`` or ``rows.csv`` lacks a stage or has no number where one should be; names it.
    """
    table, by_seed = (results / "recognition" / name for name in ("table.csv", "rows.csv"))
    means = rows_by(table, "stage", needed=("test_per", "test_per_low", "test_per_high"), names=list(STEPS.values()))
    seeds = read_rows(by_seed, needed=("stage", "what", "seed", "test_per", "spike_rates", "weight_bits"))
    rows: list[dict[str, Any]] = []
    for step, stage in STEPS.items():
        row = means[stage]
        mean, low, high = (round(number(row, f"test_per{end}", table), 5) for end in ("", "_low", "_high"))
        source = f"recognition/table.csv, {stage}"
        rows.append(_row(step, "ours", "mean", mean, low, high, _OURS, source))
        for one in seeds:
            if one["stage"] == stage:
                rate = round(number(one, "test_per", by_seed), 5)
                rows.append(_row(step, "ours", one["seed"], rate, None, None, _OURS, f"recognition/rows.csv, {stage}"))
    source = "notes of others on a review (doi 10.1007/s13534-024-00406-y), not seen; which step is not said"
    rows.append(_row("not said", "secondary", "", PAPER_PER, None, None, _TIMIT, source))
    spiking = [_spikes(one, by_seed) for one in seeds if one["spike_rates"]]
    with output_folder(out, by="rsnn error-rates") as staging:
        write_csv(staging / "error_rates.csv", rows)
        write_csv(staging / "spike_rates.csv", spiking)
        _plot_steps(staging / "error_rates.png", rows)
        _plot_spikes(staging / "spike_rates.png", spiking)
    lines = [
        f"{row['step']:<20}{row['kind']:<10}{row['seed']:<5}{100 * row['test_per']:6.1f} %  {row['speech']}"
        for row in rows
    ]
    lines += [
        f"{row['stage']:<20}seed {row['seed']}: {row['spike_rate']:.4f} spikes, {row['test_per']:.4f}"
        for row in spiking
    ]
    return "\n".join([*lines, ""])


def _row(
    step: str, kind: str, seed: str, rate: float, low: float | None, high: float | None, speech: str, source: str
) -> dict[str, Any]:
    spread = {"test_per": rate, "test_per_low": low, "test_per_high": high}
    return {"step": step, "kind": kind, "seed": seed, **spread, "speech": speech, "source": source}


def _spikes(row: dict[str, str], where: Path) -> dict[str, Any]:
    """Return a stage and seed with its mean spike rate: over layers of one width and over time steps."""
    found = parse_json(row["spike_rates"].encode(), f"{where}: spike_rates of {row['stage']}, seed {row['seed']}")
    layers = found if isinstance(found, list) and found else [None]
    flat = [rate for layer in layers for rate in (layer if isinstance(layer, list) and layer else [None])]
    if not all(isinstance(rate, int | float) and 0 <= rate <= 1 for rate in flat):
        raise FileError(f"{where}: spike_rates are {brief(row['spike_rates'])}, expected shares of 1 by layer and step")
    return {
        "stage": row["stage"],
        "kind": "ours",
        "seed": row["seed"],
        "weight_bits": row["weight_bits"],
        "spike_rate": round(sum(float(rate or 0) for rate in flat) / len(flat), 5),
        "test_per": round(number(row, "test_per", where), 5),
        "what": row["what"],
    }


def _plot_steps(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    figure, (axes, apart) = figure_of(PAGE, 2.5, ncols=2, width_ratios=(5, 1))
    for place, step in enumerate(STEPS):
        (mean,) = [row for row in rows if row["step"] == step and row["seed"] == "mean"]
        each = [100 * row["test_per"] for row in rows if row["step"] == step and row["seed"] != "mean"]
        axes.bar(place, 100 * mean["test_per"], width=0.6, **bar_style("ours"))
        spread = [-0.12 + 0.24 * at / max(1, len(each) - 1) for at in range(len(each))]
        axes.plot([place + dx for dx in spread], each, marker="o", markersize=3, linestyle="none",
                  color="white", markeredgecolor="black", markeredgewidth=0.6)  # fmt: skip
        text = f"{100 * mean['test_per']:.1f}\n({100 * mean['test_per_low']:.1f}-{100 * mean['test_per_high']:.1f})"
        top = (place, max(each, default=0))
        axes.annotate(text, top, (0, 4), textcoords="offset points", ha="center", fontsize=FONT)
    axes.set_xticks(range(len(STEPS)), [step.replace(" ", "\n", 1) for step in STEPS])
    axes.set_ylim(0, 75)
    axes.set_ylabel("phone error rate (%)")
    axes.set_xlabel("ours: speechocean762, test; marks seeds, in brackets their range")
    apart.bar(0, 100 * PAPER_PER, width=0.6, **bar_style("secondary"))
    top = (0, 100 * PAPER_PER)
    apart.annotate(f"{top[1]:.1f}", top, (0, 4), textcoords="offset points", ha="center", fontsize=FONT)
    apart.set_xticks([0], ["step not\nsaid"])
    apart.set_xlim(-1, 1)
    apart.set_ylim(0, 75)
    apart.set_xlabel("TIMIT: other speech")
    apart.set_title("secondary, of the paper", fontsize=FONT)
    axes.set_title("ours (the paper's abstract has no error rate)", fontsize=FONT)
    save(path, figure)


def _plot_spikes(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    figure, axes = figure_of(PAGE, 3.2)
    shapes = ["o", "s", "^", "v", "D", "P", "X", "*", "<"]
    colours = ["#0072b2", "#000000", "#e69f00", "#009e73", "#d55e00"]
    handles = []
    for at, stage in enumerate(dict.fromkeys(row["stage"] for row in rows)):
        own = [row for row in rows if row["stage"] == stage]
        form = {"marker": shapes[at % len(shapes)], "color": colours[at % len(colours)], "linestyle": "none"}
        axes.plot([100 * row["spike_rate"] for row in own], [100 * row["test_per"] for row in own], markersize=5,
                  markeredgecolor="black", markeredgewidth=0.4, **form)  # fmt: skip
        handles.append(Line2D([], [], markersize=5, label=f"{stage} ({own[0]['weight_bits']} bits)", **form))  # type: ignore[arg-type]
    axes.set_xlabel("spike rate (%): mean over neurons and time steps; a mark a seed, all ours")
    axes.set_ylabel("phone error rate, test (%)")
    figure.legend(handles=handles, loc="outside right center", fontsize=FONT, frameon=False)
    save(path, figure)
