"""Published designs: each with its source, the same task apart, powers that scale by published factors."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from experiments.story.peers import TABLE, compare
from files.errors import FileError

RESULTS = Path(__file__).parents[3] / "results"
BREAKDOWN = "power/breakdown.csv"


def rows() -> list[dict[str, str]]:
    with (RESULTS / "story/peers/peers.csv").open() as file:
        return list(csv.DictReader(file))


def test_the_committed_files_are_what_it_writes(tmp_path: Path) -> None:
    compare(RESULTS, tmp_path)
    assert (tmp_path / "peers.csv").read_bytes() == (RESULTS / "story/peers/peers.csv").read_bytes()


def test_one_of_the_same_task_needs_less_than_the_paper() -> None:
    by_work = {row["work"]: row for row in rows()}
    micro = next(row for work, row in by_work.items() if "microASR" in work)
    paper = next(row for row in rows() if row["kind"] == "stated")
    assert float(micro["power_high_uw"]) == 32
    assert float(paper["power_high_uw"]) == 71.2
    assert micro["task"] == paper["task"]


def test_every_published_design_has_its_source_and_says_whether_it_was_seen() -> None:
    with TABLE.open() as file:
        table = list(csv.DictReader(file))
    assert len(table) >= 30
    assert all(row["url"] and row["verified"] for row in table)


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"breakdown\.csv"):
        compare(tmp_path, tmp_path / "out")


def test_scaling_is_the_ratio_of_the_polynomials(rows_of):
    (one,) = [row for row in rows_of("story/peers/peers.csv") if row["work"] == "Wang 2021 SNN"]

    def factor(a2: float, a1: float, a0: float) -> float:
        return a2 * 0.52**2 + a1 * 0.52 + a0

    # Energy at 65, 32 (HP) and 20 nm (HP) of power/tables/scaling.csv; 28 nm linear between the latter two, the most.
    old, above, below = factor(3.755, -4.398, 1.975), factor(0.8367, -0.4341, 0.1701), factor(0.373, -0.1582, 0.04104)
    linear = (above + (below - above) * (32 - 28) / (32 - 20)) / old
    low, high = (float(one[f"power_28nm_{end}_uw"]) for end in ("low", "high"))
    assert low / 0.075 <= linear * 1.001
    assert high / 0.3 >= linear * 0.999
    assert low < high < float(one["power_high_uw"])


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("task", "speech", "line 2: task is 'speech', expected one of TIMIT"),
        ("url", "", "line 2: url is empty"),
        ("verified", "", "line 2: verified is empty"),
        ("power_low_uw", "", "expected 0 < low <= high"),
        ("power_low_uw", "72", "expected 0 < low <= high"),
        ("node_nm", "small", "line 2: node_nm is 'small'"),
    ],
)
def test_a_design_without_a_source_or_number_is_refused(copied, tmp_path, column, cell, message):
    with TABLE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    rows[0][column] = cell
    table = tmp_path / "mine.csv"
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    with pytest.raises(FileError, match=message):
        compare(copied(BREAKDOWN), tmp_path / "out", table)
    assert not (tmp_path / "out").exists()
