"""A command as a process: run to its end or killed with its whole group, and what it leaves behind looked for."""

from __future__ import annotations

import atexit
import os
import resource
import secrets
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.survive.setting import ROOT, Setting

# Names the processes of one command to whoever looks for them.
MARK = "RSNN_SURVIVE_MARK"
_GRACE_S = 5.0
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
            os.killpg(self.process.pid, signal.SIGKILL)
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
