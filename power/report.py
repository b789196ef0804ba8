"""A power estimate: microwatts by block and component, three bounds, beside the paper's figure."""

from __future__ import annotations

import csv
import io
import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from files.writing import write_text
from power.constants import NOTHING, Bounds

# Stated in the abstract: real time at 100 kHz, TSMC 28 nm.
PAPER_POWER_UW = 71.2
DIFFERENCES = (
    "the paper does not state its supply voltage; ours are 28-nm constants at 0.9 V and 25 C",
    "the paper does not state how its memories are organised; ours are two dense banks, priced from CACTI and peers",
    "gates are an estimate from flip-flops and adders before synthesis; no wires were extracted",
    "leakage of a gate is known to a factor of forty, its typical value is only the bounds' geometric mean",
    "combinational glitches are not counted: toggles are settled at the clock edge",
    "the network, its spike rates and the speech are those of this run, not the paper's TIMIT model",
)


@dataclass(frozen=True)
class PowerRow:
    """Power of one component of one block, in microwatts."""

    block: str
    component: str
    power_uw: Bounds


@dataclass(frozen=True)
class PowerReport:
    """All components of an accelerator.

    Parameters
    ----------
    rows : tuple of PowerRow
    """

    rows: tuple[PowerRow, ...]

    @property
    def total(self) -> Bounds:
        """Sum of all rows."""
        return sum((row.power_uw for row in self.rows), NOTHING)

    def by_block(self) -> dict[str, Bounds]:
        """Sum over the components of each block."""
        return self._by("block")

    def by_component(self) -> dict[str, Bounds]:
        """Sum over the blocks of each component."""
        return self._by("component")

    def _by(self, name: str) -> dict[str, Bounds]:
        sums: dict[str, Bounds] = defaultdict(lambda: NOTHING)
        for row in self.rows:
            sums[getattr(row, name)] += row.power_uw
        return dict(sums)

    def write_csv(self, path: str | os.PathLike[str]) -> Path:
        """Write ``block,component,low_uw,typical_uw,high_uw`` and a total, whole or not at all."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["block", "component", "low_uw", "typical_uw", "high_uw"])
        for row in self.rows:
            writer.writerow([row.block, row.component, *(f"{value:.6g}" for value in row.power_uw)])
        writer.writerow(["total", "", *(f"{value:.6g}" for value in self.total)])
        return write_text(path, text.getvalue())
