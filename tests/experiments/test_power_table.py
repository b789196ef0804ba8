"""Power from a result folder is what the run itself reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.power_table import power_of_folder
from power.constants import TABLE
from power.errors import ActivityError

DEMO = Path(__file__).parents[2] / "results" / "demo"


def total(text: str) -> list[float]:
    return [float(value) for value in text.split("total")[1].split("paper")[0].split("/")]


def test_the_committed_folder_gives_its_own_power_table() -> None:
    *_, last = (DEMO / "power.csv").read_text().splitlines()
    wanted = [float(cell) for cell in last.split(",")[2:]]
    assert total(power_of_folder(DEMO, constants=None)) == pytest.approx(wanted, abs=1e-3)


def test_other_constants_change_what_they_price(tmp_path: Path) -> None:
    table = tmp_path / "mine.csv"
    text = TABLE.read_text()
    (row,) = [line for line in text.splitlines() if line.startswith("logic_leakage,")]
    cells = row.split(",")
    cells[5:8] = ["0.01", "0.02", "0.03"]
    table.write_text(text.replace(row, ",".join(cells)))
    assert total(power_of_folder(DEMO, constants=table))[1] < 0.5 * total(power_of_folder(DEMO, constants=None))[1]


def test_a_folder_without_activity_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ActivityError, match=r"activity\.csv"):
        power_of_folder(tmp_path, constants=None)
