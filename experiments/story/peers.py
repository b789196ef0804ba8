"""Power of published designs beside ours and the paper's: the same task apart, as printed and scaled to 28 nm."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.lines import Line2D

from experiments.command.figures import FONT, KINDS, MARKERS, PAGE, figure_of, save
from experiments.command.tables import read_rows, write_csv
from experiments.story.blocks import CLASSES
from experiments.story.cells import number
from files.errors import FileError
from files.folder import output_folder
from files.reading import brief
from power.report import PAPER_POWER_UW
from power.scaling import bracket_to_28nm

__all__ = ["TABLE", "TASKS", "compare"]

# Columns as gathered (url, verified: how it was seen) and, read from them, node_nm, power_low_uw, power_high_uw, task.
TABLE = Path(__file__).with_name("peers.csv")
TASKS = ("TIMIT", "other speech recognition", "keyword spotting", "other")
_NUMBERS = ("node_nm", "vdd_V", "power_low_uw", "power_high_uw")
# Ours is at this supply. Where a design prints none it is taken to lie between these.
TARGET_V, ASSUMED_V = 0.9, (0.6, 0.9)


def compare(results: Path, out: Path, table: Path = TABLE) -> str:
    """Write ``peers.csv`` and its plot; return the designs of the same task as text.

    Parameters
    ----------
    results : Path
        Ours is read from ``power/breakdown.csv`` in it.
    out : Path
    table : Path
        Of published designs, in the form of `TABLE`.

    Raises
    ------
    FileError
        A table lacks a column, a source or a number, or has an unknown task; names line and column.
    """
    rows = [_published(row, f"{table}, line {line}") for line, row in enumerate(_read(table), 2)]
    rows += _ours(results / "power" / "breakdown.csv")
    with output_folder(out, by="rsnn peers") as staging:
        write_csv(staging / "peers.csv", rows)
        _plot(staging / "peers.png", [row for row in rows if row["power_low_uw"] is not None])
    same = [row for row in rows if row["task"] == TASKS[0]]
    lines = [
        f"{row['work']:<44}{row['power_low_uw']!s:>8} to {row['power_high_uw']!s:<8} uW  {row['kind']}" for row in same
    ]
    return "\n".join(["on TIMIT, or of this project:", *lines, ""])


def _read(table: Path) -> list[dict[str, str]]:
    return read_rows(table, needed=("work", "process", "power", "power_of", "task", "url", "verified", *_NUMBERS))


def _published(row: dict[str, str], where: str) -> dict[str, Any]:
    if row["task"] not in TASKS:
        raise FileError(f"{where}: task is {brief(row['task'])}, expected one of {', '.join(TASKS)}")
    for column in ("work", "url", "verified"):
        if not row[column]:
            raise FileError(f"{where}: {column} is empty, expected a word: a figure without a source is none")
    values = {name: number(row, name, Path(where)) if row[name] else None for name in _NUMBERS}
    low, high = values["power_low_uw"], values["power_high_uw"]
    if (low is None) != (high is None) or (low is not None and high is not None and not 0 < low <= high):
        raise FileError(f"{where}: power_low_uw and power_high_uw are {brief([low, high])}, expected 0 < low <= high")
    kind = "stated" if "this paper" in row["work"] else "published"
    return _row(row["work"], kind, row["task"], values, row["power_of"], row["url"], row["verified"])


def _ours(path: Path) -> list[dict[str, Any]]:
    found = {
        row["class"]: row
        for row in read_rows(path, needed=("class", "block", "p5_uw", "p95_uw"))
        if row["block"] == "total"
    }
    missing = [name for name in CLASSES if name not in found]
    if missing:
        raise FileError(f"{path}: no total of class {missing[0]}")
    rows = []
    for name in CLASSES:
        ends = {
            f"power_{end}_uw": number(found[name], column, path)
            for end, column in (("low", "p5_uw"), ("high", "p95_uw"))
        }
        values = {"node_nm": 28.0, "vdd_V": TARGET_V, **ends}
        said = "modelled, 5th to 95th percentile; speechocean762, not TIMIT"
        rows.append(
            _row(f"this project, {name} cells", "ours", "this project", values, said, "", "power/breakdown.csv")
        )
    return rows


def _row(
    work: str, kind: str, task: str, values: dict[str, Any], power_of: str, url: str, verified: str
) -> dict[str, Any]:
    """Return a design with its power at 28 nm: lowest and highest of all rules and voltages."""
    node, low, high = (values[name] for name in ("node_nm", "power_low_uw", "power_high_uw"))
    scaled: tuple[float, float] | None = None
    note = ""
    if low is not None and node is not None:
        if kind in ("ours", "stated") or node == 28:
            scaled, note = (low, high), "28 nm as it is, no change of voltage"
        elif node < 20 or node > 180:
            note = "no published factor of this node"
        else:
            scaled, note = _scaled(f"{node:.0f}", values["vdd_V"], low, high)
    return {
        "work": work,
        "kind": kind,
        "task": task,
        **values,
        "power_of": power_of,
        "power_28nm_low_uw": None if scaled is None else float(f"{scaled[0]:.4g}"),
        "power_28nm_high_uw": None if scaled is None else float(f"{scaled[1]:.4g}"),
        "scaling": note,
        "url": url,
        "verified": verified,
    }


def _scaled(node: str, vdd: float | None, low: float, high: float) -> tuple[tuple[float, float], str]:
    """Return the power at 28 nm, at the same voltage and speed, and how: all of it by the factor of a gate's energy.

    Leakage, memories and analogue parts do not scale so; how much of a design they are is not printed.
    """
    said = "at its own voltage" if vdd is not None else "voltage not printed and kept: 0.6 to 0.9 V"
    brackets = [bracket_to_28nm(node, each, each, "energy") for each in (ASSUMED_V if vdd is None else (vdd,))]
    factors = [each for bracket in brackets for each in (bracket[0], bracket[2])]
    return (low * min(factors), high * max(factors)), f"energy factor {min(factors):.3g} to {max(factors):.3g}, {said}"


def _plot(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    order = [*TASKS[:1], "this project", *TASKS[1:]]
    ranked = sorted(rows, key=lambda row: (order.index(row["task"]), row["power_high_uw"]))
    figure, axes = figure_of(PAGE, 1.1 + 0.165 * len(ranked))
    place, ticks, before = 0.0, [], None
    for row in ranked:
        place += 1.0 if before in (None, row["task"]) else 2.2
        if before != row["task"]:
            box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
            across = axes.get_yaxis_transform()
            heading = axes.text(0.01, place - 0.85, f"{row['task']}:", transform=across, fontsize=FONT, bbox=box)
            heading.set(style="italic", va="center")
        colour, marker = (
            ("#777777", "x") if row["kind"] == "published" else (KINDS[row["kind"]][0], MARKERS[row["kind"]])
        )
        ends = [row["power_low_uw"], row["power_high_uw"]]
        axes.plot(ends, [place, place], color=colour, marker=marker, markersize=4, linewidth=1.2)
        if row["power_28nm_low_uw"] is not None and "factor" in row["scaling"]:
            ends = [row["power_28nm_low_uw"], row["power_28nm_high_uw"]]
            axes.plot(ends, [place + 0.3] * 2, color="#d55e00", marker="|", markersize=5, linewidth=0.9)
        ticks.append((place, row["work"]))
        before = row["task"]
    axes.axvline(PAPER_POWER_UW, color="black", linestyle="--", linewidth=0.7, zorder=0)
    axes.set_yticks([at for at, _ in ticks], [name for _, name in ticks], fontsize=FONT - 1)
    axes.set_ylim(place + 1, -0.4)
    axes.set_xscale("log")
    axes.set_xlabel("power (uW), log scale; of what (whole chip, one part, estimate), peers.csv says")
    handles = [
        Line2D(
            [], [], color="black", marker="s", markersize=4, linestyle="--", linewidth=0.7, label="the paper, stated"
        ),
        Line2D([], [], color=KINDS["ours"][0], marker="o", markersize=4, label="ours, modelled"),
        Line2D([], [], color="#777777", marker="x", markersize=4, label="published, as printed"),
        Line2D([], [], color="#d55e00", marker="|", markersize=5, label="scaled to 28 nm, low to high"),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=4, fontsize=FONT, frameon=False)
    save(path, figure)
