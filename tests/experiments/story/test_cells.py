"""What the story's tables read is checked by file, row and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.story.cells import number, rows_by
from files.errors import FileError


def test_rows_by_a_column(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("stage,size\none,1.5\ntwo,x\n")
    rows = rows_by(path, "stage", needed=("size",), names=("one",))
    assert number(rows["one"], "size", path) == 1.5
    with pytest.raises(FileError, match=r"a\.csv.*'x'"):
        number(rows["two"], "size", path)
    with pytest.raises(FileError, match=r"a\.csv.*three"):
        rows_by(path, "stage", names=("three",))
    with pytest.raises(FileError, match=r"a\.csv: no column none"):
        rows_by(path, "stage", needed=("none",))
