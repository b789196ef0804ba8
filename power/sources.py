"""Numbers as their sources print them, at their own node and voltage: what `power.derivation` derives from."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from files.reading import brief, read_text
from power.csv_table import MOST_BYTES, parse_table
from power.errors import ConstantsError

TABLE = Path(__file__).with_name("tables") / "sources.csv"
COLUMNS = ("name", "unit", "node_nm", "vdd_V", "temp_C", "value", "kind", "source", "note")
# Printed in a publication, a data sheet or a Liberty file; printed by a public program run as the source says; neither.
KINDS = ("cited", "run", "assumption")
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?")


@dataclass(frozen=True)
class Source:
    """A row of the table: a value in `unit`, its kind, and the node in nm and the supply in V, where it has them."""

    value: float
    unit: str
    node: str
    vdd: float | None
    kind: str


def load_sources(path: str | os.PathLike[str] = TABLE) -> dict[str, Source]:
    """Read and validate a table of sources.

    Raises
    ------
    ConstantsError
        Names file, line, column and what was expected.
    """
    found: dict[str, Source] = {}
    try:
        for line, row in parse_table(read_text(path, what="table of sources", most=MOST_BYTES), str(path), COLUMNS):
            where = f"{path}, line {line}"
            if not row["name"] or row["name"] in found:
                raise ConstantsError(f"{where}: name {brief(row['name'])}, expected one that stands once")
            for column in ("unit", "source"):
                if not row[column]:
                    raise ConstantsError(f"{where}: {column} of {row['name']} is empty")
            if row["kind"] not in KINDS:
                raise ConstantsError(f"{where}: kind {brief(row['kind'])}, expected one of {', '.join(KINDS)}")
            value = _positive(where, "value", row["value"])
            vdd = _positive(where, "vdd_V", row["vdd_V"]) if row["vdd_V"] else None
            if row["node_nm"]:
                _positive(where, "node_nm", row["node_nm"])
            found[row["name"]] = Source(value, row["unit"], row["node_nm"], vdd, row["kind"])
    except ConstantsError:
        raise
    except ValueError as error:
        raise ConstantsError(str(error)) from error
    return found


def _positive(where: str, column: str, text: str) -> float:
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not value > 0:
        raise ConstantsError(f"{where}: {column} is {brief(text)}, expected a number above 0")
    return value


@cache
def shipped_sources() -> Mapping[str, Source]:
    """Return the shipped table."""
    return load_sources()
