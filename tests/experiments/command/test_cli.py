"""The rsnn command: help, exit status, and the main job from sound file to folder."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from cosim.cosimulate import CosimulationError
from cosim.scoreboard import Mismatch
from experiments.command.cli import main
from experiments.main_job import run as main_job
from files.folder import output_folder

COMMANDS = ("run", "cosim", "cycles", "power", "faults", "benchmark")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--help"] if command else ["--help"])
    assert left.value.code == 0
    assert f"example: rsnn {command}" in capsys.readouterr().out


def test_run_writes_its_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--frames", "3", "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    assert "3 of 347 frames in MyHDL" in printed
    assert "0 mismatches" in printed
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {
        "activity.csv", "activity_by_phase.csv", "configuration.json", "frames.csv", "manifest.json", "phones.csv",
        "page.html", "power.csv", "power.png", "power.svg", "raster.png", "raster.svg", "report.txt", "run.json",
        "waveform.gtkw", "waveform.vcd",
    }  # fmt: skip
    assert (tmp_path / "out/report.txt").read_text() in printed
    configuration = json.loads((tmp_path / "out/configuration.json").read_text())
    assert configuration["frames_cosimulated"] == 3
    assert configuration["specification"]["layers"] == [128, 128]
    with (tmp_path / "out/frames.csv").open() as handle:
        frames = list(csv.DictReader(handle))
    assert len(frames) == 347
    # The RTL took the cycles that golden counts, in each frame that it ran.
    assert [row["cycles_myhdl"] for row in frames[:3]] == [row["cycles"] for row in frames[:3]]
    assert frames[3]["cycles_myhdl"] == ""


def test_the_demo_says_which_corpora_it_did_without(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main_job, "run", lambda **_: ("", 1.0))
    monkeypatch.setenv("RSNN_DATA", str(tmp_path))
    (tmp_path / "timit_sample").mkdir()
    assert main(["run"]) == 0
    assert capsys.readouterr().err == (
        "running on the shipped clip; corpora not at hand, nor needed: speechocean762, fsdd\n"
    )
    assert main(["run", "some.wav"]) == 0
    assert capsys.readouterr().err == ""


def test_refused_input_exits_with_2_and_names_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    short = tmp_path / "short.wav"
    soundfile.write(short, np.zeros(100), 16_000)
    for arguments, message in (
        (["run", str(tmp_path / "absent.wav")], "absent.wav: no such sound file"),
        (["run", str(short)], "sound of 100 samples (6.2 ms), expected at least 400"),
        (["run", "--checkpoint", str(tmp_path / "absent.npz")], "absent.npz: no such checkpoint"),
        (["cycles", "--data", str(tmp_path)], "corpus speechocean762 not found"),
    ):
        assert main([*arguments, "--out", str(tmp_path / "out")]) == 2
        assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert main(["run", "--frames", "1", "--out", str(short)]) == 2
    assert capsys.readouterr().err == f"rsnn: {short}: cannot be written (is a file, expected a folder to write)\n"
    with pytest.raises(SystemExit):
        main(["run", "--frames", "0"])
    assert "'0': expected a number of frames from 1, or 'all'" in capsys.readouterr().err


def test_a_mismatch_exits_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with output_folder(tmp_path, by=main_job.COMMAND) as staging:
        (staging / "report.txt").write_text("0 mismatches, said an earlier run")

    def differ(*_: object, mismatch_folder: Path, **__: object) -> None:
        (mismatch_folder / "mismatch.vcd").touch()
        raise CosimulationError(Mismatch("clip", 12, 3417, "L1 recurrent row 57", "pe_array.acc1[88]", -37, -29, "", 0))

    monkeypatch.setattr(main_job, "cosimulate", differ)
    assert main(["run", "--out", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "frame 12, cycle 3,417 (L1 recurrent row 57): pe_array.acc1[88] expected -37 got -29" in said
    assert f"rsnn: waveform of the cycles around it: {tmp_path / 'mismatch.vcd'}" in said
    assert not (tmp_path / "report.txt").exists()


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"]])
def test_help_that_cannot_be_printed_is_said(words):
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "experiments.command.cli", *words]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "rsnn: No space left on device\n")


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [(["--list"], 0, ""), (["no-such-result"], 2, "rsnn: ")],
)
def test_a_closed_output_changes_no_status(words, status, said):
    command = [sys.executable, "-m", "experiments.command.cli", "reproduce", *words]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False, preexec_fn=lambda: os.close(1))
    assert done.returncode == status, done.stderr
    assert done.stderr.startswith(said)
