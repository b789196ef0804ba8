"""Waveforms: a VCD of sampled cycles, RTL beside golden, and a GTKWave save file that opens on what matters."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO

import numpy as np
from vcd import VCDWriter
from vcd.gtkw import GTKWSave

from files.writing import whole_file
from golden.layout import Field, Layout
from rtl.timescale import timescale

# What the save file shows first: the controller's walk, then the data path in the order of the pipeline.
SHOWN = (
    "controller.state",
    "controller.issue_pass",
    "controller.issue_slot",
    "controller.frame_cycles",
    "zero_skip.index",
    "weight_buffer.address",
    "weight_buffer.read",
    "controller.add_pass",
    "controller.add_enable",
    "controller.transfer",
    "output.busy",
    "output.word",
    "output.logits",
    "output.best_index",
    "controller.done",
    "controller.overrun",
)


@dataclass(frozen=True)
class Wave:
    """One cycle of a waveform.

    Parameters
    ----------
    cycle : int
        Clock cycle since reset.
    got : np.ndarray [shape=(words,), dtype=uint64]
        The RTL's record.
    expected : np.ndarray or None
        Golden's record, where there is one.
    """

    cycle: int
    got: np.ndarray
    expected: np.ndarray | None = None


def write_waveform(
    path: str | os.PathLike[str], layout: Layout, waves: Sequence[Wave], *, clock_hz: float, marker: int | None = None
) -> tuple[Path, Path]:
    """Write ``path`` (VCD) and, beside it, a GTKWave save file.

    Bit-sliced registers are shown lane by lane as signed numbers.

    Parameters
    ----------
    path : path-like
        Ends in ``.vcd``.
    layout : Layout
    waves : sequence of Wave
        Consecutive cycles.
    clock_hz : float
        Turns cycles into time.
    marker : int, optional
        Cycle on which the save file puts its marker.

    Returns
    -------
    tuple of Path
        The VCD and the ``.gtkw``.
    """
    path = Path(path)
    clock = timescale(clock_hz, waves[-1].cycle + 1 if waves else 1)
    scopes = ["rtl"] + (["golden"] if any(wave.expected is not None for wave in waves) else [])
    with (
        whole_file(path) as file,
        text_of(file) as handle,
        # No date: the same run gives the same bytes.
        VCDWriter(
            handle, timescale=f"1 {clock.unit}", date="", comment=f"cycle-sampled registers; {clock.stated}"
        ) as writer,
    ):
        own = writer.register_var("accelerator", "clk", "wire", size=1, init=0)
        tracks = [_Track(writer, scope, field) for scope in scopes for field in layout]
        for wave in waves:
            start = clock.at(2 * wave.cycle)
            for track in tracks:
                record = wave.got if track.scope == "rtl" else wave.expected
                if record is not None:
                    track.change(writer, start, record)
            writer.change(own, start, 0)
            writer.change(own, clock.at(2 * wave.cycle + 1), 1)
        if waves:
            writer.close(clock.at(2 * waves[-1].cycle + 2))
    save = path.with_suffix(".gtkw")
    _write_save(save, path, layout, scopes, None if marker is None else clock.at(2 * marker))
    return path, save


@contextmanager
def text_of(file: BinaryIO) -> Iterator[TextIO]:
    """Give a binary file as one of text; it stays open."""
    handle = io.TextIOWrapper(file, encoding="utf-8", errors="surrogateescape", newline="\n")
    try:
        yield handle
    finally:
        handle.detach()


class _Track:
    """One field's variables in one scope, written only where they change."""

    def __init__(self, writer: VCDWriter, scope: str, field: Field) -> None:
        self.scope, self.field = scope, field
        self.before: np.ndarray | None = None
        base = f"{scope}.{field.block}"
        if field.planes > 1:
            self.lanes = [
                writer.register_var(f"{base}.{field.name}", f"lane{lane}", "wire", size=field.planes, init=0)
                for lane in range(field.width)
            ]
        else:
            self.lanes = [writer.register_var(base, field.name, "wire", size=field.width, init=0)]
        self.values = [0] * len(self.lanes)

    def change(self, writer: VCDWriter, time: int, record: np.ndarray) -> None:
        field = self.field
        words = record[field.offset : field.offset + field.words]
        if self.before is not None and np.array_equal(words, self.before):
            return
        self.before = words.copy()
        if field.planes > 1:
            mask = (1 << field.planes) - 1
            values = [int(value) & mask for value in field.lanes(record)]
        else:
            values = field.plane_values(record)
        for at, (old, new) in enumerate(zip(self.values, values, strict=True)):
            if old != new:
                writer.change(self.lanes[at], time, new)
        self.values = values


def _write_save(path: Path, vcd: Path, layout: Layout, scopes: list[str], marker: int | None) -> None:
    with whole_file(path) as file, text_of(file) as handle:
        save = GTKWSave(handle)
        # Within quotes, which nothing escapes.
        if vcd.name.isprintable() and '"' not in vcd.name:
            save.dumpfile(str(vcd.name), abspath=False)
        if marker is not None:
            save.timestart(max(0, marker))
            save.zoom_markers(marker=marker)
        save.trace("accelerator.clk")
        for scope in scopes:
            with save.group(scope):
                for name in SHOWN:
                    field = layout[name]
                    suffix = f"[{field.width - 1}:0]" if field.width > 1 else ""
                    save.trace(f"{scope}.{name}{suffix}", datafmt="hex" if name.endswith("logits") else "dec")
                accumulators = [field.path for field in layout if field.path.startswith("pe_array.acc")]
                for name in (*accumulators, "neuron_unit.membrane0_0"):
                    for lane in range(min(4, layout[name].width)):
                        top = layout[name].planes - 1
                        save.trace(f"{scope}.{name}.lane{lane}[{top}:0]", datafmt="signed")
