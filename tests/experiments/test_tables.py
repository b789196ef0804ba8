"""Result files are whole or absent."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.tables import write_csv, write_json, write_text


def test_csv_json_and_text(tmp_path: Path) -> None:
    assert write_csv(tmp_path / "a.csv", [{"x": 1, "y": None}]).read_text() == "x,y\n1,\n"
    assert write_json(tmp_path / "a.json", {"b": 1, "a": [2]}).read_text().startswith('{\n  "a"')
    assert write_text(tmp_path / "a.txt", "text").read_text() == "text"
    assert len(list(tmp_path.iterdir())) == 3


def test_a_failed_write_keeps_the_old_file(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [{"x": 1}])
    with pytest.raises(ValueError, match="dict contains fields not in fieldnames"):
        write_csv(path, [{"x": 2}, {"x": 3, "z": 4}])
    assert path.read_text() == "x\n1\n"
    with pytest.raises(ValueError, match="no rows to write"):
        write_csv(path, [])
