"""Error rates by step: three seeds and their mean."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from experiments.story.error_rates import error_rates
from files.errors import FileError

RESULTS = Path(__file__).parents[3] / "results"
KINDS = {"stated", "secondary", "reconstructed", "ours"}


def test_the_committed_files_are_what_it_writes(tmp_path: Path) -> None:
    error_rates(RESULTS, tmp_path)
    committed = RESULTS / "story" / "error_rates"
    for path in [*committed.glob("*.csv")]:
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name
    for path in [*committed.glob("*.png"), *committed.glob("*.svg")]:
        assert (tmp_path / path.name).stat().st_size > 5000


def test_every_row_says_its_kind() -> None:
    with (RESULTS / "story/error_rates/error_rates.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["kind"] for row in rows} <= KINDS
    assert "ours" in {row["kind"] for row in rows}


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"recognition/table\.csv"):
        error_rates(tmp_path, tmp_path / "out")


def test_a_number_that_is_none_is_named(tmp_path: Path) -> None:
    shutil.copytree(RESULTS / "recognition", tmp_path / "recognition")
    path = tmp_path / "recognition" / "table.csv"
    path.write_text(path.read_text().replace("0.5483760683760684", "many"))
    with pytest.raises(FileError, match="many"):
        error_rates(tmp_path, tmp_path / "out")


def test_means_and_spread_are_those_of_the_errors_counted(rows_of):
    rows = rows_of("story/error_rates/error_rates.csv")
    counted: dict[str, list[float]] = {}
    for row in rows_of("recognition/rows.csv"):
        errors = sum(int(row[f"test_{kind}"]) for kind in ("substitutions", "deletions", "insertions"))
        counted.setdefault(row["stage"], []).append(errors / int(row["test_reference"]))
    means = [row for row in rows if row["seed"] == "mean"]
    assert len(means) == 5
    for row in means:
        rates = counted[row["source"].split(", ")[1]]
        assert float(row["test_per"]) == pytest.approx(sum(rates) / 3, abs=1e-5)
        assert float(row["test_per_low"]) == pytest.approx(min(rates), abs=1e-5)
        assert float(row["test_per_high"]) == pytest.approx(max(rates), abs=1e-5)
    (apart,) = [row for row in rows if row["kind"] != "ours"]
    said = {name: apart[name] for name in ("kind", "speech", "test_per", "step")}
    assert said == {"kind": "secondary", "speech": "TIMIT", "test_per": "0.226", "step": "not said"}


def test_a_spike_rate_is_the_mean_over_layers_and_steps(rows_of):
    rows = rows_of("story/error_rates/spike_rates.csv")
    (one,) = [row for row in rows if (row["stage"], row["seed"]) == ("float-256-states", "1")]
    assert float(one["spike_rate"]) == pytest.approx((0.1168 + 0.1279 + 0.1735 + 0.1767) / 4, abs=1e-5)
    assert {row["kind"] for row in rows} == {"ours"}
    assert not {"lstm", "gru"} & {row["stage"] for row in rows}


@pytest.mark.parametrize("cell", ["[[0.1168, 1.5]]", "[]", "[[]]", "[0.1]", '[["a"]]'])
def test_spike_rates_that_are_none_are_refused(copied, tmp_path, cell):
    results = copied("recognition/table.csv", "recognition/rows.csv")
    path = results / "recognition/rows.csv"
    text = path.read_text()
    old = "[[0.1168, 0.1279], [0.1735, 0.1767]]"
    assert old in text
    path.write_text(text.replace(old, cell.replace('"', '""')))
    with pytest.raises(FileError, match="expected shares of 1"):
        error_rates(results, tmp_path / "out")
