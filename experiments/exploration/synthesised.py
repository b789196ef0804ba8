"""Designs whose logic was mapped to cells: the table that the law of gates is fitted to, and how it is made anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.command.tables import read_rows
from experiments.exploration.area_fit import TERMS
from experiments.exploration.grid import Point, network_of
from files.errors import FileError
from files.reading import brief, whole_number
from gates.liberty import Library
from golden.checkpoint import Checkpoint, load_checkpoint
from golden.errors import SpecificationError
from golden.specification import Specification

__all__ = ["TABLE", "Synthesised", "read_synthesised", "synthesise"]

# A row a design and block: made by Yosys from the RTL, each leaf apart, without clock gates where the library has none.
TABLE = Path(__file__).with_name("synthesised.csv")
_AXES = ("lanes", "pe_sets", "time_steps", "weight_bits", "width")
COLUMNS = (*_AXES, "library", "yosys", "block", "nand2_equivalents")
MOST_GATES = 1e9


@dataclass(frozen=True)
class Synthesised:
    """A design in cells.

    Parameters
    ----------
    point : Point
    specification : Specification
        Of the embedded network in the point's shape.
    gates : dict of str to float
        NAND2 equivalents by block.
    library, yosys : str
        What it was mapped with.
    """

    point: Point
    specification: Specification
    gates: dict[str, float]
    library: str
    yosys: str

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows of `TABLE`."""
        about = {axis: getattr(self.point, axis) for axis in _AXES} | {"library": self.library, "yosys": self.yosys}
        return [about | {"block": block, "nand2_equivalents": round(count, 1)} for block, count in self.gates.items()]


def read_synthesised(path: Path = TABLE) -> list[Synthesised]:
    """Read the designs of a table.

    Raises
    ------
    FileError
        A column or block is missing, a cell is no number in its range, or a design has two libraries; names the line.
    """
    checkpoint = load_checkpoint()
    found: dict[Point, Synthesised] = {}
    for line, row in enumerate(read_rows(path, needed=COLUMNS), 2):
        where = f"{path}, line {line}"
        axes = [whole_number(row[axis], least=1, most=4096) for axis in _AXES]
        for axis, value in zip(_AXES, axes, strict=True):
            if value is None:
                raise FileError(f"{where}: {axis} is {brief(row[axis])}, expected a whole number in 1..4096")
        point = Point(*(value for value in axes if value is not None))
        if point not in found:
            try:
                spec = network_of(point, checkpoint).specification
            except SpecificationError as error:
                raise FileError(f"{where}: {error}") from error
            found[point] = Synthesised(point, spec, {}, row["library"], row["yosys"])
        one = found[point]
        if (row["library"], row["yosys"]) != (one.library, one.yosys):
            raise FileError(f"{where}: library {brief(row['library'])}, Yosys {brief(row['yosys'])}, expected those of "
                            f"the design's first line: {one.library}, {one.yosys}")  # fmt: skip
        if row["block"] not in TERMS or row["block"] in one.gates:
            raise FileError(f"{where}: block is {brief(row['block'])}, expected each once of {', '.join(TERMS)}")
        try:
            gates = float(row["nand2_equivalents"])
        except ValueError:
            gates = -1.0
        if not 0 < gates <= MOST_GATES:
            raise FileError(
                f"{where}: nand2_equivalents is {brief(row['nand2_equivalents'])}, expected a number above 0, at most "
                f"{MOST_GATES:g}"
            )
        one.gates[row["block"]] = gates
    for one in found.values():
        missing = [block for block in TERMS if block not in one.gates]
        if missing:
            raise FileError(f"{path}: {one.point.name}: no block {missing[0]}")
    if len(found) < 2:
        raise FileError(f"{path}: {len(found)} designs, expected at least two")
    return list(found.values())


def synthesise(
    points: Sequence[Point], library: Library, *, each: Callable[[str], object] = lambda what: None
) -> list[Synthesised]:
    """Map designs to cells, from minutes to an hour each on one core; every leaf is kept by content.

    Parameters
    ----------
    points : sequence of Point
    library : Library
    each : callable, optional
        Called with design and leaf before its turn.

    Raises
    ------
    SynthesisError
        Yosys is not installed or refuses.
    """
    # Tools and RTL, which nothing else here needs.
    from experiments.ablation.gates import gates_by_block
    from rtl.synthesis.yosys import yosys_version

    checkpoint: Checkpoint = load_checkpoint()
    # Without the compilers that it was built with.
    version, found = yosys_version().split(" (")[0], []
    for point in points:
        spec = network_of(point, checkpoint).specification
        gates = gates_by_block(spec, library, each=lambda leaf, at=point: each(f"{at.name}: {leaf}"))  # type: ignore[misc]
        found.append(Synthesised(point, spec, {block: gates[block] for block in TERMS}, library.name, version))
    return found
