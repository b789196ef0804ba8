"""Tables that users hand in as CSV: rows with their lines, in bounds, or a sentence that names file and line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from files.reading import brief

# More than any table here comes near: bytes of the file, rows, characters of a cell.
MOST_BYTES, MOST_ROWS, MOST_CHARACTERS = 1 << 24, 100_000, 2_000


def parse_table(text: str, where: str, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a table.

    Parameters
    ----------
    text : str
        CSV, lines ended in any way, with or without a byte-order mark.
    where : str
        The file, which begins every message.
    columns : sequence of str
        Names that the first line must have, in any order.

    Yields
    ------
    line : int
        Of the row in the file, the first line being 1.
    row : dict of str to str
        A cell for each of `columns`.

    Raises
    ------
    ValueError
        No CSV, other columns or one of them twice, a row with too many or too few cells, a cell or a table beyond the
        bounds, a control character; names the line. The caller's typed error takes its message.
    """
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    header: list[str] | None = None
    rows = 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise ValueError(f"{where}, line {reader.line_num}: no table (CSV): {error}") from error
        if cells is None:
            break
        at = f"{where}, line {reader.line_num}"
        if not cells:
            continue
        for cell in cells:
            if len(cell) > MOST_CHARACTERS:
                raise ValueError(f"{at}: a cell of {len(cell):,} characters, expected at most {MOST_CHARACTERS:,}")
            if not cell.isprintable():
                raise ValueError(f"{at}: {brief(cell)}, expected cells without control characters")
        if header is None:
            if sorted(cells) != sorted(columns):
                raise ValueError(f"{at}: columns {brief(cells, most=400)}, expected {list(columns)}")
            header = cells
            continue
        rows += 1
        if rows > MOST_ROWS:
            raise ValueError(f"{at}: more than {MOST_ROWS:,} rows")
        if len(cells) != len(header):
            raise ValueError(f"{at}: {len(cells)} cells, expected {len(header)}")
        yield reader.line_num, dict(zip(header, cells, strict=True))
    if not rows:
        raise ValueError(f"{where}: no rows, expected the columns {list(columns)} and a row at least")
