"""The experiment on a tiny network: rows, refusals, what is beside them, and that a wrong count ends it."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cosim.scoreboard import PredictionError
from experiments import techniques as declaration
from experiments.ablation import counts as technique_counts
from experiments.ablation import techniques
from experiments.ablation.configurations import Configuration, one_at_a_time
from experiments.ablation.rows import COLUMNS
from experiments.chain.sweep import Workers
from experiments.command.cli import main
from golden.checkpoint import Checkpoint, random_checkpoint
from golden.specification import Specification

ROOT = Path(__file__).parents[3]
RECOGNITION = ROOT / "results" / "recognition" / "table.csv"
SPEC = Specification(
    inputs=6, input_bits=5, layers=(20, 12), outputs=70, lanes=16, thresholds=(60, 40), membrane_bits=(12, 11)
)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RSNN_CACHE", str(tmp_path / "cache"))


def settings(**changes: Any) -> techniques.Settings:
    rng = np.random.default_rng(4)
    given: dict[str, Any] = {
        "corpus": "random codes",
        "utterances": {"a": rng.integers(-16, 16, (5, 6)), "b": rng.integers(-4, 4, (3, 6))},
        "engines": [],
        "frames": 2,
        "library": None,
        "every": 2,
        "recognition": RECOGNITION,
    }
    return techniques.Settings(**given | changes)


def rows_of(path: Path) -> dict[str, dict[str, str]]:
    return {row["configuration"]: row for row in csv.DictReader(io.StringIO(path.read_text()))}


def test_every_configuration_has_a_row_that_its_counts_explain(tmp_path: Path):
    network = random_checkpoint(SPEC, seed=3)
    text = techniques.write_tables(network, settings(), {"numpy": "1"}, tmp_path)
    single, series = (rows_of(tmp_path / f"{name}.csv") for name in techniques.TABLES)
    for name, rows in zip(techniques.TABLES, (single, series), strict=True):
        names = [configuration.name for configuration in techniques.TABLES[name]()]
        assert list(rows)[: len(names)] == names
        assert all(tuple(row) == COLUMNS for row in rows.values())
        assert all(f"| {row} " in text for row in names)
    shipped = single["shipped design"]
    measured = [row for row in (*single.values(), *series.values()) if row["status"] == "measured"]
    assert len(measured) > 15
    for row in measured:
        assert row["frames"] == "8"
        # In the budget a frame takes 10 ms: 1 uW is 10 nJ.
        assert row["frames_over_budget"] == "0"
        for name in ("HVT", "SVT", "LVT"):
            assert float(row[f"{name}_nj"]) == pytest.approx(10 * float(row[f"{name}_uw_median"]), abs=0.2)
        assert 0 < float(row["dynamic_nj"]) < float(row["HVT_nj"]) < float(row["SVT_nj"]) < float(row["LVT_nj"])
        assert (row["rtl_utterances"], row["rtl_frames"]) == ("1", "5")
    # The series ends at the shipped design; both tables are one measurement of it.
    same = {name: shipped[name] for name in COLUMNS if name not in ("configuration", "paper", *TRAINED)}
    last = series["+ parallel time steps = shipped"]
    assert {name: last[name] for name in same} == same
    by_hand = {
        "no zero-skipping": (("row_reads", "cycles_mean"), ("additions", "memory_bits")),
        "no merged spike": (("row_reads", "cycles_mean"), ("memory_bits",)),
        "serial time steps": (("row_reads", "cycles_mean"), ("additions", "memory_bits")),
        "no gating of zero weights": (("additions",), ("row_reads", "cycles_mean", "memory_bits")),
        "no structured pruning": (("row_reads", "cycles_mean", "memory_bits"), ()),
        "one PE set": (("row_reads", "cycles_mean"), ("memory_bits",)),
        "8-bit weights": (("memory_bits", "register_toggles"), ()),
    }
    for name, (more, equal) in by_hand.items():
        assert all(float(single[name][column]) > float(shipped[column]) for column in more), name
        assert all(single[name][column] == shipped[column] for column in equal), name
    assert float(single["8-bit weights"]["memory_bits"]) == 2 * float(shipped["memory_bits"])
    about = json.loads((tmp_path / "techniques.json").read_text())
    assert about["utterances"] == ["a", "b"]
    assert about["networks"]["techniques"]["shipped design"] == about["checkpoint_digest"]
    assert (tmp_path / "techniques.png").read_bytes().startswith(b"\x89PNG")


TRAINED = ("trained_cycles_mean", "trained_cycles_from")


@pytest.mark.slow
def test_two_workers_write_the_same_bytes(tmp_path: Path):
    for name, workers in (("one", None), ("two", Workers(2))):
        (tmp_path / name).mkdir()
        techniques.write_tables(random_checkpoint(SPEC, seed=3), settings(), {}, tmp_path / name, workers=workers)
    for one in sorted((tmp_path / "one").glob("*.*")):
        if one.suffix != ".png":
            assert one.read_bytes() == (tmp_path / "two" / one.name).read_bytes(), one.name


def test_phone_error_rates_are_those_of_the_rows_that_are_named(tmp_path: Path):
    techniques.write_tables(random_checkpoint(SPEC, seed=3), settings(), {}, tmp_path)
    rates = {row["stage"]: row for row in csv.DictReader(io.StringIO(RECOGNITION.read_text()))}
    single, series = (rows_of(tmp_path / f"{name}.csv") for name in techniques.TABLES)
    assert single["one time step"]["test_per_from"] == "recognition/table.csv, integer-t1"
    assert float(single["one time step"]["test_per"]) == pytest.approx(float(rates["integer-t1"]["test_per"]), abs=1e-4)
    assert series["dense, 16 bits"]["test_per_from"].endswith("float-256, trained in 32-bit floating point")
    for row in (*single.values(), *series.values()):
        assert bool(row["test_per"]) == bool(row["test_per_from"])
        # A network that is not trained has no rate, but for that of the trained one that is named.
        if row["configuration"].endswith("bit weights") and row["configuration"] != "+ 4-bit weights":
            assert not row["test_per"]


def test_what_is_refused_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(given: Checkpoint) -> Checkpoint:
        given.specification.replace(lanes=7)
        raise AssertionError("16 logits of seven lanes")

    def configurations() -> Iterator[Configuration]:
        yield Configuration("shipped design", lambda given: given)
        yield Configuration("odd lanes", refuse, paper="stated: odd")

    monkeypatch.setattr(techniques, "TABLES", {"techniques": configurations})
    text = techniques.write_tables(random_checkpoint(SPEC, seed=3), settings(), {}, tmp_path)
    row = rows_of(tmp_path / "techniques.csv")["odd lanes"]
    assert {name: value for name, value in row.items() if value} == {
        "configuration": "odd lanes",
        "status": "refused: specification: logits_per_cycle is 16, expected a divisor of lanes (7)",
        "paper": "stated: odd",
    }
    assert "| odd lanes (refused: specification: logits_per_cycle is 16, expected a divisor of lanes (7)) |" in text


def test_a_wrong_count_ends_the_experiment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    right = technique_counts._run

    def wrong(checkpoint: Checkpoint, name: str, *given: Any) -> dict[str, Any]:
        found = right(checkpoint, name, *given)
        if name == "b" and not checkpoint.specification.merged_spike:
            found["counted"]["reads of each bank"][1] -= 1
        return found

    monkeypatch.setattr(technique_counts, "_run", wrong)
    with pytest.raises(PredictionError, match="b: golden counts other reads of each bank than golden: expected"):
        techniques.write_tables(random_checkpoint(SPEC, seed=3), settings(every=1), {}, tmp_path)
    assert not list(tmp_path.glob("techniques*.csv"))


@pytest.mark.slow
def test_the_command_on_speech(
    speechocean762: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    if shutil.which("iverilog") is None:
        pytest.skip("Icarus Verilog is not installed")
    monkeypatch.setattr(techniques, "TABLES", {"techniques": lambda: [next(one_at_a_time())]})
    monkeypatch.chdir(ROOT)
    out = tmp_path / "out"
    arguments = ["techniques", "--data", str(speechocean762.parent), "--utterances", "2", "--no-gates"]
    arguments += ["--engines", "icarus", "--out", str(out)]
    assert main(arguments) == 0
    assert (out / "techniques.md").read_text() in capsys.readouterr().out
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert main(arguments) == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    row = rows_of(out / "techniques.csv")["shipped design"]
    assert row["engines_equal"] == "icarus: 2 frames"
    assert (row["rtl_engine"], row["rtl_utterances"]) == ("golden", "2")
    # Bit planes visit an input as often as one of two planes has a one, whole codes once.
    whole = rows_of(out / "techniques.csv")["whole codes, a multiplier in each PE"]
    assert float(row["cycles_mean"]) - 160 < float(whole["cycles_mean"]) < float(row["cycles_mean"])
    reads, cycles = (float(row[name]) - float(whole[name]) for name in ("row_reads", "cycles_mean"))
    # A plane pair without a one takes a cycle and reads nothing.
    assert 0 < reads <= cycles + 0.2 < reads + 4.2


def test_the_help_has_an_example_and_the_engines_there_are(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        main(["techniques", "--help"])
    assert ended.value.code == 0
    assert "example: rsnn techniques --data" in capsys.readouterr().out
    assert declaration.ENGINES == techniques.ENGINES
