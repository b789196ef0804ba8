"""Power and area by block: the committed tables, and sums."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from experiments.story.blocks import power_and_area
from files.errors import FileError

RESULTS = Path(__file__).parents[3] / "results"
FILES = ("power/breakdown.csv", "power/gates/nangate45/area.csv", "power/gates/asap7/area.csv")


def test_the_committed_files_are_what_it_writes(tmp_path: Path) -> None:
    power_and_area(RESULTS, tmp_path)
    for name in ("power.csv", "area.csv"):
        assert (tmp_path / name).read_bytes() == (RESULTS / "story/blocks" / name).read_bytes(), name


def test_every_row_says_its_kind() -> None:
    for name in ("power.csv", "area.csv"):
        with (RESULTS / "story/blocks" / name).open() as file:
            assert {row["kind"] for row in csv.DictReader(file)} <= {"stated", "reconstructed", "ours"}


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"\.csv"):
        power_and_area(tmp_path, tmp_path / "out")


def test_a_block_is_the_sum_of_its_components(rows_of):
    rows = rows_of("story/blocks/power.csv")
    (buffer,) = [row for row in rows if (row["class"], row["block"]) == ("HVT", "weight_buffer")]
    assert float(buffer["active_uw"]) == pytest.approx(0.0371113 + 5.50892, abs=1e-6)
    assert float(buffer["leakage_uw"]) == pytest.approx(17.6219, abs=1e-6)
    (paper,) = [row for row in rows if row["kind"] != "ours"]
    assert (paper["kind"], paper["median_uw"], paper["class"]) == ("stated", "71.2", "not stated")


def test_areas_of_the_blocks_make_the_total(rows_of):
    rows = rows_of("story/blocks/area.csv")
    for library in ("nangate45", "asap7"):
        own = {row["block"]: float(row["mm2_28nm_typical"]) for row in rows if row["library"] == library}
        total = own.pop("total")
        assert sum(own.values()) == pytest.approx(total, rel=0.01)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        (FILES[0], "SVT,total", "SVT,sum", "0 totals of class 'SVT'"),
        (FILES[0], "17.6219", "inf", "median_uw is 'inf'"),
        (FILES[1], "mm2_28nm_low", "low", "no column mm2_28nm_low"),
    ],
)
def test_damaged_tables_are_refused(copied, tmp_path, name, old, new, message):
    results = copied(*FILES)
    text = (results / name).read_text()
    assert old in text
    (results / name).write_text(text.replace(old, new))
    with pytest.raises(FileError, match=message):
        power_and_area(results, tmp_path / "out")
    assert not (tmp_path / "out").exists()
