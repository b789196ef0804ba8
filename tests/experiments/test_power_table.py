"""Power from a result folder is what the run itself reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.power_table import power_of_folder
from files.errors import FileError
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


def test_a_folder_of_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"manifest\.json: no such manifest, expected the folder of a whole run"):
        power_of_folder(tmp_path, constants=None)
    with pytest.raises(ActivityError, match=r"activity\.csv"):
        power_of_folder(tmp_path, constants=None, as_is=True)


def test_a_mixture_of_two_runs_is_not_priced(tmp_path: Path) -> None:
    """As a second run that was killed half-way left it at first: its configuration beside the first one's activity."""
    for name in ("manifest.json", "activity.csv", "run.json", "configuration.json"):
        (tmp_path / name).write_bytes((DEMO / name).read_bytes())
    expected = power_of_folder(DEMO, constants=None)
    assert power_of_folder(tmp_path, constants=None) == expected
    run = (tmp_path / "run.json").read_text()
    (tmp_path / "run.json").write_text(run.replace('"frames": 40', '"frames": 39'))
    with pytest.raises(FileError, match=r"run\.json: was changed since 'rsnn run' wrote it"):
        power_of_folder(tmp_path, constants=None)
    assert total(power_of_folder(tmp_path, constants=None, as_is=True)) != total(expected)
    (tmp_path / "run.json").write_text(run)
    with (tmp_path / "activity.csv").open("a") as file:
        file.write("\n")
    with pytest.raises(FileError, match=r"activity\.csv: was changed"):
        power_of_folder(tmp_path, constants=None)
