"""Phone error rates of networks that were trained, by the shape of the network; no other has one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from experiments.command.tables import read_rows
from experiments.exploration.grid import Point
from experiments.story.cells import number
from files.errors import FileError

__all__ = ["NAMES", "Rate", "trained_rates"]

# Below the folder of all results, in the order in which they are asked; the second need not be there.
NAMES = ("recognition/table.csv", "recognition/curves/table.csv")
_NEEDED = ("stage", "network", "widths", "time_steps", "weight_bits", "outputs", "dev_per", "test_per")
# (neurons a layer, time steps, weight bits): hardware changes no result.
Shape = tuple[int, int, int]
# The rate, and the table and row that it stands in.
Rate = tuple[float, str]


def trained_rates(results: Path, *, layers: int, outputs: int) -> dict[Shape, Rate]:
    """Return the rate of each shape that some spiking network was trained in.

    Of several in one table it is that which did best on the development set; the table that is asked first counts.

    Parameters
    ----------
    results : Path
        Folder of all results.
    layers, outputs : int
        Of the networks.

    Raises
    ------
    FileError
        There is no first table, or a cell is none of its column; names the file.
    """
    found: dict[Shape, Rate] = {}
    for name in NAMES:
        path = results / name
        if name != NAMES[0] and not path.is_file():
            continue
        best: dict[Shape, tuple[float, float, str]] = {}
        for row in read_rows(path, needed=_NEEDED):
            if row["network"] != "spiking" or number(row, "outputs", path) != outputs:
                continue
            widths = _widths(row, path)
            if len(widths) != layers or len(set(widths)) != 1 or not row["test_per"]:
                continue
            shape = (widths[0], int(number(row, "time_steps", path)), int(number(row, "weight_bits", path)))
            own = (number(row, "dev_per", path), number(row, "test_per", path), f"{name}, {row['stage']}")
            best[shape] = min(best.get(shape, own), own)
        found |= {shape: (rate, of) for shape, (_, rate, of) in best.items() if shape not in found}
    return found


def rate_of(point: Point, rates: Mapping[Shape, Rate]) -> Rate | None:
    """Return the rate of a point's network, trained; None where none was."""
    return rates.get((point.width, point.time_steps, point.weight_bits))


def _widths(row: Mapping[str, str], path: Path) -> Sequence[int]:
    try:
        return [int(part) for part in row["widths"].strip("[]").split(",")]
    except ValueError as error:
        raise FileError(f"{path}: widths is {row['widths'][:40]!r}, expected numbers in brackets") from error
