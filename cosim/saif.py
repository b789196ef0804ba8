"""Switching activity (SAIF 2.0, backward) of the accelerator's registers and ports, for tools that estimate power.

Nets are those of the exported top module; values are those that have settled when the clock rises, so a net changes at
most once a cycle: for registers that is all that they do, for combinational ports it leaves glitches out.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from files.writing import write_text
from golden.layout import build_layout
from rtl.design import Design
from rtl.timescale import timescale


def write_saif(
    path: str | os.PathLike[str], design: Design, *, toggles: np.ndarray, highs: np.ndarray, cycles: int
) -> Path:
    """Write the activity of a run.

    Parameters
    ----------
    path : path-like
    design : Design
    toggles, highs : np.ndarray [shape=(64 * layout.words,), dtype=integer]
        Toggles and cycles high of every bit of the record (`cosim.engines.verilator.VerilatorEngine.bits`).
    cycles : int
        Cycles that were counted.

    Returns
    -------
    Path

    Raises
    ------
    WriteError
    """
    nets = ((name, int(toggles[bit]), int(highs[bit])) for name, bit in record_bits(design))
    return write_nets(path, design.top.name, nets, cycles=cycles, clock_hz=design.specification.clock_hz)


def write_nets(
    path: str | os.PathLike[str],
    top: str,
    nets: Iterable[tuple[str, int, float]],
    *,
    cycles: int,
    clock_hz: float,
) -> Path:
    """Write the activity of nets.

    Parameters
    ----------
    path : path-like
    top : str
        Name of the module that they are in.
    nets : iterable of (str, int, float)
        Name with what is no letter, digit or underscore escaped; toggles; cycles high.
    cycles : int
    clock_hz : float

    Returns
    -------
    Path

    Raises
    ------
    WriteError
    """
    clock = timescale(clock_hz, cycles)

    def time(periods: float) -> int:
        return clock.at(round(2 * periods))

    lines = [
        "(SAIFILE",
        '(SAIFVERSION "2.0")',
        '(DIRECTION "backward")',
        f'(DESIGN "{top}")',
        '(PROGRAM_NAME "rsnn")',
        "(DIVIDER / )",
        f"(TIMESCALE 1 {clock.unit})",
        f"(DURATION {time(cycles)})",
        f"(INSTANCE {top}",
        "  (NET",
    ]
    for net, changed, high in nets:
        # As much time as there is, whatever is rounded.
        times = f"(T0 {time(cycles) - time(high)}) (T1 {time(high)}) (TX 0)"
        lines.append(f"    ({net} {times} (TC {changed}) (IG 0))")
    lines += ["  )", ")", ")", ""]
    return write_text(path, "\n".join(lines))


def record_bits(design: Design) -> Iterator[tuple[str, int]]:
    """Yield the net in the top module, and the bit in the record, of every bit of every register and port.

    Brackets are escaped, as SAIF wants them.
    """
    spec = design.specification
    widths = {net.name: net.width for net in design.top.nets}
    for field in build_layout(spec):
        tiled = field.block == "spikes"
        for part, place in enumerate(design.places[field.path]):
            name, _, bits = place.partition("[")
            low = int(bits.rstrip("]").split(":")[-1]) if bits else 0
            at = 64 * field.offset + (part * spec.lanes if tiled else 64 * part * field.plane_words)
            width = min(spec.lanes, field.width - part * spec.lanes) if tiled else field.width
            for bit in range(width):
                yield (rf"{name}\[{low + bit}\]" if widths[name] > 1 else name), at + bit
