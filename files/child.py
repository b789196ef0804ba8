"""Programs on what is foreign, in a process of its own with limits: its crash becomes a sentence."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence

from files.errors import FileError

_MIB = 1 << 20


class ChildError(FileError):
    """The process crashed, took too much memory or time, or printed too much."""


def run_limited(
    command: Sequence[str],
    *,
    where: str,
    timeout_s: float,
    memory_bytes: int,
    most_output: int,
    environment: Mapping[str, str] | None = None,
) -> tuple[int, bytes, bytes]:
    """Run a program with limits on time, address space and output.

    Parameters
    ----------
    command : sequence of str
    where : str
        Begins the message of an error: the file that is read.
    timeout_s : float
        Wall-clock seconds; processor time is limited to the same.
    memory_bytes : int
        Of address space.
    most_output : int
        Bytes of standard output.
    environment : mapping, optional
        Instead of this process'.

    Returns
    -------
    status : int
        Exit status, 0 or more.
    output, said : bytes
        Standard output; the last 64 KiB of standard error.

    Raises
    ------
    ChildError
        It was ended by a signal, or for one of the limits.
    """

    def limit() -> None:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
        seconds = max(1, int(timeout_s) + 1)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_output, most_output))

    # To files, which the limit on their size holds for: a pipe would have to be watched.
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as said:
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=said, env=environment, preexec_fn=limit
        ) as process:
            try:
                status = process.wait(timeout=timeout_s)
            except BaseException as stop:
                os.killpg(process.pid, signal.SIGKILL)
                if isinstance(stop, subprocess.TimeoutExpired):
                    raise ChildError(f"{where}: cannot be read in {timeout_s:g} s, given up") from None
                raise
        if status < 0:
            reasons = {
                signal.SIGXCPU: f"took more than {timeout_s:g} s",
                signal.SIGXFSZ: f"holds more than {most_output // _MIB} MiB",
            }
            reason = reasons.get(signal.Signals(-status), f"crashed its reader ({signal.Signals(-status).name})")
            raise ChildError(f"{where}: {reason}; damaged, or made to do so")
        output.seek(0)
        said.seek(max(0, said.seek(0, os.SEEK_END) - 65_536))
        return status, output.read(), said.read()
