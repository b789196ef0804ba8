"""The views of an utterance, one below the other, all over the same seconds: Bokeh's models, without a line of script.

What they do when they are touched is in ``page.js``, which finds them by name. No text of a user's goes into a title or
a label: Bokeh would take ``$$`` in one for mathematics, and fetch what typesets it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from bokeh.embed import json_item
from bokeh.layouts import column
from bokeh.models import (
    ColumnDataSource,
    CrosshairTool,
    FixedTicker,
    LinearColorMapper,
    PanTool,
    Range1d,
    WheelZoomTool,
)
from bokeh.models.annotations import Span
from bokeh.palettes import Magma256
from bokeh.plotting import figure

from experiments.page.embedding import fixed_names
from experiments.page.utterance import Phone, Utterance

# Distinguishable without colour vision (Okabe and Ito), and of 3:1 on white and more.
STEP_COLOURS = ("#0072B2", "#D55E00")
INK, LIMIT, CURSOR, SILENT = "#1a1a1a", "#b00020", "#009E73", "#ffffff"
PHONE_COLOURS = ("#dbe9f6", "#fbe3d4")
# Of labels and ticks, so that every plot's left end is the same second.
LEFT, RIGHT = 62, 12
# Of a raster: two pixels a neuron of the shipped network.
RASTER_PIXELS, FRAME = 256, 12


def views(utterance: Utterance) -> dict[str, Any]:
    """Return the views as Bokeh's JSON of one item; the same utterance gives the same.

    Named for the script: the plots, ``seconds`` (the range that they share), ``cursor-`` and a
    plot's name (a line in each), and the
    sources ``membrane0``, ``fired0`` and so on, a time step, of the neuron that is shown.
    """
    shared = Range1d(start=0, end=utterance.seconds, bounds=(0, utterance.seconds), min_interval=0.05, name="seconds")
    pointer = Span(dimension="height", line_color=INK, line_width=1, line_dash="dotted")
    plots = [
        _sound(utterance, shared),
        _spectrum(utterance, shared),
        _phones(utterance, shared),
        *(_spikes(utterance, shared, layer) for layer in range(len(utterance.spikes))),
        _membrane(utterance, shared),
        _cycles(utterance, shared),
        _power(utterance, shared),
    ]
    for plot in plots:
        plot.add_tools(
            PanTool(dimensions="width", name="pan"),
            WheelZoomTool(dimensions="width", modifiers="ctrl", name="zoom"),
            CrosshairTool(overlay=pointer),
        )
        plot.toolbar.active_drag = None
        cursor = f"cursor-{plot.name}"
        plot.add_layout(Span(dimension="height", location=0, line_color=CURSOR, line_width=2, name=cursor))
    plots[-1].xaxis.visible = True
    plots[-1].height += 40
    layout = column(*plots, sizing_mode="stretch_width", spacing=2)
    return fixed_names(json_item(layout))  # type: ignore[no-any-return]


def _plot(shared: Range1d, name: str, label: str, *, height: int, low: float, high: float) -> Any:
    plot = figure(
        name=name,
        height=height,
        sizing_mode="stretch_width",
        x_range=shared,
        y_range=Range1d(start=low, end=high),
        tools="",
        toolbar_location=None,
        min_border_left=LEFT,
        min_border_right=RIGHT,
        output_backend="canvas",
    )
    plot.yaxis.axis_label = label
    plot.xaxis.axis_label = "time (s)"
    for axis in (plot.xaxis, plot.yaxis):
        axis.axis_label_text_font_style = "normal"
        axis.axis_label_text_color = axis.major_label_text_color = INK
        axis.axis_label_text_font_size = "12px"
    plot.xaxis.visible = False
    plot.grid.grid_line_color = "#e4e4e4"
    return plot


def _sound(utterance: Utterance, shared: Range1d) -> Any:
    outline = utterance.outline
    peak = float(max(np.abs(outline).max(), 1e-3))
    plot = _plot(shared, "sound", "sample", height=90, low=-peak, high=peak)
    each = utterance.seconds / max(1, round(utterance.seconds * 200))
    at = (np.arange(len(outline)) * each).astype(np.float32)
    source = ColumnDataSource({"left": at, "right": at + np.float32(each), "low": outline[:, 0], "high": outline[:, 1]})
    # A line, too: a piece of one value would have no height.
    plot.quad(
        left="left", right="right", bottom="low", top="high", source=source, fill_color=INK, line_color=INK,
        line_width=0.5,
    )  # fmt: skip
    return plot


def _spectrum(utterance: Utterance, shared: Range1d) -> Any:
    bands = len(utterance.spectrum)
    plot = _plot(shared, "spectrum", "mel band", height=130, low=0, high=bands)
    plot.image(
        image=[utterance.spectrum], x=0, y=0, dw=utterance.seconds, dh=bands,
        color_mapper=LinearColorMapper(palette=Magma256, low=0, high=255),
    )  # fmt: skip
    return plot


def _phones(utterance: Utterance, shared: Range1d) -> Any:
    plot = _plot(shared, "phones", "phones", height=80, low=0, high=2)
    plot.yaxis.ticker = FixedTicker(ticks=[0.5, 1.5])
    plot.yaxis.major_label_overrides = {0.5: "reference", 1.5: "heard"}
    plot.yaxis.axis_label = None
    plot.grid.grid_line_color = None
    for bottom, phones in ((1, utterance.phones), (0, utterance.reference)):
        if phones:
            source = _phone_source(phones)
            plot.quad(
                left="start", right="end", bottom=bottom, top=bottom + 1, fill_color="colour", line_color="#808080",
                source=source,
            )  # fmt: skip
            plot.text(
                x="middle", y=bottom + 0.5, text="name", text_align="center", text_baseline="middle",
                text_font_size="12px", text_color=INK, source=source,
            )  # fmt: skip
    return plot


def _phone_source(phones: Sequence[Phone]) -> ColumnDataSource:
    return ColumnDataSource(
        {
            "start": [phone.start_s for phone in phones],
            "end": [phone.end_s for phone in phones],
            "middle": [(phone.start_s + phone.end_s) / 2 for phone in phones],
            "name": [phone.name for phone in phones],
            "colour": [PHONE_COLOURS[at % 2] for at in range(len(phones))],
        }
    )


def _spikes(utterance: Utterance, shared: Range1d, layer: int) -> Any:
    fired = utterance.spikes[layer]
    width, frames, steps = fired.shape
    plot = _plot(shared, f"spikes{layer}", f"neuron, layer {layer}", height=RASTER_PIXELS + FRAME, low=0, high=width)
    # 0 where there is no spike, else the time step counted from 1: half a frame's width a step.
    image = (fired * np.arange(1, steps + 1, dtype=np.uint8)).astype(np.uint8).reshape(width, frames * steps)
    palette = [SILENT, *STEP_COLOURS[:steps]]
    plot.image(
        image=[image], x=0, y=0, dw=utterance.seconds, dh=width,
        color_mapper=LinearColorMapper(palette=palette, low=0, high=steps),
    )  # fmt: skip
    plot.grid.grid_line_color = None
    row = Span(dimension="width", location=-1, line_color=CURSOR, line_width=2, name=f"row{layer}")
    plot.add_layout(row)
    return plot


def _membrane(utterance: Utterance, shared: Range1d) -> Any:
    plot = _plot(shared, "membrane", "membrane", height=170, low=-1, high=1)
    for step in range(utterance.time_steps):
        colour = STEP_COLOURS[step % len(STEP_COLOURS)]
        source = ColumnDataSource({"x": [], "y": []}, name=f"membrane{step}")
        plot.line("x", "y", source=source, line_color=colour, line_width=1)
        plot.scatter("x", "y", source=source, size=3, color=colour, marker="circle")
        fired = ColumnDataSource({"x": [], "low": [], "high": []}, name=f"fired{step}")
        plot.segment("x", "low", "x", "high", source=fired, line_color=colour, line_width=1.5)
    plot.add_layout(Span(dimension="width", location=0, line_color=LIMIT, line_dash="dashed", name="threshold"))
    return plot


def _cycles(utterance: Utterance, shared: Range1d) -> Any:
    most = max(int(utterance.cycles.max()), utterance.budget)
    plot = _plot(shared, "cycles", "cycles a frame", height=140, low=0, high=1.1 * most)
    edges, values = _steps(utterance, utterance.cycles)
    plot.line(edges, values, line_color=INK, line_width=1.5)
    limit = Span(dimension="width", location=utterance.budget, line_color=LIMIT, line_width=2, line_dash="dashed")
    plot.add_layout(limit)
    return plot


def _power(utterance: Utterance, shared: Range1d) -> Any:
    low, typical, high = utterance.power_uw.T
    plot = _plot(shared, "power", "dynamic uW", height=140, low=0, high=1.1 * float(high.max()) or 1.0)
    edges, lows = _steps(utterance, low)
    plot.varea(edges, lows, _steps(utterance, high)[1], fill_color="#9ecae1", fill_alpha=0.6)
    plot.line(edges, _steps(utterance, typical)[1], line_color=INK, line_width=1.5)
    return plot


def _steps(utterance: Utterance, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a line that keeps each frame's value from its beginning to its end."""
    edges = (np.repeat(np.arange(utterance.frames + 1), 2)[1:-1] * utterance.frame_s).astype(np.float32)
    return edges, np.repeat(values, 2).astype(np.float32)
