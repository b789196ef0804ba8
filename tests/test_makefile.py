"""The Makefile's variables that are names of files reach the command as they are, and run nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NAMES = (
    "speech.wav", "two words.wav", "it's.wav", '"quoted".wav', "$(shell touch X)", "$$(touch X)", "`touch X`",
    "a; touch X", "a && touch X", "$HOME", "${HOME}", "-x.wav", "#x.wav", "a\\b.wav", "*", "~", "a'; touch X; '",
    "$(call quoted,DATA)", "a|touch X", "%.wav", "a:b=c,d.wav",
)  # fmt: skip


@pytest.fixture
def make(tmp_path):
    """Return a function that makes a target in a folder of its own and returns the words that ``rsnn`` was given."""
    if os.environ.get("CI") != "true" and shutil.which("make") is None:
        pytest.skip("make is not installed")
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("setup.cfg", "pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_text("")
    commands = tmp_path / ".venv" / "bin"
    commands.mkdir(parents=True)
    for name, text in (
        ("rsnn", "#!/bin/sh\nprintf '%s\\0' \"$@\" > words.$1\n"), ("python", "#!/bin/sh\n"), ("pip", "#!/bin/sh\n"),
    ):  # fmt: skip
        (commands / name).write_text(text)
        (commands / name).chmod(0o755)
    (tmp_path / ".venv" / ".installed-core").write_text("")

    def run(target: str, *words: str, **environment: str) -> list[str]:
        unset = ("RSNN_DATA", "DATA", "SPEECH", "MAKEFLAGS")
        own = {key: value for key, value in os.environ.items() if key not in unset}
        command = ["make", "--no-print-directory", "-o", "tools", target, *words]
        done = subprocess.run(
            command, cwd=tmp_path, env=own | environment, capture_output=True, text=True, errors="surrogateescape",
            check=False,
        )  # fmt: skip
        assert not (tmp_path / "X").exists()
        if done.returncode:
            return [done.stderr]
        command_name = {"train": "train", "verilog": "engines"}[target]
        return os.fsdecode((tmp_path / f"words.{command_name}").read_bytes()).split("\0")[1:-1]

    return run


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_one_word(make, name):
    assert make("train", f"DATA={name}") == [f"--data={name}", "--work", "work", "--out", "work/mine.npz"]
    assert make("train", DATA=name)[0] == make("train", RSNN_DATA=name)[0] == f"--data={name}"
    assert make("verilog", f"SPEECH={name}") == make("verilog", SPEECH=name) == ["--out", "results/verilog", "--", name]


def test_without_a_name_there_is_no_word(make):
    assert make("train") == ["--work", "work", "--out", "work/mine.npz"]
    assert make("verilog") == ["--out", "results/verilog"]


def test_a_name_of_two_lines_is_refused(make):
    for target, name in (("train", "DATA"), ("verilog", "SPEECH")):
        (said,) = make(target, f"{name}=a'\ntouch X\n'")
        assert f"{name} has two lines, expected the name of a file" in said
