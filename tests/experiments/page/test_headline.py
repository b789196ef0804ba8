"""The headline says what the README's table says, and what the files say that it names."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from experiments.page.headline import CYCLES, EFFICIENCY, RECOGNITION, figures
from files.errors import FileError

RESULTS = Path(__file__).parents[3] / "results"


def test_figures_are_those_beside_the_paper_in_the_readme(power):
    rows, absent = figures(RESULTS, power, "demo/activity.csv")
    assert not absent
    readme = (RESULTS.parent / "README.md").read_text()
    beside = next(line for line in readme.splitlines() if line.startswith("| power at 100 kHz"))
    assert isinstance(rows[0].ours, dict)
    assert rows[0].paper in beside
    for name, report in power.items():
        assert rows[0].ours[name].startswith(f"{report.total.typical:.2f} (")
        assert f"{name} {report.total.typical:.1f} ({report.total.low:.1f}-{report.total.high:.1f})" in beside
    ours = {row.what: row.ours for row in rows}
    for words in ("579", "671", "762", "256,505"):
        assert words in ours["cycles a frame"]
        assert words in readme
    assert ours["work after zero-skipping, MMAC/s"] == "8.09"
    assert any("54.8 % in the mean of 3 seeds (54.3 to 55.1)" in said for said in ours.values())
    assert all((RESULTS / row.source).is_file() for row in rows)


def test_what_is_absent_is_left_out_and_named(power, tmp_path):
    rows, absent = figures(tmp_path, power, "x")
    assert len(rows) == 1
    assert absent == [path.as_posix() for path in (EFFICIENCY, CYCLES, RECOGNITION)]


@pytest.mark.parametrize("value", ["579", None, True, [1]])
def test_a_summary_without_numbers_is_refused(power, tmp_path, value):
    said = json.loads((RESULTS / CYCLES).read_text()) | {"cycles_mean": value}
    (tmp_path / CYCLES).parent.mkdir()
    (tmp_path / CYCLES).write_text(json.dumps(said))
    with pytest.raises(FileError, match=r"cycles_mean is .*, expected a number"):
        figures(tmp_path, power, "x")


def test_a_table_of_other_stages_says_nothing_of_ours(power, tmp_path):
    (tmp_path / RECOGNITION).parent.mkdir()
    shutil.copy(RESULTS / "recognition/timit_sample/table.csv", tmp_path / RECOGNITION)
    text = (tmp_path / RECOGNITION).read_text().replace("integer-t2", "other")
    (tmp_path / RECOGNITION).write_text(text)
    rows, _ = figures(tmp_path, power, "x")
    assert len(rows) == 1
