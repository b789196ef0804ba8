"""Power from a result folder is what the run itself reported."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from experiments.energy.power_table import power_of_folder
from files.errors import FileError
from power.constants import CLASSES, COLUMNS, load_constants
from power.errors import ActivityError, ConstantsError
from power.gates import gates_of
from power.priced_activity import read_activity

DEMO = Path(__file__).parents[3] / "results" / "demo"


def total(text: str) -> list[float]:
    """Return median, 5th and 95th percentile of each class in turn."""
    (line,) = [line for line in text.splitlines() if line.split()[:1] == ["total"]]
    return [float(number) for number in re.findall(r"[0-9.]+", line)]


def test_the_committed_folder_gives_its_own_power_table() -> None:
    with (DEMO / "power.csv").open() as handle:
        rows = [row for row in csv.DictReader(handle) if row["block"] == "total"]
    assert [row["class"] for row in rows] == list(CLASSES)
    wanted = [float(row[name]) for row in rows for name in ("median_uw", "p5_uw", "p95_uw")]
    assert total(power_of_folder(DEMO, constants=None)) == pytest.approx(wanted, abs=0.051, rel=1e-5)
    assert total(power_of_folder(DEMO, constants=None, threshold="SVT")) == pytest.approx(wanted[3:6], abs=0.051)


def test_the_tornado_moves_leakage_most_and_by_its_bounds() -> None:
    text = power_of_folder(DEMO, constants=None, threshold="SVT").split("What carries the spread")[1]
    swings = {line[7:27].strip(): re.findall(r"[0-9]+[.][0-9]+", line) for line in text.splitlines()[1:]}
    assert next(iter(swings)) == "process leakage"
    low, high = map(float, swings["process leakage"])
    gates = gates_of(
        read_activity(DEMO / "activity.csv"), {item: row.bounds.typical for item, row in load_constants().items()}
    )
    # SVT: 0.3 to 3 nW a gate; what is not logic leakage cancels in the difference.
    assert high - low == pytest.approx(2.7e-3 * sum(gates.values()), abs=0.02)
    assert "area" not in swings


def test_a_folder_gets_the_text_and_the_tornado(tmp_path: Path) -> None:
    text = power_of_folder(DEMO, constants=None, threshold="HVT", out=tmp_path)
    assert (tmp_path / "power.txt").read_text() == text
    names = sorted(path.name for path in tmp_path.iterdir())
    plots = [f"{name}.{suffix}" for name in ("breakdown", "tornado") for suffix in ("png", "svg")]
    assert names == sorted(["manifest.json", "power.txt", "breakdown.csv", *plots])
    assert "paper, stated: 71.2 uW" in text


def test_hotter_cells_leak_more(tmp_path: Path) -> None:
    cold, hot = (power_of_folder(DEMO, constants=None, temperature_c=degrees) for degrees in (25, 85))
    assert all(two > 3 * one for one, two in zip(total(cold)[3:], total(hot)[3:], strict=True))
    switching = [[line for line in text.splitlines() if line.startswith("  switching")] for text in (cold, hot)]
    assert switching[0] == switching[1] != []
    assert "uW at 85 C" in hot
    with pytest.raises(ConstantsError, match="temperature: 200 C"):
        power_of_folder(DEMO, constants=None, temperature_c=200)


def test_other_constants_change_what_they_price(tmp_path: Path) -> None:
    table = tmp_path / "mine.csv"
    cells = ["logic_leakage", "SVT", "nW/GE", "", "", "", "0.01", "0.02", "0.03", "cited", "mine", "a data sheet", ""]
    table.write_text(",".join(COLUMNS) + "\n" + ",".join(cells) + "\n")
    mine, shipped = (total(power_of_folder(DEMO, constants=path)) for path in (table, None))
    assert mine[3] < 0.5 * shipped[3]
    assert (mine[0], mine[6]) == pytest.approx((shipped[0], shipped[6]), rel=0.05)


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
