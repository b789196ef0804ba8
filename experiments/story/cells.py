"""Cells of the result tables that the story is told from: read, or refused by file and line."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from experiments.command.tables import read_rows
from files.errors import FileError
from files.reading import brief

__all__ = ["number", "rows_by"]


def rows_by(
    path: Path, key: str, *, needed: Sequence[str] = (), names: Sequence[str] = ()
) -> dict[str, dict[str, str]]:
    """Return the rows of a table by one of its columns.

    Parameters
    ----------
    path : Path
    key : str
        The column, whose values stand once.
    needed : sequence of str
        Columns that the table must have besides.
    names : sequence of str
        Values of `key` that must be there.

    Raises
    ------
    FileError
        Names the file and what it lacks, or the line.
    """
    found: dict[str, dict[str, str]] = {}
    for line, row in enumerate(read_rows(path, needed=(key, *needed)), 2):
        if row[key] in found:
            raise FileError(f"{path}, line {line}: {key} {brief(row[key])} stands twice")
        found[row[key]] = row
    missing = [name for name in names if name not in found]
    if missing:
        raise FileError(f"{path}: no row whose {key} is {brief(missing[0])}")
    return found


def number(row: Mapping[str, str], column: str, where: Path) -> float:
    """Return a cell that holds a finite number, 0 or more.

    Raises
    ------
    FileError
        It holds something else; names file, column and cell.
    """
    try:
        value = float(row[column])
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise FileError(f"{where}: {column} is {brief(row[column])}, expected a number, 0 or more")
    return value
