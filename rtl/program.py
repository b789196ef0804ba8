"""Programs that work for us: what they may see, and that they end with this process, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from rtl.build_cache import EngineError

# What a tool gets of this process' environment. Anything else could change what it makes without a name in a cache's
# key: VERILATOR_ROOT, IVERILOG_DUMPER, CPATH, MAKEFLAGS, LD_PRELOAD.
PASSED = (
    *("PATH", "HOME", "USER", "LOGNAME", "XDG_CACHE_HOME", "YOWASP_CACHE_DIR"),
    *("PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH"),
)
# The program is ended, with all that it started, as soon as the pipe has no writer left: when this process is gone. The
# watcher is a child of the program and in its group.
_WATCHED = 'exec 3<&0 </dev/null; { read -r _ <&3; kill -KILL 0; } >/dev/null 2>&1 & exec "$@" 3<&-'
# Of what a program prints, this much is kept for a message.
_MOST_PRINTED = 1 << 26


def tool_environment(**changed: str) -> dict[str, str]:
    """Return the environment of a tool: that of `PASSED`, a plain locale, and `changed`."""
    passed = {name: os.environ[name] for name in PASSED if name in os.environ}
    return passed | {"LC_ALL": "C.UTF-8"} | changed


def environment_key() -> str:
    """Return what a tool sees of the environment and what it makes may depend on, for a cache's key."""
    return repr([(name, os.environ.get(name)) for name in ("LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME")])


class Program:
    """A running program in a process group of its own.

    Parameters
    ----------
    command : sequence of str
    folder : Path, optional
        To run in.
    output : binary file
        Gets what it prints.
    said : binary file, optional
        Gets what it prints on standard error; by default `output`.
    environment : mapping, optional
        Instead of `tool_environment`. For temporary files a program has the folder that it runs in: Icarus hands
        their paths to a shell, and what a killed program leaves goes with the folder.

    Raises
    ------
    OSError
        There is no such folder, or no process can be made.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path | None,
        *,
        output: IO[bytes],
        said: IO[bytes] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        given = tool_environment() if environment is None else dict(environment)
        watched, self._alive = os.pipe()
        try:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _WATCHED, "sh", *command],
                cwd=folder,
                stdin=watched,
                stdout=output,
                stderr=said if said is not None else subprocess.STDOUT,
                env=given if folder is None else given | {"TMPDIR": "."},
                start_new_session=True,
            )
        except BaseException:
            os.close(self._alive)
            raise
        finally:
            os.close(watched)

    def poll(self) -> int | None:
        """Return the exit status, or None while it runs."""
        return self._process.poll()

    def wait(self, timeout_s: float | None = None) -> int:
        """Wait for its end and return the exit status; see `subprocess.Popen.wait`."""
        return self._process.wait(timeout_s)

    def end(self) -> None:
        """End it and all that it started, at once."""
        if self._alive < 0:
            return
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        os.close(self._alive)
        self._alive = -1
        self._process.wait()


def run_program(
    command: Sequence[str],
    folder: Path | None = None,
    *,
    timeout_s: float | None = None,
    merged: bool = False,
    environment: Mapping[str, str] | None = None,
    name: str | None = None,
    error: type[EngineError] = EngineError,
) -> str:
    """Run a program to its end and return what it printed.

    Parameters
    ----------
    command : sequence of str
    folder : Path, optional
        To run in.
    timeout_s : float, optional
        After so long it is stopped.
    merged : bool
        With what it printed on standard error, too.
    environment : mapping, optional
        Instead of `tool_environment`.
    name : str, optional
        For messages; by default that of the program.
    error : type
        To raise.

    Raises
    ------
    EngineError
        It is not there, fails, or is ended by a signal; with the last lines that it printed.
    TimeoutError
        It took longer than `timeout_s`.
    """
    name = name or Path(command[0]).name
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as said:
        try:
            program = Program(command, folder, output=output, said=said, environment=environment)
        except OSError as reason:
            raise error(f"{name}: cannot be started ({reason.strerror})") from reason
        try:
            status = program.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"stopped after {timeout_s:g} s") from None
        finally:
            program.end()
        printed, complained = (_text(file) for file in (output, said))
    if status:
        # Complaints last: they are what is cut least.
        lines = (printed + complained).strip().splitlines()[-20:] or ["it printed nothing"]
        raise error(f"{name} {_how(status)}:\n" + "\n".join(lines))
    return printed + complained if merged else printed


def _text(file: IO[bytes]) -> str:
    file.seek(max(0, file.seek(0, os.SEEK_END) - _MOST_PRINTED))
    return file.read().decode("utf-8", "replace")


def _how(status: int) -> str:
    if status == 127:
        return "failed: it is not installed any more, or cannot be started"
    if status >= 0:
        return "failed"
    try:
        return f"was ended by {signal.Signals(-status).name} (out of memory, or stopped from outside)"
    except ValueError:
        return f"was ended by signal {-status}"
