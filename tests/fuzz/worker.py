"""A process that runs cases one after the other, watched from outside: it may crash, hang or grow."""

from __future__ import annotations

import faulthandler
import json
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from tests.fuzz.case import of_case
from tests.fuzz.contained import contain
from tests.fuzz.surface import Surface
from tests.fuzz.verdict import FINDING, Verdict, judged

# What one file may unpack to while cases run, so that the bound on memory is near.
MOST_MB = "64"
_WARM_S = 180.0
_READY = "ready"


class Place:
    """Folders of a worker: the case's, the working folder that holds it, and the one above; only the first may change.

    Parameters
    ----------
    home : Path
        An empty folder.
    """

    def __init__(self, home: Path) -> None:
        self.above, self.temporary, self.own_home = home / "above", home / "tmp", home / "home"
        self.working = self.above / "working"
        self.case = self.working / "case"
        for folder in (self.working, self.temporary, self.own_home):
            folder.mkdir(parents=True)
        for folder in (self.above, self.working):
            (folder / "canary").write_text("sings")
        self._before = self._seen()

    def fresh(self) -> Path:
        """Empty the case's folder."""
        if self.case.is_symlink() or self.case.exists():
            shutil.rmtree(self.case)
        self.case.mkdir()
        return self.case

    def disturbed(self) -> str:
        """Return what was created or changed beside the case's folder, and put it right; "" if nothing was."""
        now = self._seen()
        if now == self._before:
            return ""
        said = ", ".join(ascii(name) for name in sorted(set(now) ^ set(self._before)) or ["canary"])
        for name in set(now) - set(self._before):
            path = Path(os.fsdecode(name))
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() and not path.is_symlink() else path.unlink()
        for folder in (self.above, self.working):
            (folder / "canary").write_text("sings")
        self._before = self._seen()
        return said

    def _seen(self) -> dict[bytes, tuple[int, int]]:
        found = {}
        for folder in (self.above, self.working, self.temporary):
            for entry in os.scandir(os.fsencode(folder)):
                status = entry.stat(follow_symlinks=False)
                inner = entry.name in (b"case", b"working")
                found[entry.path] = (0, 0) if inner else (status.st_size, status.st_mtime_ns)
        found.pop(os.fsencode(self.case), None)
        return found


class Worker:
    """Runs cases of a surface in a process of its own, started anew when it ends.

    Parameters
    ----------
    surface : Surface
    seed : int
    home : Path
        Folder for what it needs.
    limit_s : float
        Seconds of processor time a case; three times as many may pass.
    """

    def __init__(self, surface: Surface, seed: int, home: Path, *, limit_s: float) -> None:
        self.surface, self.seed, self.home, self.limit_s = surface, seed, home, limit_s
        self.restarts = 0

    def run(self, numbers: Iterable[int]) -> Iterator[tuple[int, Verdict, float]]:
        """Yield a case's number, its verdict, and the seconds it took."""
        left = list(numbers)
        while left:
            for number, verdict, seconds in self._session(left):
                left.pop(0)
                yield number, verdict, seconds
            self.restarts += 1

    def _session(self, numbers: list[int]) -> Iterator[tuple[int, Verdict, float]]:
        """Run cases until all are done, or one ends the process; that one is yielded as well."""
        home = self.home / f"session{self.restarts}"
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        receive, send = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(receive)
            os.setsid()
            status = 70
            try:
                with os.fdopen(send, "w") as out:
                    self._work(numbers, home, out)
                status = 0
            except BaseException:
                traceback.print_exc(file=sys.__stderr__)
            finally:
                os._exit(status)
        os.close(send)
        waiting = list(numbers)
        try:
            watch = Watch(receive, pid)
            line = watch.line(_WARM_S, _WARM_S)
            if line is None or json.loads(line) != _READY:
                raise RuntimeError(f"{self.surface.name}: cannot be prepared: {watch.ending()}")
            while waiting:
                begun = time.monotonic()
                line = watch.line(self.limit_s, 3 * self.limit_s)
                if line is None:
                    yield waiting.pop(0), Verdict(FINDING, *watch.ending()), time.monotonic() - begun
                    return
                seconds, told = json.loads(line)
                yield waiting.pop(0), Verdict(**told), seconds
        finally:
            _end(pid)
            os.close(receive)
            shutil.rmtree(home, ignore_errors=True)

    # ---- in the process ----------------------------------------------------------------------------------------

    def _work(self, numbers: list[int], home: Path, out: IO[str]) -> None:
        # A crash is told by whoever watches.
        faulthandler.disable()
        place = Place(home)
        os.environ.update(
            RSNN_MAX_MB=MOST_MB, HOME=str(place.own_home), TMPDIR=str(place.temporary), MPLBACKEND="agg",
            RSNN_CACHE=str(place.own_home / "rsnn"), XDG_CACHE_HOME=str(place.own_home / "cache"), COLUMNS="200",
        )  # fmt: skip
        # Known from before, perhaps: the one of the environment counts, which may be written.
        tempfile.tempdir = None
        for name in ("RSNN_DATA", "PYTHONWARNINGS"):
            os.environ.pop(name, None)
        self.surface.warm()
        # Opened while it may be: no file of the system can be once it is contained.
        peak = os.open("/proc/self/clear_refs", os.O_WRONLY | os.O_CLOEXEC)
        if not contain(home):
            print("fuzz: this system allows no containment: cases write wherever this user may", file=sys.__stderr__)
        os.chdir(place.working)
        said = os.open(home / "said", os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
        os.dup2(said, 1)
        os.dup2(said, 2)
        sys.stdout = open(1, "w", closefd=False, errors="backslashreplace")  # noqa: SIM115
        sys.stderr = open(2, "w", closefd=False, errors="backslashreplace")  # noqa: SIM115
        warnings.showwarning = _print_warning
        warnings.resetwarnings()
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        # The soft one alone: a reader's own child may set its own.
        resource.setrlimit(resource.RLIMIT_AS, (_size("VmSize") + 2 * self.surface.most_memory, resource.RLIM_INFINITY))
        place.disturbed()
        _send(out, _READY)
        for number in numbers:
            case = self.surface.generate(of_case(self.seed, self.surface.name, number))
            folder = place.fresh()
            case.lay_out(folder)
            before = _size("VmRSS")
            _forget_peak(peak)
            begun = time.perf_counter()
            verdict = judged(self.surface.run, case, folder)
            seconds = time.perf_counter() - begun
            grown = _size("VmHWM") - before
            os.chdir(place.working)
            verdict = _also(verdict, place, said, grown, self.surface.most_memory)
            _send(out, [seconds, verdict.to_json()])


def _also(verdict: Verdict, place: Place, said: int, grown: int, most_memory: int) -> Verdict:
    """Return a finding where a case did more than to end well."""
    if beside := place.disturbed():
        return Verdict(FINDING, "wrote beside the case's folder", f"{beside}\n{verdict.what}")
    sys.stdout.flush()
    sys.stderr.flush()
    if size := os.fstat(said).st_size:
        text = os.pread(said, min(size, 20_000), 0).decode("utf-8", "backslashreplace")
        os.ftruncate(said, 0)
        if verdict.outcome != FINDING:
            words = re.findall(r"[A-Za-z]{3,}", text)[:4]
            return Verdict(FINDING, f"printed beside the report: {' '.join(words)}", text)
    if grown > most_memory and verdict.outcome != FINDING:
        return Verdict(FINDING, f"memory grew beyond {most_memory >> 20} MiB", f"by {grown >> 20} MiB; {verdict.what}")
    return verdict


def _print_warning(message: Any, category: Any, filename: str, lineno: int, *_: object) -> None:
    sys.stderr.write(warnings.formatwarning(message, category, filename, lineno))


def _send(out: IO[str], told: object) -> None:
    out.write(json.dumps(told) + "\n")
    out.flush()


def _size(field: str) -> int:
    """Return bytes of this process by a field of ``/proc/self/status``."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) << 10 for line in file if line.startswith(field + ":"))


def _forget_peak(peak: int) -> None:
    os.pwrite(peak, b"5", 0)


class Watch:
    """What a worker says, and whether it still may."""

    def __init__(self, receive: int, pid: int) -> None:
        self.receive, self.pid, self.kept, self.why = receive, pid, b"", ""
        os.set_blocking(receive, False)

    def line(self, processor_s: float, wall_s: float) -> bytes | None:
        """Return the worker's next line; None if it ended, or took longer than it may and was ended."""
        begun, (used, _) = time.monotonic(), self._processor_s()
        pause = 0.0005
        while b"\n" not in self.kept:
            try:
                block = os.read(self.receive, 1 << 16)
            except BlockingIOError:
                time.sleep(pause)
                pause = min(0.02, pause * 1.5)
                (now, is_running), passed = self._processor_s(), time.monotonic() - begun
                # One that still computes may only have had little of a machine that others use.
                if now - used > processor_s or (passed > wall_s and (not is_running or passed > 10 * wall_s)):
                    self.why = "computes on" if now - used > processor_s else "waits for ever"
                    os.kill(self.pid, signal.SIGKILL)
                    return None
                continue
            if not block:
                return None
            self.kept += block
        line, _, self.kept = self.kept.partition(b"\n")
        return line

    def ending(self) -> tuple[str, str]:
        """Return how the worker ended, as the kind of a finding and its text."""
        _, status = os.waitpid(self.pid, 0)
        if self.why:
            return f"does not end: {self.why}", "ended from outside"
        code = os.waitstatus_to_exitcode(status)
        return f"crash: {signal.Signals(-code).name}" if code < 0 else f"process left with {code}", ""

    def _processor_s(self) -> tuple[float, bool]:
        """Return seconds of processor time, and whether it is computing now."""
        try:
            with open(f"/proc/{self.pid}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            return 0.0, False
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), fields[0] == "R"


def _end(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:
        return
