"""Cycles a frame: over utterances against the budget, and the phases that they go to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.patches import Patch

from experiments.command.figures import FONT, PAGE, PARTS, bar_style, figure_of, save
from experiments.command.tables import read_rows, write_csv
from experiments.story.cells import number
from files.errors import FileError
from files.folder import output_folder
from files.reading import brief, parse_json, read_bytes

__all__ = ["frame_cycles"]

# Reconstructed: 100 kHz x 10 ms.
PAPER_BUDGET = 1000
_WHOLE = {"cycles_mean": "mean", "cycles_99th_percentile": "99th percentile", "cycles_most": "most"}


def frame_cycles(results: Path, out: Path) -> str:
    """Write ``frame_cycles.csv`` and its plot from ``cycles/`` of `results`; return the table as text.

    Raises
    ------
    FileError
        ``summary.json`` or ``utterances.csv`` is not what ``rsnn cycles`` writes; names the field.
    """
    path, table = (results / "cycles" / name for name in ("summary.json", "utterances.csv"))
    found = parse_json(read_bytes(path, what="summary"), str(path))
    summary: dict[str, Any] = found if isinstance(found, dict) else {}
    phases = _phases(summary.get("phases"), path)
    for name in (*_WHOLE, "frames"):
        if not isinstance(summary.get(name), int | float):
            raise FileError(f"{path}: {name} is {brief(summary.get(name))}, expected a number")
    rows: list[dict[str, Any]] = [_row("budget", "reconstructed", "", PAPER_BUDGET, "100 kHz x 10 ms")]
    rows += [
        _row("frame", "ours", said, summary[name], f"cycles/summary.json, {name}") for name, said in _WHOLE.items()
    ]
    for name, of in phases.items():
        rows += [_row(name, "ours", end, of[end], "cycles/summary.json, phases") for end in ("mean", "most")]
    utterances = read_rows(table, needed=("cycles_mean", "cycles_most"))
    with output_folder(out, by="rsnn frame-cycles") as staging:
        write_csv(staging / "frame_cycles.csv", rows)
        spread = {end: [number(row, f"cycles_{end}", table) for row in utterances] for end in ("mean", "most")}
        _plot(staging / "frame_cycles.png", summary, phases, spread)
    return "".join(f"{row['what']:<18}{row['kind']:<15}{row['statistic']:<16}{row['cycles']:>7}\n" for row in rows)


def _row(what: str, kind: str, statistic: str, cycles: float, source: str) -> dict[str, Any]:
    return {"what": what, "kind": kind, "statistic": statistic, "cycles": cycles, "source": source}


def _phases(found: object, path: Path) -> dict[str, dict[str, float]]:
    phases = found if isinstance(found, dict) else {}
    right = all(
        isinstance(of, dict) and all(isinstance(of.get(end), int | float) for end in ("mean", "most"))
        for of in phases.values()
    )
    if not phases or not right:
        raise FileError(f"{path}: phases are {brief(found)}, expected mean and most of each")
    return phases


def _plot(
    path: Path,
    summary: Mapping[str, Any],
    phases: Mapping[str, Mapping[str, float]],
    spread: Mapping[str, Sequence[float]],
) -> None:
    figure, (upper, lower) = figure_of(PAGE, 3.6, nrows=2, sharex=True, height_ratios=(3, 1))
    bins = list(range(0, 1041, 10))
    upper.hist(spread["mean"], bins=bins, color="#0072b2", edgecolor="black", linewidth=0.3)
    form: dict[str, Any] = {"facecolor": "#dddddd", "hatch": "////", "edgecolor": "black", "linewidth": 0.3}
    upper.hist(spread["most"], bins=bins, alpha=0.8, **form)
    upper.set_ylabel("utterances")
    for axes in (upper, lower):
        axes.axvline(PAPER_BUDGET, color="black", linestyle="--", linewidth=1)
    ends = {"cycles_99th_percentile": ":", "cycles_most": "-."}
    for name, style in ends.items():
        upper.axvline(summary[name], color="#d55e00", linestyle=style, linewidth=1)
    left, handles = 0.0, []
    by_size = sorted(phases.items(), key=lambda item: -item[1]["mean"])
    for (name, of), (colour, hatch) in zip(by_size, PARTS, strict=False):
        form = {"facecolor": colour, "hatch": hatch, "edgecolor": "black", "linewidth": 0.4}
        lower.barh(0, of["mean"], left=left, height=0.6, **form)
        handles.append(Patch(**form, label=f"{name} {of['mean']:g}"))  # type: ignore[arg-type]
        left += of["mean"]
    lower.annotate(f"{left:.0f}", (left, 0), (4, 0), textcoords="offset points", va="center", fontsize=FONT)
    lower.set_yticks([0], ["mean by\nphase"])
    lower.set_xlabel("clock cycles a frame, loading and logits included (ours)")
    lower.set_xlim(0, 1040)
    marks = [
        Patch(facecolor="#0072b2", edgecolor="black", label="mean of an utterance"),
        Patch(**{**bar_style("reconstructed"), "facecolor": "#dddddd"}, label="most of an utterance"),
    ]
    lines = [upper.lines[0], *upper.lines[1:]]
    named = [f"budget {PAPER_BUDGET:,}, reconstructed", f"99th percentile {summary['cycles_99th_percentile']:g}",
             f"most of {summary['frames']:,} frames {summary['cycles_most']:g}"]  # fmt: skip
    figure.legend([*marks, *lines], [*(str(mark.get_label()) for mark in marks), *named], loc="outside upper center",
                  ncols=3, fontsize=FONT, frameon=False)  # fmt: skip
    figure.legend(handles=handles, loc="outside lower center", ncols=5, fontsize=FONT, frameon=False)
    save(path, figure)
