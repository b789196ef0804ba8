"""Phone error rate against pruning of the FC, weight bits, width, time steps and spike rate, every point trained."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from experiments.command.figures import FONT, PAGE, figure_of, save
from experiments.command.tables import write_csv
from experiments.story.cells import number, rows_by
from files.errors import FileError
from files.folder import output_folder
from files.reading import brief

__all__ = ["CURVES", "curve_rows", "trained_curves"]

# Where a stage of training/recipes/curves.toml stands: its name begins so, then comes the value.
CURVES = {
    "FC pruned (%)": "fc",
    "bits of a weight": "bits",
    "neurons a layer": "width",
    "time steps a frame": "steps",
    "spike penalty": "spikes",
}
# The point that these curves have in common, and the column that says where it lies on each.
COMMON = "fc-40"
_COMMON_AT = {"bits of a weight": "weight_bits", "neurons a layer": "widths", "time steps a frame": "time_steps"}
NOT_TRAINED = "not trained yet"
_MEASURED = ("stage", "test_per", "test_per_low", "test_per_high", "seeds", "spike_rate", "megabytes", "cycles_mean",
             "what")  # fmt: skip
_WIDTH = re.compile(r"\[(\d{1,6})[,\]].*")
_RATES = re.compile(r"0\.\d{1,6}|1\.0{1,6}")
_NEEDED = ("stage", "what", "seeds", "test_per", "test_per_low", "test_per_high", "spike_rates", "megabytes",
           "cycles_mean", *_COMMON_AT.values())  # fmt: skip


def trained_curves(results: Path, out: Path) -> str:
    """Write ``trained_curves.csv`` and its plot from ``recognition/curves/table.csv`` of `results`.

    Where that table is not there, each curve is a row that says so, and a panel.

    Returns
    -------
    str
        The table as text.

    Raises
    ------
    FileError
        The table cannot be read, lacks a curve, or has no number where one should be; names it.
    """
    rows = curve_rows(results)
    with output_folder(out, by="rsnn trained-curves") as staging:
        write_csv(staging / "trained_curves.csv", rows)
        _plot(staging / "trained_curves.png", rows)
    return "\n".join([*map(_line, rows), ""])


def curve_rows(results: Path) -> list[dict[str, Any]]:
    """Return the points of all curves; of one that is not trained yet, a row whose value is None.

    Raises
    ------
    FileError
        See `trained_curves`.
    """
    table = results / "recognition" / "curves" / "table.csv"
    if not table.exists():
        return [_missing(curve) for curve in CURVES]
    stages = rows_by(table, "stage", needed=_NEEDED)
    rows = [row for curve in CURVES for row in _curve(curve, stages, table)]
    for curve in CURVES:
        if not any(row["curve"] == curve for row in rows):
            raise FileError(f"{table}: no stage {CURVES[curve]}-..., expected those of training/recipes/curves.toml")
    return rows


def _missing(curve: str) -> dict[str, Any]:
    """Return the row of a curve that is not trained yet; the columns are those of one that is."""
    return {"curve": curve, "value": None, "kind": "ours", "status": NOT_TRAINED} | dict.fromkeys(_MEASURED)


def _line(row: dict[str, Any]) -> str:
    if row["value"] is None:
        return f"{row['curve']:<20}{NOT_TRAINED}"
    return (
        f"{row['curve']:<20}{row['value']:>7g}  {100 * row['test_per']:5.1f} %  {row['megabytes']:.3f} MB  "
        f"spike rate {row['spike_rate']:.3f}"
    )


def _curve(curve: str, stages: dict[str, dict[str, str]], table: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a curve by value."""
    at: dict[float, str] = {}
    for name in stages:
        found = re.fullmatch(rf"{CURVES[curve]}-(\d{{1,6}})(?:_(\d{{1,6}}))?", name)
        if found is not None:
            at[float(f"{found[1]}.{found[2] or 0}")] = name
    if at and curve in _COMMON_AT and COMMON in stages:
        at.setdefault(_common(stages[COMMON], _COMMON_AT[curve], table), COMMON)
    for value in sorted(at):
        row = stages[at[value]]
        yield {
            "curve": curve,
            "value": value,
            "kind": "ours",
            "status": "trained",
            "stage": at[value],
            **{name: round(number(row, name, table), 5) for name in ("test_per", "test_per_low", "test_per_high")},
            "seeds": row["seeds"],
            "spike_rate": _mean_rate(row, table),
            "megabytes": round(number(row, "megabytes", table), 4),
            "cycles_mean": round(number(row, "cycles_mean", table), 1),
            "what": row["what"],
        }


def _common(row: dict[str, str], column: str, table: Path) -> float:
    """Return where the common point lies: of widths, all alike, the first."""
    if column != "widths":
        return number(row, column, table)
    found = _WIDTH.fullmatch(row[column])
    if found is None:
        raise FileError(f"{table}: widths of {row['stage']} are {brief(row[column])}, expected a list as [128, 128]")
    return float(found[1])


def _mean_rate(row: dict[str, str], table: Path) -> float:
    """Return the mean over layers of one width."""
    parts = row["spike_rates"].split(" / ")
    if not all(_RATES.fullmatch(part) for part in parts):
        expected = "shares of 1, a layer each, as 0.15 / 0.25"
        raise FileError(f"{table}: spike_rates of {row['stage']} are {brief(row['spike_rates'])}, expected {expected}")
    return round(sum(map(float, parts)) / len(parts), 4)


def _plot(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    figure, panels = figure_of(PAGE, 3.6, nrows=2, ncols=3, sharey=True)
    axes = list(panels.flat)
    labels = (*list(CURVES)[:4], "spike rate (%), at the penalty that is written",
              "size (MB), every point of the first four")  # fmt: skip
    for panel, label in zip(axes, labels, strict=True):
        panel.set_xlabel(label)
    for row in panels:
        row[0].set_ylabel("phone error rate, test (%)")
    if rows[0]["value"] is None:
        for panel in axes:
            panel.text(0.5, 0.5, NOT_TRAINED, transform=panel.transAxes, ha="center", va="center", fontsize=FONT)
            panel.set_xticks([])
            panel.set_yticks([])
        save(path, figure)
        return
    for panel, curve in zip(axes, list(CURVES)[:4], strict=False):
        own = [row for row in rows if row["curve"] == curve]
        _draw(panel, own, [row["value"] for row in own])
        panel.set_xticks([row["value"] for row in own])
    spikes = [row for row in rows if row["curve"] == "spike penalty"]
    _draw(axes[4], spikes, [100 * row["spike_rate"] for row in spikes])
    for row in spikes:
        axes[4].annotate(f"{row['value']:g}", (100 * row["spike_rate"], 100 * row["test_per"]), (3, 4),
                         textcoords="offset points", fontsize=FONT - 1)  # fmt: skip
    stored = {row["stage"]: row for row in rows if row["curve"] != "spike penalty"}
    axes[5].plot(
        [row["megabytes"] for row in stored.values()], [100 * row["test_per"] for row in stored.values()],
        linestyle="none", marker="o", markersize=3, color="#0072b2",
    )  # fmt: skip
    save(path, figure)


def _draw(axes: Any, rows: Sequence[dict[str, Any]], at: Sequence[float]) -> None:
    """Draw a curve, and the range of its seeds where there are several."""
    axes.plot(at, [100 * row["test_per"] for row in rows], marker="o", markersize=3, linewidth=0.8, color="#0072b2")
    for x, row in zip(at, rows, strict=True):
        ends = [100 * row["test_per_low"], 100 * row["test_per_high"]]
        axes.plot([x, x], ends, color="black", linewidth=0.8, marker="_", markersize=4)
    axes.margins(x=0.1)
