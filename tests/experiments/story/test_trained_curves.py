"""Trained curves: each stage on its curve, the common point on all, and tables that are none."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from experiments.command.tables import write_csv
from experiments.story.trained_curves import CURVES, trained_curves
from files.errors import FileError
from training.stages.stage import RECIPES, load_recipe


def table(folder: Path, **changes: str) -> Path:
    """Write a table of the curves' stages, with rates that tell them apart."""
    stages = {
        "structured": ("32", 2, 0.5), "fc-0": ("4", 2, 0.51), "fc-40": ("4", 2, 0.52), "bits-2": ("2", 2, 0.6),
        "bits-8": ("8", 2, 0.515), "width-64": ("4", 2, 0.58), "steps-1": ("4", 1, 0.55), "spikes-0_0": ("32", 2, 0.49),
        "spikes-0_3": ("32", 2, 0.5), "spikes-1_0": ("32", 2, 0.61),
    }  # fmt: skip
    rows = [
        {
            "stage": stage, "what": stage, "seeds": "1", "test_per": rate, "test_per_low": rate - 0.01,
            "test_per_high": rate + 0.01, "spike_rates": "0.10 / 0.30", "megabytes": 0.1, "cycles_mean": 570.0,
            "weight_bits": bits, "widths": "[64, 64]" if stage == "width-64" else "[128, 128]", "time_steps": steps,
        }
        | (changes if stage == "fc-40" else {})
        for stage, (bits, steps, rate) in stages.items()
    ]  # fmt: skip
    path = folder / "recognition" / "curves" / "table.csv"
    path.parent.mkdir(parents=True)
    return write_csv(path, rows)


def test_each_stage_lies_on_its_curve(tmp_path: Path) -> None:
    table(tmp_path / "results")
    text = trained_curves(tmp_path / "results", tmp_path / "out")
    with (tmp_path / "out" / "trained_curves.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    found = {curve: [(float(row["value"]), float(row["test_per"])) for row in rows if row["curve"] == curve]
             for curve in CURVES}  # fmt: skip
    assert found == {
        "FC pruned (%)": [(0, 0.51), (40, 0.52)],
        "bits of a weight": [(2, 0.6), (4, 0.52), (8, 0.515)],
        "neurons a layer": [(64, 0.58), (128, 0.52)],
        "time steps a frame": [(1, 0.55), (2, 0.52)],
        "spike penalty": [(0, 0.49), (0.3, 0.5), (1, 0.61)],
    }
    assert {row["spike_rate"] for row in rows} == {"0.2"}
    assert text.count("\n") == len(rows)
    assert (tmp_path / "out" / "trained_curves.svg").stat().st_size > 5000


def test_without_the_table_each_curve_is_not_trained_yet(tmp_path: Path) -> None:
    text = trained_curves(tmp_path / "results", tmp_path / "out")
    with (tmp_path / "out" / "trained_curves.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["curve"], row["status"], row["test_per"]) for row in rows] == [
        (curve, "not trained yet", "") for curve in CURVES
    ]
    assert text.count("not trained yet") == len(CURVES)
    assert (tmp_path / "out" / "trained_curves.svg").stat().st_size > 5000
    # The columns are those of a trained one.
    table(tmp_path / "results")
    trained_curves(tmp_path / "results", tmp_path / "trained")
    with (tmp_path / "trained" / "trained_curves.csv").open(newline="") as file:
        trained = list(csv.DictReader(file))
    assert list(trained[0]) == list(rows[0])
    assert {row["status"] for row in trained} == {"trained"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"spike_rates": "all"}, "spike_rates of fc-40 are 'all', expected shares of 1"),
        ({"widths": "wide"}, r"widths of fc-40 are 'wide', expected a list as \[128, 128\]"),
        ({"test_per": "-1"}, "test_per is '-1', expected a number"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, changes: dict[str, str], said: str) -> None:
    table(tmp_path / "results", **changes)
    with pytest.raises(FileError, match=f"table.csv: {said}"):
        trained_curves(tmp_path / "results", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_table_of_another_recipe_is_refused(tmp_path: Path) -> None:
    path = table(tmp_path / "results")
    path.write_text(path.read_text().replace("steps-1", "slow"))
    path.write_text("\n".join(line for line in path.read_text().split("\n") if not line.startswith("fc-40")))
    with pytest.raises(FileError, match=r"table.csv: no stage steps-..., expected those of training/recipes/curves"):
        trained_curves(tmp_path / "results", tmp_path / "out")


@pytest.mark.parametrize("recipe", ["curves", "small_curves"])
def test_recipes_have_points_on_each_curve(recipe: str) -> None:
    stages = load_recipe(RECIPES / f"{recipe}.toml").stages
    for prefix in CURVES.values():
        assert any(stage.startswith(f"{prefix}-") for stage in stages)
    assert stages["fc-40"].fc_pruned == 0.4
