"""The plot of power over time: by frame, and by cycle within a few frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.command.figures import FONT, PAGE, figure_of, save

_PARTS = (("clock", "#bbbbbb"), ("memory", "#555555"), ("logic", "#eeeeee"))
# Cycles that a moving mean is taken over: a tenth of the budget would hide phases, one cycle is noise.
WINDOW = 10


def plot_curve(path: Path, frames: Sequence[Mapping[str, Any]], cycles: Sequence[Mapping[str, Any]]) -> None:
    """Draw dynamic power of each frame, stacked by part, and the moving mean within frames.

    Parameters
    ----------
    path : Path
        ``.png`` to write; the ``.svg`` lies beside it.
    frames, cycles : sequence of mapping
        Rows of ``frames_power.csv`` and ``cycles_power.csv``.
    """
    figure, (whole, inside) = figure_of(PAGE, 4.6, nrows=2)
    starts = [0.0]
    for frame in frames:
        starts.append(starts[-1] + float(frame["seconds"]))
    # The last frame ends too: its power stands twice.
    frames = [*frames, frames[-1]]
    parts = [[float(frame[f"{name}_uw"]) for frame in frames] for name, _ in _PARTS]
    names, shades = zip(*_PARTS, strict=True)
    whole.stackplot(starts, parts, step="post", colors=shades, labels=names)
    for end, line in (("low", ":"), ("high", "--")):
        whole.step(starts, [float(frame[f"dynamic_uw_{end}"]) for frame in frames], "k", where="post", linestyle=line,
                   linewidth=0.8, label=f"total, {end}")  # fmt: skip
    whole.set_xlabel("time (s)", fontsize=FONT)
    whole.set_ylabel("dynamic power of a frame (uW)", fontsize=FONT)
    whole.set_ylim(bottom=0)
    for number, shown in enumerate(dict.fromkeys(row["frame"] for row in cycles)):
        powers = [float(row["dynamic_uw_typical"]) for row in cycles if row["frame"] == shown]
        window = min(WINDOW, len(powers))
        moving = [sum(powers[at : at + window]) / window for at in range(len(powers) - window + 1)]
        style = ("-", "--", ":", "-.")[number % 4]
        inside.plot(range(len(moving)), moving, style, color="#222222", linewidth=1, label=f"frame {shown}")
    inside.set_xlabel(f"cycle of the frame (moving mean of {WINDOW})", fontsize=FONT)
    inside.set_ylabel("dynamic power (uW), typical", fontsize=FONT)
    for axes in (whole, inside):
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), fontsize=FONT, frameon=False, ncols=5)
    save(path, figure)
