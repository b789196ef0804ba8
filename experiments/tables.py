"""Result files: CSV and JSON, written whole or not at all."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def write_csv(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write rows of the same columns, under a temporary name first; None becomes an empty cell."""
    rows = list(rows)
    if not rows:
        raise ValueError(f"{path}: no rows to write")
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    with part.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    os.replace(part, path)
    return path


def write_json(path: Path, content: Mapping[str, Any]) -> Path:
    """Write one JSON object, under a temporary name first."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")
    os.replace(part, path)
    return path


def write_text(path: Path, text: str) -> Path:
    """Write text, under a temporary name first."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(text)
    os.replace(part, path)
    return path
