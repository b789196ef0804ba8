"""The spiking network beside an LSTM of as much memory: error rate, work, and energy by the same constants.

Energy is rows of the weight memory read, additions, and leakage of memory and logic. A product of a weight of w bits
and an activation of a bits is w - 1 additions of a bits (derived: there is no multiplier among the constants), and is
added up in as many bits as the longest sum needs; glitches of an array multiplier are not in it, nor are clocks, nets
and registers, which depend on a layout that the LSTM has not. Its logic is assumed to leak as the accelerator's does.
What the accelerator spends on its own clocks and nets is in ``power/``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.ablation.configurations import SHIPPED
from experiments.command.figures import FONT, PAGE, figure_of, save
from experiments.command.tables import read_rows, write_csv
from experiments.story.cells import number, rows_by
from files.errors import FileError
from files.folder import output_folder
from files.reading import brief, whole_number
from power.constants import Bounds
from power.energy import estimate
from power.priced_activity import ActivityRow, Run

__all__ = ["Cost", "Lstm", "equal_memory", "lstm_cost", "spiking_cost"]

SPIKING, LSTM = "integer-t2", "lstm-integer"
# In floating point, of which no energy is known here.
FLOATS = ("lstm", "gru")
NOT_TRAINED = "not trained yet"
# Bits of a row of the weight memory, of both (ours; the accelerator's lanes times the bits of a weight).
ROW_BITS = 512
PERIOD_S = 0.01
CLASS = "HVT"
_UW_TO_NJ = 1e3 * PERIOD_S
# Of the LSTM (training.networks.integer_lstm), and the accumulators of the accelerator.
_WEIGHT_BITS, _ACTIVATION_BITS, _CELL_BITS, _SPIKING_SUM_BITS = 4, 8, 16, 17
_BIAS_BITS = 16
_ENDS = ("p5", "median", "p95")
PARTS = ("reads", "additions", "memory_leakage", "logic_leakage")


@dataclass(frozen=True)
class Lstm:
    """Shape of an LSTM in integers; the default is that of ``training/recipes/curves.toml``.

    Parameters
    ----------
    width, inputs, outputs, layers : int
    """

    width: int = 116
    inputs: int = 40
    outputs: int = 120
    layers: int = 2

    @property
    def weights(self) -> int:
        """How many, without biases."""
        fed = self.inputs + (self.layers - 1) * self.width
        return 4 * self.width * (fed + self.layers * self.width) + self.outputs * self.width


@dataclass(frozen=True)
class Cost:
    """Of one frame.

    Parameters
    ----------
    rows_read : float
        Of the weight memory.
    additions : tuple of (int, float)
        Bits, and how many.
    rows : int
        Of the weight memory.
    """

    rows_read: float
    additions: tuple[tuple[int, float], ...]
    rows: int

    def energy_nj(self) -> dict[str, Bounds]:
        """Return 5th percentile, median and 95th of each of `PARTS` but the logic's leakage, 28 nm, 0.9 V, 25 C."""
        # A thousand frames: counts are whole.
        reads = round(1000 * self.rows_read)
        memory = ActivityRow(block="weights", signal="bank", kind="memory", bits=ROW_BITS, reads=reads, depth=self.rows)
        adders = [
            ActivityRow(block="adders", signal=f"add{at}", kind="adder", bits=bits, operations=round(1000 * count))
            for at, (bits, count) in enumerate(self.additions)
        ]
        # None of these depends on the clock; the LSTM's rows would need more than the budget of 1,000 cycles.
        run = Run(frames=1000, cycles=10**7, clock_hz=10**6, frame_period_s=PERIOD_S)
        report = estimate([memory, *adders], run, threshold=CLASS)
        found = {}
        for part, component in zip(PARTS, ("memory reads", "adders", "memory leakage"), strict=False):
            power = report.of([component])
            found[part] = Bounds(*(_UW_TO_NJ * each for each in (power.low, power.typical, power.high)))
        return found


def spiking_cost(row: dict[str, str], where: Path) -> Cost:
    """Return what a row of ``techniques.csv`` says of the shipped design."""
    return Cost(
        rows_read=number(row, "row_reads", where),
        additions=((_SPIKING_SUM_BITS, number(row, "additions", where)),),
        rows=math.ceil(number(row, "memory_bits", where) / ROW_BITS),
    )


def lstm_cost(lstm: Lstm) -> Cost:
    """Return the cost of an LSTM in integers: each weight and bias is read and used once a frame, whatever comes."""
    weights, cells = lstm.weights, lstm.layers * lstm.width
    product = _WEIGHT_BITS + _ACTIVATION_BITS
    longest = product + math.ceil(math.log2(lstm.width + max(lstm.width, lstm.inputs)))
    stored = weights * _WEIGHT_BITS + 4 * cells * _BIAS_BITS
    return Cost(
        rows_read=stored / ROW_BITS,
        additions=(
            (_ACTIVATION_BITS, weights * (_WEIGHT_BITS - 1)),
            (longest, weights + 4 * cells),
            # Forget gate times cell; input gate times new, output gate times shown; their sum.
            (_CELL_BITS, cells * (_ACTIVATION_BITS - 1)),
            (_ACTIVATION_BITS, 2 * cells * (_ACTIVATION_BITS - 1)),
            (_CELL_BITS, cells),
        ),
        rows=math.ceil(stored / ROW_BITS),
    )


def logic_leakage_nj(breakdown: Path) -> Bounds:
    """Return what the accelerator's logic leaks in a frame, from ``power/breakdown.csv``.

    Raises
    ------
    FileError
        It cannot be read, or has no logic leakage of `CLASS`.
    """
    rows = [
        row
        for row in read_rows(breakdown, needed=("class", "component", *(f"{end}_uw" for end in _ENDS)))
        if row["class"] == CLASS and row["component"] == "logic leakage"
    ]
    if not rows:
        raise FileError(f"{breakdown}: no row whose class is {CLASS} and component logic leakage")
    # One draw prices the logic of all blocks, so that bounds add up.
    return Bounds(*(_UW_TO_NJ * sum(number(row, f"{end}_uw", breakdown) for row in rows) for end in _ENDS))


def equal_memory(results: Path, out: Path) -> str:
    """Write ``equal_memory.csv`` and its plot.

    Parameters
    ----------
    results : Path
        ``recognition/table.csv``, ``power/techniques/techniques.csv`` and ``power/breakdown.csv`` in it are read, and
        ``recognition/curves/table.csv`` where it is there: without it the LSTM in integers is not trained yet.
    out : Path

    Returns
    -------
    str
        The table as text.

    Raises
    ------
    FileError
        A table cannot be read, lacks a stage, or has no number where one should be; names it.
    """
    table, curves = results / "recognition/table.csv", results / "recognition/curves/table.csv"
    techniques = results / "power/techniques/techniques.csv"
    needed = ("what", "test_per", "weights", "megabytes", "dense_mmac_per_second", "mmac_per_second", "seeds",
              "widths")  # fmt: skip
    stages = rows_by(table, "stage", needed=needed, names=(SPIKING, *FLOATS))
    counted = ("row_reads", "additions", "memory_bits")
    shipped = rows_by(techniques, "configuration", needed=counted, names=(SHIPPED,))[SHIPPED]
    logic = logic_leakage_nj(results / "power/breakdown.csv")
    lstm = Lstm()
    trained = rows_by(curves, "stage", needed=needed, names=(LSTM,))[LSTM] if curves.exists() else None
    if trained is not None:
        # That of a quick run is smaller.
        width = whole_number(trained["widths"].strip("[]").split(",")[0], least=1, most=4096)
        lstm = Lstm() if width is None else Lstm(width)
        if number(trained, "weights", curves) != lstm.weights:
            expected = f"expected {lstm.weights:,}, those of {lstm.width} neurons a layer"
            raise FileError(f"{curves}: {LSTM} has {brief(trained['weights'])} weights, {expected}")
    rows = [
        _row(SPIKING, _trained(stages[SPIKING], table), spiking_cost(shipped, techniques), logic,
             "power/techniques/techniques.csv, counted", "the accelerator's"),
        _row(LSTM, _untrained(lstm) if trained is None else _trained(trained, curves), lstm_cost(lstm), logic,
             "derived: each weight once a frame", "assumed: as the accelerator's"),
        *(_row(name, _trained(stages[name], table), None, None, "floating point: no constants", "") for name in FLOATS),
    ]  # fmt: skip
    with output_folder(out, by="rsnn equal-memory") as staging:
        write_csv(staging / "equal_memory.csv", rows)
        _plot(staging / "equal_memory.png", rows)
    return "\n".join([*map(_line, rows), ""])


def _trained(stage: dict[str, str], where: Path) -> dict[str, Any]:
    return {
        "what": stage["what"],
        "status": "trained",
        "test_per": round(number(stage, "test_per", where), 5),
        "seeds": stage["seeds"],
        "weights": round(number(stage, "weights", where)),
        "megabytes": round(number(stage, "megabytes", where), 4),
        "dense_mmac_per_second": round(number(stage, "dense_mmac_per_second", where), 2),
        "mmac_per_second": round(number(stage, "mmac_per_second", where), 2),
    }


def _untrained(lstm: Lstm) -> dict[str, Any]:
    """Return what is known of the LSTM before it is trained: nothing in it is skipped."""
    work = round(lstm.weights / PERIOD_S / 1e6, 2)
    return {
        "what": f"LSTM-{lstm.width} x {lstm.layers} on phone states, 4-bit weights and 8-bit activations in integers",
        "status": NOT_TRAINED,
        "test_per": None,
        "seeds": None,
        "weights": lstm.weights,
        "megabytes": round(lstm.weights * _WEIGHT_BITS / 8e6, 4),
        "dense_mmac_per_second": work,
        "mmac_per_second": work,
    }


def _row(
    stage: str, known: dict[str, Any], cost: Cost | None, logic: Bounds | None, counts: str, logic_of: str
) -> dict[str, Any]:
    row: dict[str, Any] = {"stage": stage, "kind": "ours", **known, "rows_read": None, "additions": None,
                           "memory_bits": None}  # fmt: skip
    energies: dict[str, Bounds] = {}
    if cost is not None and logic is not None:
        row["rows_read"] = round(cost.rows_read, 1)
        row["additions"] = round(sum(count for _, count in cost.additions))
        row["memory_bits"] = cost.rows * ROW_BITS
        energies = cost.energy_nj() | {"logic_leakage": logic}
    for part in PARTS:
        row[f"{part}_nj_median"] = round(energies[part].typical, 2) if energies else None
    # Bounds of parts do not add up to those of the sum: these are a little wider.
    for name, parts in (("active", PARTS[:2]), ("energy", PARTS)):
        for end, field in zip(_ENDS, ("low", "typical", "high"), strict=True):
            whole = sum(getattr(energies[part], field) for part in parts) if energies else None
            row[f"{name}_nj_{end}"] = None if whole is None else round(whole, 2)
    return row | {"counts": counts, "logic": logic_of, "cells": CLASS if energies else ""}


def _line(row: dict[str, Any]) -> str:
    rate = f"{NOT_TRAINED:>15}" if row["test_per"] is None else f"{100 * row['test_per']:13.1f} %"
    energy = "energy: floating point, no constants"
    if row["energy_nj_median"] is not None:
        energy = (
            f"{row['active_nj_median']:.1f} nJ a frame of reads and additions, with leakage "
            f"{row['energy_nj_median']:.0f} ({row['energy_nj_p5']:.0f}-{row['energy_nj_p95']:.0f})"
        )
    return f"{row['stage']:<13}{rate}  {row['megabytes']:.3f} MB  {row['mmac_per_second']:6.2f} MMAC/s  {energy}"


def _plot(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    figure, panels = figure_of(PAGE, 2.1, ncols=3)
    short = {SPIKING: "spiking\n4 bits", LSTM: "LSTM\n4 bits", "lstm": "LSTM\nfloat", "gru": "GRU\nfloat"}
    names = [short[row["stage"]] for row in rows]
    panels[0].bar(names, [100 * (row["test_per"] or 0) for row in rows], color="#0072b2", width=0.5)
    for place, row in enumerate(rows):
        if row["test_per"] is None:
            panels[0].text(place, 1, NOT_TRAINED, rotation=90, ha="center", va="bottom", fontsize=FONT)
    panels[0].set_ylabel("phone error rate, test (%)")
    panels[1].bar(names, [row["mmac_per_second"] for row in rows], color="#0072b2", width=0.5)
    panels[1].set_ylabel("work, zeros skipped (MMAC/s)")
    priced = [row for row in rows if row["energy_nj_median"] is not None]
    names = [short[row["stage"]] for row in priced]
    styles = (("#009e73", "....", "weight rows read"), ("#56b4e9", "", "additions"),
              ("#e69f00", "////", "leakage, memory"), ("#dddddd", "", "leakage, logic"))  # fmt: skip
    below = [0.0] * len(priced)
    for part, (colour, hatch, label) in zip(PARTS, styles, strict=True):
        heights = [row[f"{part}_nj_median"] for row in priced]
        panels[2].bar(names, heights, bottom=below, color=colour, hatch=hatch, edgecolor="black", linewidth=0.4,
                      width=0.4, label=label)  # fmt: skip
        below = [low + height for low, height in zip(below, heights, strict=True)]
    for place, row in enumerate(priced):
        # Beside the bar: over it, it would hide what it bounds.
        panels[2].plot([place + 0.3] * 2, [row["energy_nj_p5"], row["energy_nj_p95"]], color="black", linewidth=1,
                       marker="_", markersize=5)  # fmt: skip
    panels[2].set_ylabel(f"energy a frame, {CLASS} (nJ)")
    figure.legend(loc="outside upper right", ncols=4, fontsize=FONT, frameon=False)
    save(path, figure)
