"""A power estimate in one class of cells: microwatts by block and component, beside the paper's figure."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from files.writing import write_text
from power.constants import NOTHING, Bounds
from power.uncertainty import Draws, summary

# Stated in the abstract: real time at 100 kHz, TSMC 28 nm.
PAPER_POWER_UW = 71.2
LEAKAGE = ("memory leakage", "logic leakage")
CSV_COLUMNS = ("class", "block", "component", "p5_uw", "median_uw", "p95_uw")


@dataclass(frozen=True, eq=False)
class PowerRow:
    """Power of one component of one block in microwatts: float64 (draws,)."""

    block: str
    component: str
    draws: Draws

    @property
    def power_uw(self) -> Bounds:
        """5th percentile, median and 95th percentile."""
        return summary(self.draws)


@dataclass(frozen=True, eq=False)
class PowerReport:
    """All components of an accelerator.

    Percentiles of a sum are those of the summed draws: they are not the sums of its parts' percentiles.

    Parameters
    ----------
    threshold : str
        Class of the cells.
    rows : tuple of PowerRow
    """

    threshold: str
    rows: tuple[PowerRow, ...]

    @property
    def total(self) -> Bounds:
        """Of all rows."""
        return _sum(self.rows)

    def of(self, components: Iterable[str]) -> Bounds:
        """Return the power of some components of all blocks."""
        wanted = set(components)
        return _sum(row for row in self.rows if row.component in wanted)

    def by_block(self) -> dict[str, Bounds]:
        """Sum over the components of each block."""
        blocks = dict.fromkeys(row.block for row in self.rows)
        return {block: _sum(row for row in self.rows if row.block == block) for block in blocks}

    def by_component(self) -> dict[str, Bounds]:
        """Sum over the blocks of each component."""
        return {name: self.of([name]) for name in dict.fromkeys(row.component for row in self.rows)}


def _sum(rows: Iterable[PowerRow]) -> Bounds:
    draws = [row.draws for row in rows]
    return summary(sum(draws[1:], draws[0])) if draws else NOTHING


def write_reports(reports: Mapping[str, PowerReport], path: str | os.PathLike[str]) -> Path:
    """Write the columns `CSV_COLUMNS`, and a total in each class, whole or not at all."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for threshold, report in reports.items():
        for row in report.rows:
            writer.writerow([threshold, row.block, row.component, *(f"{value:.6g}" for value in row.power_uw)])
        writer.writerow([threshold, "total", "", *(f"{value:.6g}" for value in report.total)])
    return write_text(path, text.getvalue())


def table(reports: Mapping[str, PowerReport]) -> list[str]:
    """Return lines of text: by block, by component and in all, a column a class, median (5th-95th percentile) in uW."""
    width = max(len(name) for report in reports.values() for row in report.rows for name in (row.block, row.component))
    lines = [f"  {'cells':<{width}}" + "".join(f"  {threshold:>22}" for threshold in reports)]

    def line(name: str, values: Iterable[Bounds]) -> str:
        return f"  {name:<{width}}" + "".join(f"  {bounds_text(bounds):>22}" for bounds in values)

    for by in (PowerReport.by_block, PowerReport.by_component):
        sums = [by(report) for report in reports.values()]
        names = sorted(sums[0], key=lambda name: -sums[0][name].typical)
        lines += [line(name, (each[name] for each in sums)) for name in names]
        lines.append("")
    lines.append(line("of it leakage", (report.of(LEAKAGE) for report in reports.values())))
    lines.append(line("total", (report.total for report in reports.values())))
    return lines


def bounds_text(bounds: Bounds) -> str:
    """Return median (5th-95th percentile) in uW."""
    return f"{bounds.typical:.2f} ({bounds.low:.2f}-{bounds.high:.2f})"
