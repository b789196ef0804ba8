"""The accelerator's blocks as the diagram draws them: where each stands, and what it takes in area and power."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from experiments.command.tables import read_rows
from files.errors import FileError
from power.constants import NOTHING, Bounds
from power.report import PowerReport

# Of the drawing, in its own units; it is as wide as a telephone held upright, so that its letters stay legible there.
WIDTH, BOX, HEIGHT, GAP = 420, 184, 92, 34
AREAS = Path("power") / "gates" / "nangate45" / "area.csv"
SYNTHESIS = Path("verilog") / "synthesis.csv"


@dataclass(frozen=True)
class Place:
    """A block's place: column 0 or 1, row from 0; what it does; and what makes up its area, by the netlist's names."""

    column: int
    row: int
    does: str
    parts: tuple[str, ...]


# In the order in which data pass through, left column down, right column up.
PLACES = {
    "controller": Place(0, 0, "schedule of a frame", ("controller",)),
    "input_buffer": Place(0, 1, "40 codes, by bit plane", ("input_buffer",)),
    "zero_skip": Place(0, 2, "next index that is not 0", ("zero_skip",)),
    "weight_buffer": Place(0, 3, "two banks, a row a read", ("row_fetch", "memories")),
    "pe_array": Place(1, 3, "2 sets of 128 adders", ("lane_gate", "operation_decoder", "sliced_adders")),
    "neuron_unit": Place(1, 2, "leak, add, compare, reset", ("neuron_unit",)),
    "spikes": Place(1, 1, "spikes of the last frame", ("spikes",)),
    "output": Place(1, 0, "logits, arg-max", ("output",)),
}


def x_of(place: Place) -> int:
    """Return where a block begins from the left."""
    return 4 + place.column * (BOX + GAP)


def y_of(place: Place) -> int:
    """Return where a block begins from the top."""
    return 4 + place.row * (HEIGHT + GAP)


def drawing_height() -> int:
    """Return how high the drawing of all blocks is."""
    return max(y_of(place) for place in PLACES.values()) + HEIGHT + 4


def arrows() -> list[str]:
    """Return the paths of the arrows, which follow the data, as SVG has them."""
    middle = HEIGHT // 2

    def down(name: str) -> str:
        return f"M{x_of(PLACES[name]) + BOX // 2} {y_of(PLACES[name]) + HEIGHT}v{GAP - 2}"

    def up(name: str) -> str:
        return f"M{x_of(PLACES[name]) + BOX // 2} {y_of(PLACES[name])}v{2 - GAP}"

    def at(name: str, *, right: bool, below: int = 0) -> tuple[int, int]:
        place = PLACES[name]
        return x_of(place) + BOX * right, y_of(place) + middle + below

    (bank, row), (spike, fired), (skip, next_one) = (
        at("weight_buffer", right=True), at("spikes", right=False), at("zero_skip", right=True, below=-12),
    )  # fmt: skip
    (sums, made), (logits, given) = at("pe_array", right=True), at("output", right=True)
    return [
        *(down(name) for name in ("controller", "input_buffer", "zero_skip")),
        up("pe_array"),
        up("neuron_unit"),
        f"M{bank} {row}h{GAP - 2}",
        # Last frame's spikes come back as events.
        f"M{spike} {fired}H{spike - GAP // 2}V{next_one}H{skip + 2}",
        # The fully connected layer's sums go past the neurons.
        f"M{sums} {made}H{WIDTH - 4}V{given}H{logits + 2}",
    ]


@dataclass(frozen=True, kw_only=True)
class Block:
    """A block with its figures.

    Parameters
    ----------
    name, does : str
    x, y : int
        Its upper left corner in the drawing.
    power : dict of str to Bounds
        In uW, by class of cells: median, 5th and 95th percentile.
    area_mm2 : Bounds or None
        At 28 nm, memories included; None where no netlist is at hand.
    gates : float or None
        NAND2 equivalents.
    share : float
        Of the area, or of the power where there is no area, 0..1.
    """

    name: str
    does: str
    x: int
    y: int
    power: dict[str, Bounds]
    area_mm2: Bounds | None
    gates: float | None
    share: float


def blocks_of(power: Mapping[str, PowerReport], results: Path | None) -> list[Block]:
    """Return the blocks, with area and gates where `results` holds them.

    Parameters
    ----------
    power : mapping of str to PowerReport
        By class of cells, at least one.
    results : Path or None

    Raises
    ------
    FileError
        A table that is there cannot be read.
    """
    by_class = {name: report.by_block() for name, report in power.items()}
    areas = {} if results is None else _areas(results / AREAS)
    gates = {} if results is None else _gates(results / SYNTHESIS)
    first = next(iter(by_class.values()))
    measures = {
        name: (areas[name].typical if name in areas else first.get(name, NOTHING).typical) for name in PLACES
    }
    whole = sum(measures.values()) or 1.0
    return [
        Block(
            name=name,
            does=place.does,
            x=x_of(place),
            y=y_of(place),
            power={threshold: own.get(name, NOTHING) for threshold, own in by_class.items()},
            area_mm2=areas.get(name),
            gates=gates.get(name),
            share=measures[name] / whole,
        )
        for name, place in PLACES.items()
    ]


def _areas(path: Path) -> dict[str, Bounds]:
    if not path.is_file():
        return {}
    columns = [f"mm2_28nm_{end}" for end in ("low", "typical", "high")]
    parts = {
        row["block"]: Bounds(*(number(row, column, path) for column in columns))
        for row in read_rows(path, needed=("block", *columns))
    }
    return {
        name: sum((parts[part] for part in place.parts), NOTHING)
        for name, place in PLACES.items()
        if all(part in parts for part in place.parts)
    }


def _gates(path: Path) -> dict[str, float]:
    if not path.is_file():
        return {}
    rows = read_rows(path, needed=("block", "nand2_equivalents"))
    return {row["block"]: number(row, "nand2_equivalents", path) for row in rows if row["block"] in PLACES}


def number(row: Mapping[str, str], column: str, path: Path) -> float:
    """Return a cell as a number, 0 or more: everything that is counted or measured here is.

    Raises
    ------
    FileError
        It is none; names file and column.
    """
    try:
        value = float(row[column])
    except ValueError:
        value = -1.0
    if not 0 <= value < math.inf:
        raise FileError(f"{path}: column {column}: {row[column][:40]!r}, expected a number, 0 or more")
    return value
