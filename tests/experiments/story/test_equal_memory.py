"""Equal memory: counts by hand, energy by the constants' own figures, and the table, trained and not yet."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from experiments.command.tables import write_csv
from experiments.story.equal_memory import LSTM, NOT_TRAINED, SPIKING, Cost, Lstm, equal_memory, lstm_cost
from files.errors import FileError
from power.constants import load_constants
from training.stages.stage import RECIPES, load_recipe

READ = ("recognition/table.csv", "power/techniques/techniques.csv", "power/breakdown.csv")
CURVES = "recognition/curves/table.csv"


def test_an_lstm_s_counts_by_hand() -> None:
    # 2 neurons in each of 2 layers, 3 inputs, 5 outputs: 8 x (3 + 2) + 8 x (2 + 2) + 10 weights, 16 biases.
    lstm = Lstm(width=2, inputs=3, outputs=5)
    assert lstm.weights == 82
    found = lstm_cost(lstm)
    assert found.rows_read == (82 * 4 + 16 * 16) / 512
    assert found.rows == 2
    # Sums of 5 products of 12 bits: 15 bits. Gates: 4 cells of 1 product with a cell, 2 of 8 bits, and a sum.
    assert found.additions == ((8, 246), (15, 98), (16, 28), (8, 56), (16, 4))


def test_the_shape_is_the_recipe_s_and_fits_0_1_mb() -> None:
    stage = load_recipe(RECIPES / "curves.toml").stages[LSTM]
    assert (stage.width, stage.targets, stage.quantised) == (Lstm().width, "states", True)
    assert 0.095e6 < Lstm().weights / 2 <= 0.1e6
    # The next multiple of 4 would not fit.
    assert Lstm(width=Lstm().width + 4).weights / 2 > 0.1e6


def test_energy_is_counts_times_constants() -> None:
    table = load_constants(threshold="HVT")
    found = Cost(rows_read=100, additions=((10, 1000.0),), rows=2048).energy_nj()
    reads, adders = found["reads"], found["additions"]
    # 128 kB: 100 rows of 512 bits, and 10,000 full adders, in fJ; the median of draws is near the typical value.
    assert reads.typical == pytest.approx(100 * 512 * table["sram_read_128KB"].bounds.typical * 1e-6, rel=0.25)
    assert reads.low < reads.typical < reads.high
    assert adders.typical == pytest.approx(10_000 * table["adder_energy_per_bit"].bounds.typical * 1e-6, rel=0.25)
    twice = Cost(rows_read=200, additions=((10, 2000.0),), rows=2048).energy_nj()
    assert [twice[part].typical for part in ("reads", "additions")] == pytest.approx(
        [2 * reads.typical, 2 * adders.typical]
    )
    # 128 kB leak for 10 ms, whatever is read: nW are 1e-2 nJ a frame.
    leaked = 128 * table["sram_leakage"].bounds.typical * 1e-2
    assert found["memory_leakage"].typical == twice["memory_leakage"].typical == pytest.approx(leaked, rel=0.4)


def read(path: Path) -> dict[str, dict[str, str]]:
    with (path / "equal_memory.csv").open(newline="") as file:
        return {row["stage"]: row for row in csv.DictReader(file)}


def test_what_is_not_trained_yet_says_so(copied, tmp_path: Path) -> None:
    text = equal_memory(copied(*READ), tmp_path / "out")
    rows = read(tmp_path / "out")
    assert list(rows) == [SPIKING, LSTM, "lstm", "gru"]
    assert (rows[LSTM]["status"], rows[LSTM]["test_per"], rows[LSTM]["seeds"]) == (NOT_TRAINED, "", "")
    assert NOT_TRAINED in text
    assert rows["lstm"]["energy_nj_median"] == ""
    for name in (SPIKING, LSTM):
        parts = [float(rows[name][f"{part}_nj_median"])
                 for part in ("reads", "additions", "memory_leakage", "logic_leakage")]  # fmt: skip
        assert sum(parts) == pytest.approx(float(rows[name]["energy_nj_median"]), abs=0.03)
        assert sum(parts[:2]) == pytest.approx(float(rows[name]["active_nj_median"]), abs=0.03)
        assert float(rows[name]["energy_nj_p5"]) < sum(parts) < float(rows[name]["energy_nj_p95"])
    assert float(rows[LSTM]["active_nj_median"]) > float(rows[SPIKING]["active_nj_median"])
    assert rows[LSTM]["logic"].startswith("assumed")
    assert rows[LSTM]["counts"].startswith("derived")


def test_a_trained_one_has_its_rate(copied, tmp_path: Path) -> None:
    results = copied(*READ)
    row = {"stage": LSTM, "what": "integers", "test_per": 0.53, "weights": 193952, "megabytes": 0.096976, "seeds": "1",
           "dense_mmac_per_second": 19.3952, "mmac_per_second": 19.3952, "widths": "[116, 116]"}  # fmt: skip
    (results / CURVES).parent.mkdir(parents=True)
    write_csv(results / CURVES, [row])
    text = equal_memory(results, tmp_path / "out")
    found = read(tmp_path / "out")[LSTM]
    assert (found["status"], found["test_per"], found["mmac_per_second"]) == ("trained", "0.53", "19.4")
    assert NOT_TRAINED not in text
    write_csv(results / CURVES, [row | {"weights": 1000}])
    with pytest.raises(FileError, match="lstm-integer has '1000' weights, expected 193,952"):
        equal_memory(results, tmp_path / "other")
    write_csv(results / CURVES, [row | {"weights": 13632, "widths": "[24, 24]"}])
    equal_memory(results, tmp_path / "small")
    assert float(read(tmp_path / "small")[LSTM]["rows_read"]) == pytest.approx((13632 * 4 + 192 * 16) / 512, abs=0.06)
    write_csv(results / CURVES, [row | {"stage": "fc-40"}])
    with pytest.raises(FileError, match="no row whose stage is 'lstm-integer'"):
        equal_memory(results, tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_a_breakdown_without_logic_is_refused(copied, tmp_path: Path) -> None:
    results = copied(*READ)
    path = results / "power/breakdown.csv"
    path.write_text(path.read_text().replace("logic leakage", "logic"))
    with pytest.raises(FileError, match=r"breakdown.csv: no row whose class is HVT and component logic leakage"):
        equal_memory(results, tmp_path / "out")
