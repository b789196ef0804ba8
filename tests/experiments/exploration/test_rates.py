"""Rates are those of rows of the shape, and of no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.command.tables import read_rows, write_csv
from experiments.exploration.grid import Point
from experiments.exploration.rates import NAMES, rate_of, trained_rates
from files.errors import FileError

RESULTS = Path(__file__).parents[3] / "results"
ROW = {"stage": "a", "network": "spiking", "widths": "[128, 128]", "time_steps": 2, "weight_bits": 4, "outputs": 1920,
       "dev_per": 0.5, "test_per": 0.6}  # fmt: skip


def written(folder: Path, name: str, *changes: dict[str, object]) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    write_csv(folder / name, [ROW | change for change in changes])


def test_the_committed_rates_are_of_the_two_integer_networks() -> None:
    rates = trained_rates(RESULTS, layers=2, outputs=1920)
    table = {row["stage"]: row for row in read_rows(RESULTS / NAMES[0])}
    for steps, stage in ((2, "integer-t2"), (1, "integer-t1")):
        found = rate_of(Point(32, 1, steps, 4, 128), rates)
        assert found == (float(table[stage]["test_per"]), f"{NAMES[0]}, {stage}")
    curves = {row["stage"]: float(row["test_per"]) for row in read_rows(RESULTS / NAMES[1])}
    for point, stage in ((Point(32, 1, 2, 8, 128), "bits-8"), (Point(32, 1, 2, 4, 256), "width-256")):
        assert rate_of(point, rates) == (curves[stage], f"{NAMES[1]}, {stage}")
    # Nobody trained eight bits in one time step; what is 32 bits wide is no network of the accelerator's.
    assert rate_of(Point(32, 1, 1, 8, 128), rates) is None


def test_other_networks_give_no_rate(tmp_path: Path) -> None:
    written(
        tmp_path, NAMES[0],
        {"network": "lstm"}, {"outputs": 120}, {"widths": "[128]"}, {"widths": "[128, 64]"}, {"test_per": ""},
    )  # fmt: skip
    assert trained_rates(tmp_path, layers=2, outputs=1920) == {}


def test_of_several_the_development_set_chooses_and_the_first_table_goes_first(tmp_path: Path) -> None:
    written(tmp_path, NAMES[0], {"dev_per": 0.5, "test_per": 0.55}, {"stage": "b", "dev_per": 0.4, "test_per": 0.61})
    written(tmp_path, NAMES[1], {"dev_per": 0.1}, {"stage": "c", "weight_bits": 8, "test_per": 0.52})
    assert trained_rates(tmp_path, layers=2, outputs=1920) == {
        (128, 2, 4): (0.61, f"{NAMES[0]}, b"),
        (128, 2, 8): (0.52, f"{NAMES[1]}, c"),
    }


@pytest.mark.parametrize(
    ("change", "said"),
    [({"widths": "[a]"}, "widths is"), ({"dev_per": "x"}, "dev_per is"), ({"outputs": -1}, "outputs is")],
)
def test_a_damaged_cell_is_named(tmp_path: Path, change: dict[str, object], said: str) -> None:
    written(tmp_path, NAMES[0], change)
    with pytest.raises(FileError, match=f"table.csv: {said}"):
        trained_rates(tmp_path, layers=2, outputs=1920)


def test_without_the_first_table_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="table"):
        trained_rates(tmp_path, layers=2, outputs=1920)
