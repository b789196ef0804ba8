"""Draws `docs/frame.svg`: one frame of the shipped clip on its axis of cycles, from golden's cycle-accurate trace.

    python docs/frame_diagram.py

The frame is the clip's with the median count of cycles. What is drawn are registers and ports of the record
(`golden.layout`), the same that co-simulation compares; the phases are golden's labels of the same cycles.
"""

from __future__ import annotations

import io
from itertools import groupby
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from features.audio import read_audio
from features.frontend import FrontEndSettings, batch_codes
from files.writing import write_text
from golden.checkpoint import load_checkpoint
from golden.cycles import count_frames
from golden.forward import forward
from golden.schedule import State
from golden.trace import PASS, PHASE, CycleModel

ROOT = Path(__file__).resolve().parents[1]
CLIP = ROOT / "experiments" / "clips" / "demo.flac"
SVG = ROOT / "docs" / "frame.svg"

# Rows of the picture: what is drawn of the record, and how it is called.
BITS = (
    ("weight_buffer.read", 0, "read, bank 0"),
    ("weight_buffer.read", 1, "read, bank 1"),
    ("controller.read_enable", 0, "enable, set 0"),
    ("controller.read_enable", 1, "enable, set 1"),
    ("controller.add_valid", 0, "add_valid"),
    ("controller.add_double", 0, "add_double"),
    ("controller.transfer", 0, "transfer"),
    ("output.busy", 0, "busy"),
    ("controller.done", 0, "done"),
)
BUSES = (("controller.state", "state"), ("controller.issue_pass", "issue_pass"), ("output.word", "word"))
COLOURS = ("#8da0cb", "#66c2a5", "#a6d854", "#fc8d62", "#e5c494", "#e78ac3", "#ffd92f")
ZOOM = 42  # cycles of the lower picture


def median_frame() -> tuple[CycleModel, np.ndarray, int]:
    """Run the clip up to its median frame, and one cycle beyond.

    Returns
    -------
    model : CycleModel
        Its `labels` are of the frame.
    records : np.ndarray [shape=(cycles + 1, layout.words), dtype=uint64]
    number : int
        Of the frame, from 0.
    """
    checkpoint = load_checkpoint()
    assert checkpoint.host is not None, "the embedded network has a host section"
    codes = batch_codes(read_audio(CLIP), FrontEndSettings.from_json(checkpoint.host.front_end))
    cycles = count_frames(checkpoint, codes, forward(checkpoint, codes).spikes).cycles
    number = int(np.argsort(cycles, kind="stable")[len(cycles) // 2])
    model = CycleModel(checkpoint)
    for at in range(number):
        model.frame(codes[at], first=at == 0)
    records = model.frame(codes[number], first=number == 0)
    labels = model.labels.copy()
    after = model.idle(1)
    model.labels = labels
    return model, np.concatenate([records, after]), number


def values(model: CycleModel, records: np.ndarray, path: str) -> list[int]:
    """Return a number of the record at each cycle."""
    field = model.layout[path]
    return [field.plane_values(record)[0] for record in records]


def spans(row: list[Any]) -> list[tuple[Any, int, int]]:
    """Return (value, first cycle, cycles) of every stretch on which a row stays as it is."""
    found, start = [], 0
    for value, stretch in groupby(row):
        length = len(list(stretch))
        found.append((value, start, length))
        start += length
    return found


def draw(axes: Axes, model: CycleModel, records: np.ndarray, first: int, last: int) -> None:
    """Draw the cycles `first` to `last` - 1: phases, numbers as boxes, bits as waves."""
    names = ["phase", *(name for _, name in BUSES), *(name for *_, name in BITS)]
    phases = [int(label[PHASE]) for label in model.labels[first:last]]
    passes = [int(label[PASS]) for label in model.labels[first:last]]
    for (phase, number), start, length in spans(list(zip(phases, passes, strict=True))):
        colour = COLOURS[(phase + max(number, 0)) % len(COLOURS)]
        axes.broken_barh([(first + start, length)], (-0.4, 0.8), facecolor=colour, edgecolor="white", linewidth=0.5)
    for phase, start, length in spans(phases):
        name = model.phases[phase]
        if length > (last - first) / 40:
            axes.text(first + start + length / 2, -0.55, name, ha="left", va="bottom", rotation=30, fontsize=7)
    for row, (path, _) in enumerate(BUSES, start=1):
        stretches = spans(values(model, records[first:last], path))
        boxes = [(first + start, length) for _, start, length in stretches]
        axes.broken_barh(boxes, (row - 0.3, 0.6), facecolor="white", edgecolor="#444444", linewidth=0.4)
        for value, start, length in stretches:
            text = State(value).name if path == "controller.state" else str(value)
            if length > len(text) * (last - first) / 150:
                axes.text(first + start + length / 2, row, text, ha="center", va="center", fontsize=6)
    for row, (path, bit, _) in enumerate(BITS, start=1 + len(BUSES)):
        stretches = spans([value >> bit & 1 for value in values(model, records[first:last], path)])
        levels = np.array([level for level, *_ in stretches])
        edges = [first + start for _, start, _ in stretches] + [last]
        axes.stairs(row + 0.3 - 0.6 * levels, edges, baseline=row + 0.3, fill=True, color="#377eb8", linewidth=0)
        axes.hlines(row + 0.3, first, last, color="#444444", linewidth=0.4)
    axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.set_xlim(first, last)
    axes.set_ylim(len(names) - 0.5, -0.6)
    axes.tick_params(axis="x", labelsize=7)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)


def diagram() -> str:
    """Return the picture as SVG: the whole frame, and the cycles in which layer 0's neurons follow its last sums."""
    model, records, number = median_frame()
    neurons = next(at for at, label in enumerate(model.labels) if model.phases[label[PHASE]] == "L0 neurons")
    first = neurons - ZOOM // 2
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "frame", "font.family": "sans-serif"}):
        figure = Figure(figsize=(11, 8))
        whole = figure.add_axes((0.09, 0.56, 0.89, 0.32))
        draw(whole, model, records, 0, len(records))
        whole.set_title(
            f"Frame {number} of {CLIP.name}, the embedded network: {len(records) - 1} cycles, and the one after",
            fontsize=9, loc="left", y=1.2,
        )
        near = figure.add_axes((0.09, 0.06, 0.89, 0.32))
        draw(near, model, records, first, first + ZOOM)
        near.set_title(f"Cycles {first} to {first + ZOOM - 1} of it", fontsize=9, loc="left", y=1.2)
        near.set_xlabel("cycle of the frame, the one of its first code being 0", fontsize=8)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


if __name__ == "__main__":
    write_text(SVG, diagram())
