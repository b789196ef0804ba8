"""Tables and pictures of a folder of results, small enough to be embedded, each with the command that makes it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from markupsafe import Markup
from PIL import Image, UnidentifiedImageError

from experiments.command.tables import read_rows
from experiments.page.embedding import data_uri, script_json
from experiments.page.provenance import Record, commands_of, records
from files.errors import FileError
from files.names import shown
from files.reading import read_bytes

# Of a picture: pixels across, which fill the page's column, and colours, of which plots have few.
MOST_ACROSS, COLOURS = 1000, 64
# A picture handed in may claim any size; none of ours is near.
MOST_PIXELS = 50_000_000
# Sooner an SVG, which is sharp at any size, as long as it is no larger than the pixels.
MOST_SVG_BYTES = 40_000
# Of tables: those above are named, not held.
MOST_ROWS = 1_000
# What the plots show, for those who cannot see them; figures are in the tables.
ALT = {
    "cycles": "Histogram of clock cycles a frame over the test set, all below the budget of 1,000",
    "power": "Bars of modelled power by block and component, a panel for each class of cells",
    "breakdown": "Bars of modelled power by block and component, a panel for each class of cells",
    "raster": "Spectrogram with recognised phones above two rasters with the spikes of both layers",
    "operating_points": "Power against clock and against supply voltage, a line for each class of cells",
    "inference": "Area and leakage that the paper's figures imply, for each way of counting operations",
    "efficiency": "Efficiency by way of counting operations and class of cells beside the paper's",
    "power_curve": "Dynamic power frame by frame, and cycle by cycle within some frames",
    "tornado": "Swing of the total for each group of constants between its bounds, the widest on top",
    "netlist_power": "Power of the netlist by block: gates, flip-flops, wires and clock",
    "techniques": "Energy a frame with each technique switched off beside the shipped design",
    "rates": "Phone error rate of every stage and baseline, a point for each seed",
    "epochs": "Loss and phone error rate by training epoch, a line for each stage",
    "look_ahead": "Phone error rate of streaming decoding against its look-ahead in milliseconds",
}


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture, embedded; its width and height in pixels keep its place while it loads."""

    name: str
    alt: str
    source: str
    width: int
    height: int
    commands: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table: names of its columns, and its rows, all text."""

    name: str
    columns: list[str]
    rows: list[list[str]]
    commands: tuple[str, ...]
    rows_in_all: int

    @property
    def json(self) -> Markup:
        """Return the table as the page's script takes it."""
        return script_json({"name": self.name, "columns": self.columns, "rows": self.rows})


@dataclass(frozen=True, kw_only=True)
class Section:
    """What lies in one folder."""

    folder: str
    records: list[Record]
    pictures: list[Picture]
    tables: list[Table]


def sections(results: Path) -> list[Section]:
    """Return the folders that hold tables or pictures, in the order of their names.

    Raises
    ------
    FileError
        A table or a picture cannot be read.
    """
    if not results.is_dir():
        raise FileError(f"{results}: no such folder, expected one of results")
    known = records(results)
    found: dict[str, tuple[list[Picture], list[Table]]] = {}
    for path in sorted(results.rglob("*")):
        below = PurePosixPath(path.relative_to(results).as_posix())
        # Hidden ones are what a process is writing.
        if any(part.startswith(".") for part in below.parts) or path.is_symlink() or not path.is_file():
            continue
        pictures, tables = found.setdefault(below.parent.as_posix(), ([], []))
        commands = commands_of(results, below, known) if below.suffix in (".csv", ".png") else ()
        if below.suffix == ".csv":
            tables.append(_table(path, commands))
        elif below.suffix == ".png":
            pictures.append(_picture(path, commands))
    return [
        Section(
            folder=shown(folder),
            records=[record for record in known if record.folder == folder],
            pictures=pictures,
            tables=tables,
        )
        for folder, (pictures, tables) in found.items()
        if pictures or tables
    ]


def _table(path: Path, commands: tuple[str, ...]) -> Table:
    rows = read_rows(path)
    return Table(
        name=shown(path.name),
        columns=list(rows[0]) if rows else [],
        rows=[list(row.values()) for row in rows[:MOST_ROWS]],
        commands=commands,
        rows_in_all=len(rows),
    )


def _picture(path: Path, commands: tuple[str, ...]) -> Picture:
    content = read_bytes(path, what="picture")
    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as opened:
            width, height = opened.size
            if width * height > MOST_PIXELS:
                raise FileError(f"{path}: {width} x {height} pixels, expected at most {MOST_PIXELS:,}")
            image = opened.convert("RGB")
    except (Image.DecompressionBombError, UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise FileError(f"{path}: no picture (PNG): {error}") from error
    if width > MOST_ACROSS:
        height = max(1, round(height * MOST_ACROSS / width))
        width = MOST_ACROSS
        image = image.resize((width, height), Image.Resampling.LANCZOS)
    vector = path.with_suffix(".svg")
    smaller = io.BytesIO()
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(smaller, "PNG", optimize=True)
    source = data_uri(smaller.getvalue(), "image/png")
    if vector.is_file() and vector.stat().st_size <= MOST_SVG_BYTES:
        # Within an img element, where no script of it would run.
        source = data_uri(read_bytes(vector, what="picture", most=MOST_SVG_BYTES), "image/svg+xml")
    stem = shown(path.stem)
    return Picture(
        name=shown(path.name),
        alt=ALT.get(stem, f"Plot {stem.replace('_', ' ')}; its figures are in the tables of this folder"),
        source=source,
        width=width,
        height=height,
        commands=commands,
    )
