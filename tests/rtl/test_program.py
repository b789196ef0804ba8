"""Programs that work for us: what they see, how their ends are said, and that nothing of them is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rtl import program
from rtl.build_cache import EngineError
from rtl.program import environment_key, run_program, tool_environment

ROOT = Path(__file__).parents[2]


def test_what_a_program_prints():
    assert run_program(["sh", "-c", "echo out; echo err >&2"]) == "out\n"
    assert run_program(["sh", "-c", "echo out; echo err >&2"], merged=True) == "out\nerr\n"
    assert run_program(["cat"]) == ""


def test_a_program_sees_a_stated_environment(monkeypatch):
    for name in ("LD_PRELOAD", "CPATH", "MAKEFLAGS", "VERILATOR_ROOT", "IVERILOG_DUMPER", "YOWASP_MOUNT", "LANG"):
        monkeypatch.setenv(name, "/nowhere")
    lines = run_program(["env"]).splitlines()
    seen = {line.partition("=")[0] for line in lines}
    assert seen <= {*program.PASSED, "LC_ALL", "PWD", "_", "SHLVL", "OLDPWD"}
    assert {"PATH", "LC_ALL"} <= seen
    assert tool_environment(PATH="/x")["PATH"] == "/x"


def test_what_of_it_may_matter_is_named(monkeypatch):
    before = environment_key()
    monkeypatch.setenv("LD_LIBRARY_PATH", "/elsewhere")
    assert environment_key() != before


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo no >&2; exit 3", r"sh failed:\nno$"),
        ("exit 3", r"sh failed:\nit printed nothing"),
        ("kill -KILL $$", r"sh was ended by SIGKILL \(out of memory, or stopped from outside\)"),
        ("kill -SEGV $$", r"sh was ended by SIGSEGV"),
        ("printf '\\377\\n' >&2; exit 1", "sh failed:\n\ufffd"),
    ],
)
def test_how_it_ended_is_said(script, said):
    with pytest.raises(EngineError, match=said):
        run_program(["sh", "-c", script])


def test_a_program_that_is_gone():
    with pytest.raises(EngineError, match="no-such-tool failed: it is not installed any more"):
        run_program(["no-such-tool"])
    with pytest.raises(EngineError, match="sh: cannot be started"):
        run_program(["sh"], Path("/no/such/folder"))


def living(mark: str) -> list[str]:
    """Return the processes with a word in their command line, zombies not counted."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if mark.encode() in (entry / "cmdline").read_bytes():
                    found.append(entry.name)
            except OSError:
                pass
    return found


def gone(mark: str) -> bool:
    """Return whether no such process is left; the system may take a moment to end them."""
    for _ in range(600):
        if not living(mark):
            return True
        time.sleep(0.05)
    return False


def test_nothing_is_left_of_a_program_that_takes_too_long(tmp_path):
    with pytest.raises(TimeoutError, match=r"stopped after 0\.2 s"):
        run_program(["sh", "-c", f"sleep 1000 & sleep 1000; : {tmp_path}"], timeout_s=0.2)
    assert gone(str(tmp_path))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_when_this_process_is_ended(tmp_path, number):
    # A child of the tool, too, which ends with nobody else.
    tool = ["sh", "-c", f"touch {tmp_path}/up; sh -c 'sleep 1000; : {tmp_path}' & sleep 1000; : {tmp_path}"]
    code = f"from rtl.program import run_program; run_program({tool!r})"
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        while not (tmp_path / "up").exists():
            time.sleep(0.02)
        os.kill(process.pid, number)
        process.wait(timeout=60)
    assert gone(str(tmp_path))
