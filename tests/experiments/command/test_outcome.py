"""Exit statuses: what was refused, what differs, what is a fault of the program, and interruptions at any moment."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from experiments.command.outcome import outcome
from files.errors import FileError, WriteError
from golden.errors import CheckpointError

ROOT = Path(__file__).parents[3]


def status_of(error: BaseException) -> int:
    def work() -> int:
        raise error

    return outcome(work)


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (CheckpointError("a.npz: bad"), 2, "rsnn: a.npz: bad\n"),
        (FileError("a.npz: bad"), 2, "rsnn: a.npz: bad\n"),
        (WriteError("out", OSError(28, "No space left")), 2, "rsnn: out: cannot be written (No space left)\n"),
        (OSError(errno.ENOSPC, "No space left on device", "/tmp/x"), 2, "rsnn: /tmp/x: No space left on device\n"),
        (OSError("without a number"), 2, "rsnn: without a number\n"),
        (ModuleNotFoundError("no torch", name="torch"), 2,
         "rsnn: no torch: pip install -e '.[train]' (make test installs it too)\n"),
        (ModuleNotFoundError("no pyslang", name="pyslang"), 2,
         "rsnn: no pyslang: pip install -e '.[hdl]' (make test installs it too)\n"),
        (MemoryError(), 2, "rsnn: not enough memory\n"),
        (KeyboardInterrupt(), 130, "rsnn: interrupted\n"),
    ],
)  # fmt: skip
def test_each_ending_has_its_status_and_a_line(
    error: BaseException, status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status_of(error) == status
    assert capsys.readouterr().err == said


@pytest.mark.parametrize("error", [KeyError("x"), RecursionError(), OverflowError("x"), AssertionError("x")])
def test_a_fault_of_the_program_is_no_difference(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(error) == 3
    said = capsys.readouterr().err
    assert type(error).__name__ in said
    assert said.splitlines()[-1].startswith("rsnn: this is a fault of the program")


def test_a_reader_that_goes_away(tmp_path: Path) -> None:
    command = f"{sys.executable} -m experiments.command.cli --help | true"
    piped = ["bash", "-c", f"{command}; exit ${{PIPESTATUS[0]}}"]
    run = subprocess.run(piped, cwd=ROOT, capture_output=True, text=True)
    assert (run.returncode, run.stderr) in ((0, ""), (2, ""))


@pytest.mark.slow
@pytest.mark.parametrize("moment", [0.25, 0.5, 1.0, 1.6])
def test_ctrl_c_while_modules_are_loaded(tmp_path: Path, moment: float) -> None:
    # The interpreter's own start cannot be covered: from the first of our lines on.
    code = "import sys; print('begun', flush=True); from experiments.command.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "run", "--out", str(tmp_path / "out")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "begun\n"
        time.sleep(moment)
        run.send_signal(signal.SIGINT)
        _, said = run.communicate()
    assert run.returncode == 130
    assert said.splitlines()[-1] == "rsnn: interrupted"
    assert "Traceback" not in said
    assert not list(tmp_path.glob("**/*.part"))


@pytest.mark.parametrize(
    "changed",
    [
        {"MPLBACKEND": "module://matplotlib_inline.backend_inline"},
        {"MPLBACKEND": "none such"},
        {"HOME": None},
        {"HOME": "/proc/none"},
        {"HOME": "/proc/none", "XDG_CACHE_HOME": "/proc/none", "XDG_CONFIG_HOME": "/proc/none"},
        {"NUMBA_CACHE_DIR": "/proc/none"},
        {"LANG": "C", "LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
    ],
    ids=str,
)
@pytest.mark.slow
def test_the_environment_does_not_break_a_command(tmp_path: Path, changed: dict[str, str | None]) -> None:
    environment = os.environ | {name: value for name, value in changed.items() if value is not None}
    for name in (name for name, value in changed.items() if value is None):
        environment.pop(name, None)
    command = [sys.executable, "-m", "experiments.command.cli", "run", "--frames", "1", "--out", str(tmp_path / "out")]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "0 mismatches" in run.stdout
    assert "Traceback" not in run.stderr


@pytest.mark.slow
def test_an_installation_that_cannot_be_written(tmp_path: Path) -> None:
    there = tmp_path / "installed"
    there.mkdir()
    mounted = os.geteuid() == 0 and subprocess.run(["mount", "--bind", str(ROOT), str(there)]).returncode == 0
    environment = os.environ | {"PYTHONPATH": str(there), "HOME": "/proc/none"}
    if mounted:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(there)], check=True)
    else:
        # Where nothing may be mounted: numba is told of a folder that it cannot make.
        there, environment = ROOT, environment | {"NUMBA_CACHE_DIR": "/proc/none", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        program = [sys.executable, "-m", "experiments.command.cli"]
        command = [*program, "run", "--frames", "1", "--out", str(tmp_path / "out")]
        run = subprocess.run(command, cwd=there, env=environment, capture_output=True, text=True)
    finally:
        if mounted:
            subprocess.run(["umount", str(there)], check=True)
    assert run.returncode == 0, run.stderr
    assert "0 mismatches" in run.stdout
