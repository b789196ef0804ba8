"""Programs on what is foreign, in a process of its own with limits: its crash becomes a sentence."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from typing import BinaryIO

from files.errors import FileError

_MIB = 1 << 20
_MOST_SAID = 65_536
# Sets the limits (never above those that the process has already) and becomes the program. A process that forks to
# run Python, as subprocess' `preexec_fn` does, can lock up where it has threads; Python 3.12 warns of it.
_LIMITS = """
import os, resource as r, sys
memory, seconds, output = map(int, sys.argv[1:4])
wanted = (("AS", memory, memory), ("CPU", seconds, seconds + 1), ("CORE", 0, 0), ("FSIZE", output, output))
for name, soft, hard in wanted:
    limit = getattr(r, "RLIMIT_" + name)
    most = r.getrlimit(limit)[1]
    r.setrlimit(limit, (soft, hard) if most == r.RLIM_INFINITY else (min(soft, most), min(hard, most)))
os.execv(sys.argv[4], sys.argv[5:])
"""


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
    standard_input: BinaryIO | None = None,
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
        Bytes of standard output, and of any file that it writes.
    environment : mapping, optional
        Instead of this process'.
    standard_input : binary file, optional
        What it reads as its own; nothing where left out.

    Returns
    -------
    status : int
        Exit status, 0 or more.
    output, said : bytes
        Standard output; the last 64 KiB of standard error.

    Raises
    ------
    ChildError
        It was ended by a signal, or for one of the limits; or it cannot be started.
    """
    environment = dict(os.environ if environment is None else environment)
    program = shutil.which(command[0], path=environment.get("PATH", os.defpath))
    if program is None or not sys.executable:
        raise ChildError(f"{where}: cannot be read without {command[0]!r}, which is not there")
    seconds = max(1, int(timeout_s) + 1)
    limits = [sys.executable, "-I", "-S", "-c", _LIMITS, *map(str, (memory_bytes, seconds, most_output)), program]
    # To files, which the limit on their size holds for: a pipe would have to be watched.
    try:
        output, said = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115, closed below
    except OSError as error:
        raise ChildError(f"{where}: cannot be read without a temporary file ({error.strerror})") from error
    with output, said:
        try:
            process = subprocess.Popen(
                [*limits, *command], stdin=subprocess.DEVNULL if standard_input is None else standard_input,
                stdout=output, stderr=said, env=environment, start_new_session=True,
            )  # fmt: skip
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise ChildError(f"{where}: its reader cannot be started ({reason})") from error
        with process:
            try:
                status = process.wait(timeout=timeout_s)
            except BaseException as stop:
                # Whatever it started too. Not waited for yet, so that the number is still its own.
                if process.returncode is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
                if isinstance(stop, subprocess.TimeoutExpired):
                    raise ChildError(f"{where}: cannot be read in {timeout_s:g} s, given up") from None
                raise
        if status < 0:
            raise ChildError(f"{where}: {_reason(-status, timeout_s, most_output)}; damaged, or made to do so")
        output.seek(0)
        said.seek(max(0, said.seek(0, os.SEEK_END) - _MOST_SAID))
        return status, output.read(), said.read()


def _reason(number: int, timeout_s: float, most_output: int) -> str:
    if number == signal.SIGXCPU:
        return f"took more than {timeout_s:g} s"
    if number == signal.SIGXFSZ:
        return f"holds more than {most_output // _MIB} MiB"
    # Numbers between the named ones are for real time.
    known = {one.value: one.name for one in signal.Signals}
    return f"crashed its reader ({known.get(number, f'signal {number}')})"
