"""The blocks of the diagram add up to the accelerator of the tables."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from experiments.page.blocks import AREAS, BOX, HEIGHT, PLACES, WIDTH, arrows, blocks_of, drawing_height
from files.errors import FileError

RESULTS = Path(__file__).parents[3] / "results"


def test_areas_add_up_to_the_total_of_the_table(power):
    blocks = blocks_of(power, RESULTS)
    with (RESULTS / AREAS).open() as file:
        total = next(row for row in csv.DictReader(file) if row["block"] == "total")
    areas = [block.area_mm2 for block in blocks if block.area_mm2]
    assert len(areas) == len(PLACES)
    assert sum(area.typical for area in areas) == pytest.approx(float(total["mm2_28nm_typical"]), rel=2e-3)
    assert sum(block.share for block in blocks) == pytest.approx(1)


def test_power_and_gates_are_those_of_the_readme(power):
    readme = (RESULTS.parent / "docs/figures.md").read_text()
    for block in blocks_of(power, RESULTS):
        own = block.power["HVT"]
        assert f"{own.typical:.2f} ({own.low:.2f}-{own.high:.2f})" in readme
        assert block.gates is not None
        assert f"| {block.gates:,.0f} |" in readme


def test_every_block_that_takes_power_is_drawn(power):
    assert set(power["HVT"].by_block()) == set(PLACES)


def test_without_results_shares_are_of_the_power(power):
    blocks = blocks_of(power, None)
    assert all(block.area_mm2 is None and block.gates is None for block in blocks)
    total = sum(block.power["HVT"].typical for block in blocks)
    assert [block.share for block in blocks] == pytest.approx([b.power["HVT"].typical / total for b in blocks])


def test_boxes_lie_in_the_drawing_and_apart(power):
    blocks = blocks_of(power, None)
    for block in blocks:
        assert block.x >= 0
        assert block.x + BOX <= WIDTH
        assert block.y + HEIGHT <= drawing_height()
    places = [(block.x, block.y) for block in blocks]
    assert all(
        abs(x - u) >= BOX or abs(y - v) >= HEIGHT
        for at, (x, y) in enumerate(places)
        for u, v in places[:at]
    )
    assert len(arrows()) == 8


def test_a_table_that_is_none_is_refused_by_name(power, tmp_path):
    (tmp_path / AREAS).parent.mkdir(parents=True)
    row = "controller,much,1,1\n"
    (tmp_path / AREAS).write_text("block,mm2_28nm_low,mm2_28nm_typical,mm2_28nm_high\n" + row)
    with pytest.raises(FileError, match=r"area\.csv: column mm2_28nm_low: 'much', expected a number"):
        blocks_of(power, tmp_path)
