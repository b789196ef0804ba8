"""Committed results, and a copy of some of them that a test may damage."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

RESULTS = Path(__file__).parents[3] / "results"


@pytest.fixture
def rows_of() -> Callable[[str], list[dict[str, str]]]:
    """Return the reader of a table below ``results/``."""

    def read(name: str) -> list[dict[str, str]]:
        with (RESULTS / name).open(newline="") as file:
            return list(csv.DictReader(file))

    return read


@pytest.fixture
def copied(tmp_path: Path) -> Callable[..., Path]:
    """Return what copies files of ``results/`` and gives the folder of the copies."""

    def copy(*names: str) -> Path:
        for name in names:
            (tmp_path / "results" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(RESULTS / name, tmp_path / "results" / name)
        return tmp_path / "results"

    return copy
