"""Accuracy over folds, and recognition's table of a task of classes, from sounds to files."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from experiments.command import cli
from experiments.learning.class_rates import classes_as_markdown, is_of_classes, summarise_classes
from tests.training.stages.tones import RECIPE, write_tones


def run_of(fold: int, wrong: int, utterances: int, **more: object) -> dict[str, object]:
    row: dict[str, object] = {
        "stage": "integer", "seed": 1, "fold": fold, "what": "a|b", "network": "spiking", "megabytes": 0.004,
        "test_wrong": wrong, "test_utterances": utterances, "test_class_error": wrong / utterances,
        "dense_mmac_per_second": 3.0, "mmac_per_second": 1.0 + fold, "cycles_mean": 200.0 + fold, "cycles_99th": 300,
        "cycles_most": 400 + fold, "overruns": fold, "spike_rates": json.dumps([[0.1, 0.3], [0.2, 0.2 * fold]]),
    }  # fmt: skip
    return row | more


def test_every_utterance_counts_the_same_and_the_range_is_that_of_folds() -> None:
    (entry,) = summarise_classes([run_of(0, 10, 100), run_of(1, 0, 50), run_of(2, 30, 50)])
    assert entry["test_accuracy"] == pytest.approx(1 - 40 / 200)
    assert (entry["test_least"], entry["test_most"]) == (pytest.approx(0.4), 1.0)
    assert (entry["folds"], entry["seeds"], entry["test_utterances"]) == (3, 1, 200)
    assert (entry["cycles_most"], entry["overruns"], entry["mmac_per_second"]) == (402, 3, 2.0)
    assert entry["spike_rates"] == "0.20 / 0.20"
    # Without a development set there is nothing to say of it.
    assert (entry["dev_accuracy"], entry["dev_utterances"]) == ("", 0)
    line = classes_as_markdown([entry]).splitlines()[2]
    assert r"`integer` a\|b" in line
    assert "**80.0** (40.0-100.0)" in line


def test_a_development_set_is_counted_apart() -> None:
    (entry,) = summarise_classes([run_of(0, 10, 100, dev_wrong=5, dev_utterances=20)])
    assert entry["dev_accuracy"] == 0.75
    assert "| 75.0 |" in classes_as_markdown([entry])


def test_phones_are_told_from_classes() -> None:
    assert is_of_classes([run_of(0, 1, 2)])
    assert not is_of_classes([{"stage": "a", "test_per": 0.5}])


@pytest.mark.slow
def test_recognition_reports_accuracy_by_folds_of_speakers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tones, recipe, out = write_tones(tmp_path / "tones"), tmp_path / "tones.toml", tmp_path / "out"
    recipe.write_text(RECIPE.format(layers=1, recurrent="true"))
    words = ["recognition", "--corpus", "fsdd", "--recipe", recipe, "--data", tones, "--work", tmp_path / "work"]
    assert cli.main([str(word) for word in (*words, "--out", out, "--stages", "integer", "--workers", 1)]) == 0
    with (out / "rows.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["fold"] for row in rows] == list("0123")
    with (out / "table.csv").open(newline="") as file:
        (entry,) = csv.DictReader(file)
    wrong = sum(int(row["test_wrong"]) for row in rows)
    assert float(entry["test_accuracy"]) == pytest.approx(1 - wrong / 40)
    # Tones of one pitch a class are easy; a table of chance would be 0.1.
    assert float(entry["test_accuracy"]) > 0.3
    assert float(entry["test_least"]) == pytest.approx(min(1 - int(row["test_wrong"]) / 10 for row in rows))
    assert "accuracy % test" in capsys.readouterr().out
    assert (out / "rates.png").stat().st_size > 1000
