"""Compression without retraining, on the clip: the network itself is a row, and rows say their kind."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from experiments.chain.spoken import CLIP
from experiments.command.tables import write_csv
from experiments.story.compression import _on_curves, compress
from features.errors import CorpusError
from files.errors import FileError

RESULTS = Path(__file__).parents[3] / "results"
TABLE = "recognition/table.csv"


@pytest.mark.slow
def test_the_shipped_network_is_among_the_rows(tmp_path: Path) -> None:
    text = compress([CLIP], data=None, checkpoint_path=None, results=RESULTS, out=tmp_path)
    assert text
    with (tmp_path / "compression.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["kind"] for row in rows} == {"ours"}
    # 20.0 %, as the demo has it, of the network as it is.
    assert any(abs(float(row["test_per"]) - 0.2) < 1e-3 for row in rows)
    assert (tmp_path / "compression.svg").stat().st_size > 5000


def test_on_the_clip_and_as_the_report_counts_it(copied, tmp_path):
    results = copied(TABLE)
    compress([CLIP], data=None, checkpoint_path=None, results=results, out=tmp_path / "out")
    with (tmp_path / "out" / "compression.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    clip = [row for row in rows if row["network"].startswith("shipped")]
    rates = {(row["quantity"], float(row["value"])): row for row in clip if "as they are" not in row["note"]}
    # results/demo/report.txt: 6 errors in 30 phones.
    for same in (("weight bits", 4), ("weight bits", 6), ("weight bits", 8), ("FC pruned", 0), ("time steps", 2)):
        errors = [int(rates[same][name]) for name in ("substitutions", "deletions", "insertions", "reference")]
        assert (sum(errors[:3]), errors[3]) == (6, 30), same
    for bits in (6, 8):
        assert "exactly" in rates["weight bits", bits]["note"]
    assert float(rates["FC pruned", 0.8]["test_per"]) > 0.2
    assert {row["speech"] for row in clip} == {"the shipped clip"}
    assert {row["speech"] for row in rows if row not in clip} == {"speechocean762, test"}


def test_the_committed_shipped_rate_is_one_of_the_trained_seeds(rows_of):
    rows = rows_of("story/compression/compression.csv")
    (own,) = [row for row in rows if row["value"] == "4" and row["network"].startswith("shipped")]
    seeds = [float(row["test_per"]) for row in rows_of("recognition/rows.csv") if row["stage"] == "integer-t2"]
    assert min(abs(float(own["test_per"]) - seed) for seed in seeds) < 1e-5


def test_a_table_without_the_stage_or_a_sound_without_phones_is_refused(copied, tmp_path):
    results = copied(TABLE)
    sound = tmp_path / "a.flac"
    sound.write_bytes(CLIP.read_bytes())
    with pytest.raises(CorpusError, match="no phone file"):
        compress([sound], data=None, checkpoint_path=None, results=results, out=tmp_path / "out")
    (results / TABLE).write_text((results / TABLE).read_text().replace("integer-t1", "other"))
    with pytest.raises(FileError, match="no row whose stage is 'integer-t1'"):
        compress([CLIP], data=None, checkpoint_path=None, results=results, out=tmp_path / "out")


def test_points_of_the_curves_join_where_they_are_there(tmp_path: Path) -> None:
    assert list(_on_curves(tmp_path)) == []
    stages = (("fc-0", "4", 2), ("fc-80", "4", 2), ("fc-40", "4", 2), ("bits-3", "3", 2), ("steps-1", "4", 1),
              ("width-64", "4", 2), ("spikes-0_1", "32", 2))  # fmt: skip
    rows = [
        {"stage": stage, "what": stage, "seeds": "1", "test_per": 0.5 + at / 100, "test_per_low": 0.5,
         "test_per_high": 0.6, "spike_rates": "0.10 / 0.30", "megabytes": 0.1, "cycles_mean": 570.0,
         "weight_bits": bits, "widths": "[128, 128]", "time_steps": steps}
        for at, (stage, bits, steps) in enumerate(stages)
    ]  # fmt: skip
    (tmp_path / "recognition" / "curves").mkdir(parents=True)
    write_csv(tmp_path / "recognition" / "curves" / "table.csv", rows)
    found = [(row["quantity"], row["value"], row["test_per"]) for row in _on_curves(tmp_path)]
    assert found == [
        ("FC pruned", 0.0, 0.5), ("FC pruned", 0.4, 0.52), ("FC pruned", 0.8, 0.51),
        ("weight bits", 3, 0.53), ("weight bits", 4, 0.52), ("time steps", 1, 0.54), ("time steps", 2, 0.52),
    ]  # fmt: skip
