"""Scratch folders: gone afterwards, gone after a kill, and those of living processes left alone."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from files.errors import WriteError
from rtl import scratch
from rtl.scratch import Scratch, scratch_folder

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(scratch, "_cleaned", set())
    return tmp_path


def test_it_goes_when_the_block_ends(temporary):
    def fail() -> None:
        with scratch_folder("test") as folder:
            (folder / "inside").mkdir()
            assert folder.stat().st_mode & 0o077 == 0
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(temporary.iterdir()) == []


def test_what_a_killed_process_left_goes_with_the_next(temporary):
    code = "import os, signal; from rtl.scratch import Scratch; Scratch('killed'); os.kill(os.getpid(), signal.SIGKILL)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=os.environ | {"TMPDIR": str(temporary)}, check=False)
    assert [path.name.startswith("rsnn-killed-") for path in temporary.iterdir()] == [True]
    for name in ("rsnn-notes", ".somebody.part", "rsnn-file.part"):
        (temporary / name).write_text("")
    living = Scratch("living")
    assert {path.name for path in temporary.iterdir()} == {
        "rsnn-notes", ".somebody.part", "rsnn-file.part", living.path.name,
    }  # fmt: skip
    scratch._cleaned.clear()
    other = Scratch("other")
    assert living.path.is_dir()
    living.close()
    other.close()
    other.close()


def test_no_folder_to_write(monkeypatch, temporary):
    monkeypatch.setattr(tempfile, "tempdir", str(temporary / "gone"))
    with pytest.raises(WriteError, match=r"gone/rsnn-test-.*: cannot be written \(No such file"):
        Scratch("test")
