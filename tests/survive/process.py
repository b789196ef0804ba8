"""A command as a process: run to its end or killed with its whole group, and what it leaves behind looked for."""

from __future__ import annotations

import atexit
import importlib
import os
import resource
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from experiments.command import cli
from tests.survive.setting import ROOT, Setting

# Names the processes of one command to whoever looks for them.
MARK = "RSNN_SURVIVE_MARK"
_GRACE_S = 5.0
# Words of a command line that start the interpreter: python -m experiments.command.cli.
_BEFORE_ARGUMENTS = 3
_started: set[subprocess.Popen[bytes]] = set()


@atexit.register
def _end_all() -> None:
    """End what was started, in case that this process ends before it."""
    for process in _started:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Parameters
    ----------
    status : int
        Exit status; below 0 the signal that ended it.
    seconds : float
    output, said : str
        Standard output and standard error.
    left : tuple of str
        Command lines of processes that lived on.
    """

    status: int
    seconds: float
    output: str
    said: str
    left: tuple[str, ...]


class Running:
    """A command that was started, in a group of its own."""

    def __init__(self, setting: Setting, arguments: tuple[str, ...], *, most_file: int | None = None) -> None:
        self.mark = secrets.token_hex(16)
        self._output, self._said = (setting.home / f"said-{self.mark}-{which}" for which in ("out", "err"))
        self.begun = time.monotonic()
        limit: Callable[[], None] | None = None
        if most_file is not None:
            limits = (most_file, most_file)

            def limit() -> None:
                resource.setrlimit(resource.RLIMIT_FSIZE, limits)

        with self._output.open("wb") as output, self._said.open("wb") as said:
            self.process = subprocess.Popen(
                setting.words(arguments), cwd=ROOT, env=setting.environment(**{MARK: self.mark}),
                    stdin=subprocess.DEVNULL,
                stdout=output, stderr=said, start_new_session=True, preexec_fn=limit,
            )  # fmt: skip

        _started.add(self.process)

    def kill_after(self, seconds: float) -> Ended:
        """Kill the whole group at a moment after its start, or let it end before."""
        try:
            self.process.wait(timeout=max(0.0, self.begun + seconds - time.monotonic()))
        except subprocess.TimeoutExpired:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                # A fork that has not begun, and so has no group of its own yet.
                os.kill(self.process.pid, signal.SIGKILL)
        return self.end()

    def end(self) -> Ended:
        """Wait for its end."""
        status = self.process.wait()
        _started.discard(self.process)
        seconds = time.monotonic() - self.begun
        left = _left(self.mark)
        texts = [path.read_text(errors="backslashreplace") for path in (self._output, self._said)]
        for path in (self._output, self._said):
            path.unlink()
        return Ended(status, seconds, texts[0], texts[1], left)


class Forked(Running):
    """A command in a fork of this process, whose modules are loaded (`warm`): what is killed is its work."""

    def __init__(self, setting: Setting, arguments: tuple[str, ...]) -> None:
        warm()
        self.mark = secrets.token_hex(16)
        self._output, self._said = (setting.home / f"said-{self.mark}-{which}" for which in ("out", "err"))
        self.begun = time.monotonic()
        words = setting.words(arguments)[_BEFORE_ARGUMENTS:]
        environment = setting.environment(**{MARK: self.mark})
        for path in (self._output, self._said):
            path.touch()
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            self._become(words, environment)
        self.process = _Child(pid)  # type: ignore[assignment]

    def _become(self, words: list[str], environment: dict[str, str]) -> None:
        status = 3
        try:
            os.setsid()
            for path, handle in ((self._output, 1), (self._said, 2)):
                os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), handle)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.chdir(ROOT)
            os.environ.clear()
            os.environ.update(environment)
            tempfile.tempdir = None
            # The streams of a test are not those of a process.
            sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
            try:
                status = cli.main(words)
            except SystemExit as left:
                status = int(left.code or 0)
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(status)


class _Child:
    """A fork, with what `Running` asks of a process."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._status: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; of a signal the number below 0."""
        until = None if timeout is None else time.monotonic() + timeout
        while self._status is None:
            done, status = os.waitpid(self.pid, 0 if until is None else os.WNOHANG)
            if done:
                self._status = os.waitstatus_to_exitcode(status)
            elif until is not None and time.monotonic() >= until:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
            else:
                time.sleep(0.002)
        return self._status


@cache
def warm() -> None:
    """Load what commands load, and compile what they compile."""
    for name in (
        "main_job.run", "chain.cycles", "hardware.engines", "hardware.export", "hardware.faults", "energy.power_table",
        "hardware.prove", "hardware.synth", "chain.utterances",
    ):  # fmt: skip
        importlib.import_module(f"experiments.{name}")
    with suppress(ModuleNotFoundError):
        importlib.import_module("experiments.learning.recognition")
    spoken = importlib.import_module("experiments.chain.spoken")
    checkpoint = importlib.import_module("golden.checkpoint").load_checkpoint()
    heard = spoken.recognise(checkpoint, spoken.CLIP)
    importlib.import_module("golden.trace").CycleModel(checkpoint).frame(heard.codes[0])


def _left(mark: str) -> tuple[str, ...]:
    """Return, and end, the processes of a command that are still there after a while."""
    until = time.monotonic() + _GRACE_S
    while (found := _marked(mark)) and time.monotonic() < until:
        time.sleep(0.05)
    for pid in found:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    while _marked(mark):
        time.sleep(0.01)
    return tuple(found.values())


def _marked(mark: str) -> dict[int, str]:
    """Return processes with a mark in their environment, by number, with their command lines."""
    wanted = f"{MARK}={mark}".encode()
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if (
                wanted in (entry / "environ").read_bytes()
                and (entry / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
            ):
                found[int(entry.name)] = (
                    (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")[:120]
                )
        except OSError:
            continue
    return found
