"""The spiking network beside an LSTM of as much memory: error rate, work, and energy by the same constants.

Energy is what both have in common: rows of the weight memory read, and additions. A product of a weight of w bits and
an activation of a bits is w - 1 additions of a bits, and is added up in as many bits as the longest sum needs; glitches
of an array multiplier are not in it, nor are clocks, nets and leakage, which depend on a layout that the LSTM has not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.ablation.configurations import SHIPPED
from experiments.command.figures import FONT, PAGE, figure_of, save
from experiments.command.tables import write_csv
from experiments.story.cells import number, rows_by
from experiments.story.trained_curves import COMMON
from files.folder import output_folder
from power.constants import Bounds
from power.energy import estimate
from power.priced_activity import ActivityRow, Run

__all__ = ["Cost", "equal_memory", "lstm_cost", "spiking_cost"]

LSTM = "lstm-integer"
# Bits of a row of the weight memory, of both (ours; the accelerator's lanes times the bits of a weight).
ROW_BITS = 512
PERIOD_S = 0.01
_UW_TO_NJ = 1e3 * PERIOD_S
# Of the LSTM (training.networks.integer_lstm), and the accumulators of the accelerator.
_WEIGHT_BITS, _ACTIVATION_BITS, _CELL_BITS, _SPIKING_SUM_BITS = 4, 8, 16, 17


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

    def energy_nj(self) -> tuple[Bounds, Bounds]:
        """Return 5th percentile, median and 95th of memory reads, and of additions, 28 nm, 0.9 V."""
        # A thousand frames: counts are whole.
        reads = round(1000 * self.rows_read)
        memory = ActivityRow(block="weights", signal="bank", kind="memory", bits=ROW_BITS, reads=reads, depth=self.rows)
        adders = [
            ActivityRow(block="adders", signal=f"add{at}", kind="adder", bits=bits, operations=round(1000 * count))
            for at, (bits, count) in enumerate(self.additions)
        ]
        # Neither part depends on the clock; the LSTM's rows would need more than the budget of 1,000 cycles.
        run = Run(frames=1000, cycles=10**7, clock_hz=10**6, frame_period_s=PERIOD_S)
        report = estimate([memory, *adders], run)
        parts = report.of(["memory reads"]), report.of(["adders"])
        return tuple(Bounds(*(_UW_TO_NJ * each for each in (part.low, part.typical, part.high))) for part in parts)  # type: ignore[return-value]


def spiking_cost(row: dict[str, str], where: Path) -> Cost:
    """Return what a row of ``techniques.csv`` says of the shipped design."""
    return Cost(
        rows_read=number(row, "row_reads", where),
        additions=((_SPIKING_SUM_BITS, number(row, "additions", where)),),
        rows=math.ceil(number(row, "memory_bits", where) / ROW_BITS),
    )


def lstm_cost(weights: int, width: int, layers: int = 2) -> Cost:
    """Return the cost of an LSTM in integers: each weight is read and multiplied once a frame, whatever comes.

    Parameters
    ----------
    weights, width, layers : int
    """
    product = _WEIGHT_BITS + _ACTIVATION_BITS
    longest = product + math.ceil(math.log2(2 * width))
    cells = layers * width
    # Forget gate times cell, input gate times new, output gate times shown; and their sum.
    inside = (_CELL_BITS, cells * (_ACTIVATION_BITS - 1)), (_ACTIVATION_BITS, 2 * cells * (_ACTIVATION_BITS - 1))
    return Cost(
        rows_read=weights * _WEIGHT_BITS / ROW_BITS,
        additions=(
            (_ACTIVATION_BITS, weights * (_WEIGHT_BITS - 1)),
            (longest, weights),
            *inside,
            (_CELL_BITS, cells),
        ),
        rows=math.ceil(weights * _WEIGHT_BITS / ROW_BITS),
    )


def equal_memory(results: Path, out: Path) -> str:
    """Write ``equal_memory.csv`` and its plot from ``recognition/curves/table.csv`` and ``power/techniques/``.

    Returns
    -------
    str
        The table as text.

    Raises
    ------
    FileError
        A table cannot be read, lacks a stage, or has no number where one should be; names it.
    """
    curves, techniques = results / "recognition/curves/table.csv", results / "power/techniques/techniques.csv"
    needed = ("what", "test_per", "weights", "megabytes", "dense_mmac_per_second", "mmac_per_second", "widths", "seeds")
    stages = rows_by(curves, "stage", needed=needed, names=(COMMON, LSTM))
    counted = ("row_reads", "additions", "memory_bits")
    shipped = rows_by(techniques, "configuration", needed=counted, names=(SHIPPED,))[SHIPPED]
    weights = round(number(stages[LSTM], "weights", curves))
    width = int(stages[LSTM]["widths"].strip("[]").split(",")[0])
    costs = {COMMON: spiking_cost(shipped, techniques), LSTM: lstm_cost(weights, width)}
    rows = [_row(stages[stage], cost, curves) for stage, cost in costs.items()]
    with output_folder(out, by="rsnn equal-memory") as staging:
        write_csv(staging / "equal_memory.csv", rows)
        _plot(staging / "equal_memory.png", rows)
    lines = [
        f"{row['stage']:<14}{100 * row['test_per']:5.1f} %  {row['megabytes']:.3f} MB  {row['mmac_per_second']:6.2f} "
        f"MMAC/s  {row['energy_nj_median']:6.1f} nJ a frame ({row['energy_nj_p5']:.1f}-{row['energy_nj_p95']:.1f})"
        for row in rows
    ]
    return "\n".join([*lines, ""])


def _row(stage: dict[str, str], cost: Cost, where: Path) -> dict[str, Any]:
    reads, adders = cost.energy_nj()
    spiking = stage["stage"] == COMMON
    return {
        "stage": stage["stage"],
        "kind": "ours",
        "test_per": round(number(stage, "test_per", where), 5),
        "seeds": stage["seeds"],
        "weights": round(number(stage, "weights", where)),
        "megabytes": round(number(stage, "megabytes", where), 4),
        "dense_mmac_per_second": round(number(stage, "dense_mmac_per_second", where), 2),
        "mmac_per_second": round(number(stage, "mmac_per_second", where), 2),
        "rows_read": round(cost.rows_read, 1),
        "additions": round(sum(count for _, count in cost.additions)),
        "reads_nj_median": round(reads.typical, 2),
        "additions_nj_median": round(adders.typical, 2),
        # One draw prices both, but bounds of two parts do not add up to those of the sum: they are a little wider.
        "energy_nj_p5": round(reads.low + adders.low, 2),
        "energy_nj_median": round(reads.typical + adders.typical, 2),
        "energy_nj_p95": round(reads.high + adders.high, 2),
        "counted_on": "power/techniques/techniques.csv" if spiking else "each weight once a frame",
        "what": stage["what"],
    }


def _plot(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    figure, panels = figure_of(PAGE, 1.9, ncols=3)
    names = ["spiking" if row["stage"] == COMMON else "LSTM" for row in rows]
    panels[0].bar(names, [100 * row["test_per"] for row in rows], color="#0072b2", width=0.5)
    panels[0].set_ylabel("phone error rate, test (%)")
    panels[1].bar(names, [row["mmac_per_second"] for row in rows], color="#0072b2", width=0.5)
    panels[1].set_ylabel("work, zeros skipped (MMAC/s)")
    reads, adders = ([row[f"{part}_nj_median"] for row in rows] for part in ("reads", "additions"))
    panels[2].bar(names, reads, color="#009e73", hatch="....", edgecolor="black", linewidth=0.4, width=0.5,
                  label="weight rows read")  # fmt: skip
    panels[2].bar(names, adders, bottom=reads, color="#56b4e9", edgecolor="black", linewidth=0.4, width=0.5,
                  label="additions")  # fmt: skip
    for place, row in enumerate(rows):
        panels[2].plot([place, place], [row["energy_nj_p5"], row["energy_nj_p95"]], color="black", linewidth=1,
                       marker="_", markersize=5)  # fmt: skip
    panels[2].set_ylabel("energy a frame (nJ)")
    figure.legend(loc="outside upper right", ncols=2, fontsize=FONT, frameon=False)
    save(path, figure)
