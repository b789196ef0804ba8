"""Result files: CSV, JSON and text, written whole or not at all."""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from files import writing
from files.errors import FileError
from files.folder import NOTE
from files.reading import read_text
from files.writing import whole_file


def write_csv(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write rows of the same columns; None becomes an empty cell. One row at a time is held."""
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        raise ValueError(f"{path}: no rows to write")
    with whole_file(path) as file:
        text = io.TextIOWrapper(file, "utf-8", "backslashreplace", newline="", write_through=True)
        writer = csv.DictWriter(text, fieldnames=list(first), lineterminator="\n")
        writer.writeheader()
        writer.writerows(itertools.chain([first], rows))
        text.detach()
    return path


def read_rows(path: Path, *, needed: Sequence[str] = ()) -> list[dict[str, str]]:
    """Read the rows of a CSV file that `write_csv` wrote.

    Parameters
    ----------
    path : Path
    needed : sequence of str
        Columns that it must have.

    Raises
    ------
    FileError
        It cannot be read, lacks a column, or has a row of another number of cells; names file and line.
    """
    text = read_text(path, what="table")
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        rows = list(reader)
    except csv.Error as error:
        raise FileError(f"{path}: no table (CSV): {error}") from error
    missing = [name for name in needed if name not in (reader.fieldnames or ())]
    if missing:
        raise FileError(f"{path}: no column {', '.join(missing)}")
    for number, row in enumerate(rows, 2):
        if None in row or None in row.values():
            raise FileError(f"{path}, line {number}: expected {len(reader.fieldnames or ())} cells")
    return rows


def write_json(path: Path, content: Mapping[str, Any]) -> Path:
    """Write one JSON object; what `NOTE` says is in the folder's manifest."""
    return write_text(path, json.dumps(content, indent=2, sort_keys=True) + "\n")


def write_text(path: Path, text: str) -> Path:
    """Write text, with what `NOTE` says as its last line; a CSV file has it in the folder's manifest alone."""
    note = os.environ.get(NOTE, "")
    return writing.write_text(path, f"{text}\n{note}\n" if note and path.suffix in (".md", ".txt") else text)
