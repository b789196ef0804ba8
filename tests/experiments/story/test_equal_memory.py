"""Equal memory: counts by hand, energy by the constants' own figures, and the table."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from experiments.command.tables import write_csv
from experiments.story.equal_memory import Cost, equal_memory, lstm_cost
from files.errors import FileError
from power.constants import load_constants


def test_an_lstm_s_counts_by_hand() -> None:
    # 2 x 2 neurons: 3-bit longest index, so sums of 12 + 2 bits; 4 products of gates a frame and kind.
    found = lstm_cost(weights=1024, width=2)
    assert (found.rows_read, found.rows) == (8, 8)
    assert found.additions == ((8, 3072), (14, 1024), (16, 28), (8, 56), (16, 4))


def test_energy_is_counts_times_constants() -> None:
    table = load_constants(threshold="HVT")
    reads, adders = Cost(rows_read=100, additions=((10, 1000.0),), rows=2048).energy_nj()
    # 128 kB: 100 rows of 512 bits, and 10,000 full adders, in fJ; the median of draws is near the typical value.
    assert reads.typical == pytest.approx(100 * 512 * table["sram_read_128KB"].bounds.typical * 1e-6, rel=0.25)
    assert reads.low < reads.typical < reads.high
    assert adders.typical == pytest.approx(10_000 * table["adder_energy_per_bit"].bounds.typical * 1e-6, rel=0.25)
    twice = Cost(rows_read=200, additions=((10, 2000.0),), rows=2048).energy_nj()
    assert [part.typical for part in twice] == pytest.approx([2 * reads.typical, 2 * adders.typical])


def test_the_table(copied, tmp_path: Path) -> None:
    results = copied("power/techniques/techniques.csv")
    rows = [
        {"stage": stage, "what": stage, "test_per": rate, "weights": weights, "megabytes": 0.1, "seeds": "1",
         "dense_mmac_per_second": 43.4, "mmac_per_second": work, "widths": widths}
        for stage, rate, weights, work, widths in (
            ("fc-40", 0.55, 201728, 8.1, "[128, 128]"), ("lstm-integer", 0.53, 193952, 19.4, "[116, 116]"))
    ]  # fmt: skip
    table = results / "recognition" / "curves" / "table.csv"
    table.parent.mkdir(parents=True)
    write_csv(table, rows)
    text = equal_memory(results, tmp_path / "out")
    with (tmp_path / "out" / "equal_memory.csv").open(newline="") as file:
        spiking, lstm = csv.DictReader(file)
    assert float(lstm["rows_read"]) == pytest.approx(193952 / 128, abs=0.1)
    assert float(lstm["energy_nj_median"]) > float(spiking["energy_nj_median"])
    assert text.count("nJ a frame") == 2
    write_csv(table, rows[:1])
    with pytest.raises(FileError, match="no row whose stage is 'lstm-integer'"):
        equal_memory(results, tmp_path / "other")
