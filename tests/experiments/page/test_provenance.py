"""Every file of the results is traced to a command, by the README and the manifests."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

import pytest

from experiments.page.provenance import MOST_CHARACTERS, Record, commands_of, records
from files.errors import FileError

RESULTS = Path(__file__).parents[3] / "results"
README = """# Results
| folder | command | holds |
|---|---|---|
| `demo/` | `make demo`, which is `rsnn run --out results/demo` (it sets `X`) | [report](r.md), `tables` |
| `power/` | `rsnn power results/demo` | power |
| | `rsnn power-curve`, `rsnn inference` | curves |
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "README.md").write_text(README)
    return tmp_path


def test_the_table_is_read_row_by_row(folder):
    assert records(folder) == [
        Record("demo", ("make demo", "rsnn run --out results/demo"), "report, tables"),
        Record("power", ("rsnn power results/demo",), "power"),
        Record("power", ("rsnn power-curve", "rsnn inference"), "curves"),
    ]
    assert records(folder / "nowhere") == []


def test_a_line_without_end_is_passed_over(folder):
    (folder / "README.md").write_text(README + "| `x/` | `rsnn x` | " + "[" * MOST_CHARACTERS + " |\n")
    assert {record.folder for record in records(folder)} == {"demo", "power"}


def test_a_file_s_name_or_the_manifest_tells_which_command(folder):
    known = records(folder)

    def of(path: str) -> tuple[str, ...]:
        return commands_of(folder, PurePosixPath(path), known)

    assert of("power/power_curve.png") == ("rsnn power-curve",)
    assert of("power/tornado.png") == ("rsnn power results/demo", "rsnn power-curve", "rsnn inference")
    (folder / "power").mkdir()
    (folder / "power/manifest.json").write_text(json.dumps({"files": {"tornado.png": {"by": "rsnn power"}}}))
    # A word, not the beginning of one: power-curve is another command.
    assert of("power/tornado.png") == ("rsnn power results/demo",)
    assert of("power/below/tornado.png") == ("rsnn power results/demo", "rsnn power-curve", "rsnn inference")
    assert of("elsewhere/a.csv") == ()


def test_a_manifest_that_is_none_is_refused(folder):
    (folder / "demo").mkdir()
    (folder / "demo/manifest.json").write_text("[]")
    with pytest.raises(FileError, match="expected the field files"):
        commands_of(folder, PurePosixPath("demo/a.csv"), records(folder))


def test_every_plot_and_table_of_the_results_has_a_command():
    known = records(RESULTS)
    paths = [path.relative_to(RESULTS) for kind in ("*.csv", "*.png") for path in sorted(RESULTS.rglob(kind))]
    assert len(paths) > 50
    assert not [path for path in paths if not commands_of(RESULTS, PurePosixPath(path.as_posix()), known)]
