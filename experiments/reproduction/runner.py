"""Jobs one after the other and side by side, in the order of what they read, with doit."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from doit.cmd_base import ModuleTaskLoader
from doit.doit_cmd import DoitMain
from doit.reporter import ZeroReporter

from experiments.reproduction.job import Job, dependencies
from files.errors import FileError
from files.folder import NOTE
from files.writing import make_folder

__all__ = ["run_jobs"]

_LAST_LINES = 20


def run_jobs(jobs: Sequence[Job], *, work: Path, side_by_side: int, again: bool, said: TextIO) -> list[str]:
    """Make what is stale; return the names of results that failed, or whose input did.

    Each command runs in a process of its own. What one made is kept as soon as it ends, so that a run that is killed
    goes on with the next.

    Parameters
    ----------
    jobs : sequence of Job
    work : Path
        Gets the databases and what each command printed, ``NAME.log``.
    side_by_side : int
        Commands that run at a time.
    again : bool
        Make all, stale or not.
    said : TextIO
        Gets a line a result.
    """
    make_folder(work)
    progress = _Progress(jobs, said)
    failed: list[str] = []
    before: dict[str, list[str]] = {job.result.name: dependencies(job, list(jobs)) for job in jobs}

    def make(job: Job) -> bool:
        name = job.result.name
        broken = [other for other in before[name] if other in failed]
        # What it reads has been made by now: whether it is stale is asked here and not at the beginning.
        why = "asked for" if again else job.stale()
        if not broken and not why:
            progress.fresh(job)
            return True
        log, shared = work / f"{name}.log", side_by_side > 1
        error = f"{broken[0]} failed" if broken else _run(job, log, progress, why, shared=shared)
        if error:
            failed.append(name)
            progress.failed(job, error)
        return True

    def tasks() -> Any:
        for job in jobs:
            name = job.result.name
            action: tuple[Callable[..., bool], list[Any]] = (make, [job])
            yield {"name": name, "actions": [action], "task_dep": [f"result:{other}" for other in before[name]]}

    options = ["run", "--db-file", ":memory:", "--backend", "sqlite3", "--continue", "--process", str(side_by_side)]
    loader = ModuleTaskLoader({"task_result": tasks, "DOIT_CONFIG": {"reporter": ZeroReporter, "verbosity": 0}})
    status = DoitMain(loader).run([*options, "--parallel-type", "thread"])
    if status:
        raise RuntimeError(f"doit ended with status {status}")
    return failed


def _run(job: Job, log: Path, progress: _Progress, why: str, *, shared: bool) -> str:
    """Run a job's command; return what went wrong, or nothing.

    `shared` says that others run beside it: threads that wait must sleep then. Two trainings that spin for each other's
    cores took six times as long.
    """
    progress.begin(job, why)
    started = time.monotonic()
    waiting = {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"} if shared else {}
    environment: Mapping[str, str] = os.environ | waiting | ({NOTE: job.note} if job.note else {})
    command = [sys.executable, "-m", "experiments.command.cli", *job.words]
    with log.open("wb") as file:
        status = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, env=environment, check=False
        ).returncode
    seconds = time.monotonic() - started
    if status:
        lines = log.read_text(errors="replace").replace("\r", "\n").splitlines()[-_LAST_LINES:]
        return "\n    ".join([f"status {status}, {' '.join(('rsnn', *job.words))}", *lines])
    try:
        job.done(seconds)
    except FileError as error:
        return str(error)
    progress.made(job, seconds)
    return ""


class _Progress:
    """Lines about results, with an estimate of what is left."""

    def __init__(self, jobs: Sequence[Job], said: TextIO) -> None:
        self._left = {job.result.name: job.seconds for job in jobs}
        self._all, self._said, self._lock = len(jobs), said, threading.Lock()

    def begin(self, job: Job, why: str) -> None:
        self._say(f"  {job.result.name}: {why}; about {duration(job.seconds)}")

    def fresh(self, job: Job) -> None:
        self._end(job, "as it was made of what is there now")

    def made(self, job: Job, seconds: float) -> None:
        self._end(job, f"made in {duration(seconds)}" + (f" ({job.note})" if job.note else ""))

    def failed(self, job: Job, error: str) -> None:
        self._end(job, f"FAILED: {error}")

    def _end(self, job: Job, what: str) -> None:
        del self._left[job.result.name]
        left = sum(self._left.values())
        ahead = f"; about {duration(left)} of work left" if self._left else ""
        self._say(f"[{self._all - len(self._left)}/{self._all}] {job.result.name}: {what}{ahead}")

    def _say(self, line: str) -> None:
        with self._lock:
            print(line, file=self._said, flush=True)


def duration(seconds: float) -> str:
    """Return seconds in words.

    Examples
    --------
    >>> duration(42.0), duration(600.0), duration(30000.0)
    ('42 s', '10 min', '8.3 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


