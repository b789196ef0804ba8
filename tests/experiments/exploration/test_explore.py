"""The experiment on the shipped clip: the same bytes at every run and with workers, one of which is killed."""

from __future__ import annotations

import csv
import json
import os
import signal
import sys
from functools import partial
from pathlib import Path

import pytest

from experiments import design_space as declaration
from experiments.chain.spoken import CLIP
from experiments.command.cli import main
from experiments.exploration import explore as module
from experiments.exploration.designs import Explored, Settings, explore_design
from experiments.exploration.grid import Grid, Point

ROOT = Path(__file__).parents[3]
WORDS = [
    "design-space", str(CLIP), "--lanes", "24", "32", "--pe-sets", "2", "--time-steps", "1", "2", "--weight-bits", "4",
    "--widths", "16", "32", "--voltages", "0.9", "0.5", "--traced", "2", "--results", str(ROOT / "results"),
]  # fmt: skip
TABLES = ("designs", "design_space", "pareto", "area_fit", "area_points")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RSNN_CACHE", str(tmp_path / "cache"))


def made(out: Path, *more: str) -> dict[str, bytes]:
    assert main([*WORDS, "--out", str(out), *more]) == 0
    return {path.name: path.read_bytes() for path in out.iterdir()}


def test_a_run_has_every_file_and_a_second_the_same_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = made(tmp_path / "one")
    text = capsys.readouterr().out
    assert set(first) == {*declaration.EXPERIMENT.results[0].outputs, "manifest.json"}
    assert first["design_space.md"].decode() in text
    assert made(tmp_path / "one") == first
    tables = {name: list(csv.DictReader(first[f"{name}.csv"].decode().splitlines())) for name in TABLES}
    assert [row["status"].split(":")[0] for row in tables["designs"]] == ["refused"] * 4 + ["measured"] * 4
    measured = [row for row in tables["designs"] if row["status"] == "measured"]
    assert {row["frames"] for row in measured} == {"347"}
    # Two voltages, three classes, two clocks where it keeps up.
    each = {True: 12, False: 6}
    assert len(tables["design_space"]) == sum(each[row["real_time"] == "at 100 kHz"] for row in measured)
    assert not any(row["test_per"] for row in measured)
    totals = [row for row in tables["area_points"] if row["block"] == "total"]
    assert len(totals) >= 6
    for row in totals:
        error = 100 * (float(row["left_out_nand2"]) / float(row["synthesised_nand2"]) - 1)
        assert float(row["left_out_error_percent"]) == pytest.approx(error, abs=0.01)
    assert tables["pareto"][-1]["kind"] == "stated"
    assert json.loads(first["design_space.json"])["speech"] == "the shipped clip"


def die_once(point: Point, *, settings: Settings, folder: Path) -> Explored:
    """Kill the worker the first time that a design of one time step comes."""
    mark = folder / "died"
    if point.time_steps == 1 and not mark.exists():
        mark.write_text("")
        os.kill(os.getpid(), signal.SIGKILL)
    return explore_design(point, settings)


@pytest.mark.slow
def test_with_workers_one_of_which_is_killed_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Its own function travels by value, as a script's.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), *sys.path]))
    monkeypatch.setattr(die_once, "__module__", "__main__")
    expected = made(tmp_path / "one")
    for folder in ("workers", "killed"):
        # Nothing that was kept hides what a worker computes.
        monkeypatch.setenv("RSNN_CACHE", str(tmp_path / f"cache of {folder}"))
        if folder == "killed":
            monkeypatch.setattr(module, "explore_design", partial(die_once, folder=tmp_path))
        assert made(tmp_path / folder, "--workers", "2") == expected
    assert (tmp_path / "died").exists()


def test_the_declaration_says_what_the_grid_is() -> None:
    grid = Grid()
    own = (grid.lanes, grid.pe_sets, grid.time_steps, grid.weight_bits, grid.widths)
    assert tuple(values for values, _ in declaration.AXES.values()) == own
    assert declaration.VOLTAGES == module.VOLTAGES


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--voltages", "1.0"], "expected volts in 0.5..0.9"),
        (["--lanes", "0"], "expected a whole number"),
        (["--path", "1:2"], "expected NS:NODE:V"),
    ],
)
def test_options_out_of_range_are_refused(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*WORDS, *words, "--out", str(tmp_path / "out")])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
