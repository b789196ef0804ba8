"""The whole flow on tones: trained, quantised, run, co-simulated, exported and priced; twice the same bytes."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from experiments.command import cli
from experiments.command.outcome import EXIT_REFUSED
from rtl.build_cache import VARIABLE
from tests.training.stages.tones import RECIPE, write_tones
from training.stages.train import Epoch


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    tones = write_tones(tmp_path / "tones")
    for name, layers, recurrent in (("wide", 1, "true"), ("ahead", 2, "false")):
        text = "dev_speakers = 0\n" + RECIPE.format(layers=layers, recurrent=recurrent)
        (tmp_path / f"{name}.toml").write_text(text)
    return [
        "digits", "--data", str(tones), "--work", str(tmp_path / "work"), "--no-gates", "--rtl-utterances", "1",
        "--rtl-frames", "2", "--engine", "myhdl", "--folds", "0", "2", "--workers", "1",
        "--recipes", str(tmp_path / "wide.toml"), str(tmp_path / "ahead.toml"),
    ]  # fmt: skip


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_a_row_a_recipe_from_sounds_to_energies(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert cli.main([*words, "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    table, folds = rows(out / "table.csv"), rows(out / "folds.csv")
    assert [row["recipe"] for row in table] == ["wide", "ahead"]
    assert [(row["layers"], row["recurrent"]) for row in table] == [("16", "yes"), ("16 16", "no no")]
    assert [(row["recipe"], row["fold"], row["speaker"]) for row in folds] == [
        ("wide", "0", "a"), ("wide", "2", "c"), ("ahead", "0", "a"), ("ahead", "2", "c"),
    ]  # fmt: skip
    for row in table:
        own = [fold for fold in folds if fold["recipe"] == row["recipe"]]
        right = sum(int(fold["utterances"]) - int(fold["wrong"]) for fold in own)
        assert float(row["accuracy"]) == pytest.approx(right / 20, abs=1e-4)
        assert float(row["accuracy_least"]) == min(float(fold["accuracy"]) for fold in own)
        # Two networks, an utterance of each, two frames of that, and the cycle after each utterance.
        assert (row["rtl_engine"], row["rtl_utterances"], row["rtl_frames"], row["rtl_mismatches"]) == (
            "myhdl", "2", "4", "0",
        )  # fmt: skip
        assert int(row["rtl_cycles"]) > 4 * 16
        assert len(row["verilog_sha256"]) == 64
        assert int(row["verilog_bytes"]) > 10_000
        assert 0 < float(row["dynamic_nj"]) < float(row["HVT_nj"]) < float(row["LVT_nj"])
        # 28 frames an utterance, of which two were run: 0.28 s at the power of these, which has two digits.
        assert float(row["HVT_nj"]) == pytest.approx(280 * float(row["HVT_uw_median"]), abs=280 * 0.006)
        assert float(row["HVT_uw_p5"]) < float(row["HVT_uw_median"]) < float(row["HVT_uw_p95"])
        assert row["gates_nand2"] == ""
    assert "0 mismatches" in printed
    assert json.loads((out / "configuration.json").read_text())["folds"] == [0, 2]
    assert (out / "accuracy.png").is_file()
    assert (out / "accuracy.svg").is_file()

    # Again: nothing is trained or simulated, and every byte is the same.
    def refuse(*given: object, **more: object) -> list[Epoch]:
        raise AssertionError("computed again")

    monkeypatch.setattr("experiments.ablation.counts.cosimulate", refuse)
    monkeypatch.setattr("experiments.variants.costs._exported", refuse)
    monkeypatch.setattr("training.stages.pipeline.Pipeline._train", refuse)
    again = tmp_path / "again"
    assert cli.main([*words, "--out", str(again)]) == 0
    for path in sorted(out.iterdir()):
        assert (again / path.name).read_bytes() == path.read_bytes() or path.name == "manifest.json", path.name


def test_what_is_wrong_is_said_before_the_work(words: list[str], tmp_path: Path) -> None:
    out = ["--out", str(tmp_path / "out")]
    assert cli.main([*words, *out, "--recipes", "digits", "none_such"]) == EXIT_REFUSED
    assert cli.main([*words, *out, "--folds", "4"]) == EXIT_REFUSED
    assert cli.main([*words, *out, "--corpus", "synthetic"]) == EXIT_REFUSED
    assert not (tmp_path / "out" / "table.csv").exists()


def test_the_recipes_of_the_command_are_there() -> None:
    from experiments.digits import ENGINES, RECIPES
    from experiments.variants import costs
    from training.stages.stage import RECIPES as FOLDER
    from training.stages.stage import load_recipe

    assert ENGINES == costs.ENGINES
    shapes = set()
    for name in (*RECIPES, "digits_small"):
        recipe = load_recipe(FOLDER / f"{name}.toml")
        stage = recipe.stages[recipe.shipped]
        assert stage.targets == "classes"
        shapes.add((stage.width, stage.layers, stage.recurrent))
    assert len(shapes) == len(RECIPES) + 1
