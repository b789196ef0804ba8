"""The paper's figures beside ours: every number is read from the results, and says from which file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from experiments.command.tables import read_rows
from experiments.page.blocks import number
from files.errors import FileError
from files.reading import brief, read_json
from power.inference import PAPER_GOPS_PER_MM2, PAPER_TOPS_PER_W
from power.report import PAPER_POWER_UW, PowerReport, bounds_text

EFFICIENCY = Path("power") / "efficiency.csv"
CYCLES = Path("cycles") / "summary.json"
RECOGNITION = Path("recognition") / "table.csv"
# The stage of the chain that the accelerator runs, and the last of them in floating point.
STAGE, FLOAT_STAGE, PEER = "integer-t2", "float-256", "lstm"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A row of the headline: what, the paper's, ours, and where ours is from.

    Parameters
    ----------
    what : str
    paper, kind : str
        The figure; "stated" (printed in the abstract), "reconstructed" from it, or "" where it gives none.
    ours : dict of str to str, or str
        By class of cells, or one that does not depend on them.
    source : str
        The file under the results.
    """

    what: str
    paper: str
    kind: str
    ours: dict[str, str] | str
    source: str


def power_figure(power: Mapping[str, PowerReport], source: str) -> Figure:
    """Return the row of the power in real time, with bounds, by class of cells."""
    return Figure(
        what="power at 100 kHz, uW: median (5th-95th percentile)",
        paper=f"{PAPER_POWER_UW}",
        kind="stated; class of cells not stated",
        ours={name: bounds_text(report.total) for name, report in power.items()},
        source=source,
    )


def figures(results: Path, power: Mapping[str, PowerReport], source: str) -> tuple[list[Figure], list[str]]:
    """Return every row that the results have, and the files that others would need.

    Parameters
    ----------
    results : Path
    power : mapping of str to PowerReport
        By class of cells.
    source : str
        The file that the power is of.

    Raises
    ------
    FileError
        A file that is there cannot be read; names file and field.
    """
    rows = [power_figure(power, source)]
    absent = []
    for path, made in ((EFFICIENCY, _efficiency), (CYCLES, _cycles), (RECOGNITION, _recognition)):
        if (results / path).is_file():
            rows += made(results / path, path.as_posix())
        else:
            absent.append(path.as_posix())
    return rows, absent


def _efficiency(path: Path, source: str) -> list[Figure]:
    columns = {"tops_per_w_typical": PAPER_TOPS_PER_W, "gops_per_mm2_typical": PAPER_GOPS_PER_MM2}
    units = {"tops_per_w_typical": "TOPS/W", "gops_per_mm2_typical": "GOPS/mm2"}
    table = read_rows(path, needed=("class", *columns))
    found = []
    for column, paper in columns.items():
        by_class: dict[str, list[float]] = {}
        for row in table:
            by_class.setdefault(row["class"], []).append(number(row, column, path))
        found.append(
            Figure(
                what=f"{units[column]} at 500 MHz, least to most over ways of counting operations (hypothetical: our "
                "gates do not reach 500 MHz)",
                paper=f"{paper:g}",
                kind="stated; counting not stated",
                ours={name: f"{min(values):,.2f} to {max(values):,.2f}" for name, values in by_class.items()},
                source=source,
            )
        )
    return found


def _cycles(path: Path, source: str) -> list[Figure]:
    said = read_json(path)
    needed = ("cycles_mean", "cycles_99th_percentile", "cycles_most", "budget", "overruns", "frames", "mmac_per_s")
    numbers = {name: said.get(name) if isinstance(said, dict) else None for name in needed}
    for name, value in numbers.items():
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise FileError(f"{path}: {name} is {brief(value)}, expected a number")
    return [
        Figure(
            what="cycles a frame",
            paper=f"{numbers['budget']:,} budget",
            kind="reconstructed: real time at 100 kHz",
            ours=f"mean {numbers['cycles_mean']:.0f}, 99th percentile {numbers['cycles_99th_percentile']:.0f}, most "
            f"{numbers['cycles_most']:,}; {numbers['overruns']:,} of {numbers['frames']:,} frames over budget",
            source=source,
        ),
        Figure(
            what="work after zero-skipping, MMAC/s",
            paper="13.86",
            kind="stated",
            ours=f"{numbers['mmac_per_s']:.2f}",
            source=source,
        ),
    ]


def _recognition(path: Path, source: str) -> list[Figure]:
    needed = ("stage", "megabytes", "dense_megabytes", "test_per", "test_per_low", "test_per_high", "seeds")
    stages = {row["stage"]: row for row in read_rows(path, needed=needed)}
    if STAGE not in stages:
        return []
    ours = stages[STAGE]

    def rate(row: Mapping[str, str], column: str = "test_per") -> str:
        return f"{100 * number(row, column, path):.1f}"

    text = (
        f"{rate(ours)} % in the mean of {ours['seeds'][:3]} seeds ({rate(ours, 'test_per_low')} to "
        f"{rate(ours, 'test_per_high')})"
    )
    for stage, name in ((FLOAT_STAGE, "before compression"), (PEER, "an LSTM-128 x 2")):
        if stage in stages:
            text += f"; {name} {rate(stages[stage])} %"
    return [
        Figure(
            what="weights that are not zero, 4 bits each, MB",
            paper="0.1",
            kind="stated",
            ours=f"{number(ours, 'megabytes', path):.3f} (held dense: {number(ours, 'dense_megabytes', path):.3f})",
            source=source,
        ),
        Figure(
            what="phone error rate; other speech than the paper's (TIMIT), so not to be compared",
            paper="not in the abstract",
            kind="",
            ours=text,
            source=source,
        ),
    ]
