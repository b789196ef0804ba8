"""Proofs that a netlist is its RTL: the same outputs and the same next state for every state and every input.

Registers keep their names through mapping. Each becomes an input (its state) and an output (its next state) of both
sides; a miter compares the sides; ABC merges what is equal on both, and what is left is for a SAT solver. Registers
that mapping took away stay inside, and induction over time is what proves them.

Yosys' wording is not read. A proof is a script whose ``sat -verify`` let it go on to a marker of ours; a refutation is
one whose ``sat -falsify``, on the same miter and without induction, did so. Whatever else happens, an error, a crash or
other words, is neither.

The log is kept with the statement that it is of: digests of RTL, netlist, cells and commands, and the versions of the
tools. On use both are read anew: a log of another statement, or one without a marker, is no proof and is made anew.
That protects from damage, mix-ups and entries of another key; not from somebody who may write this user's files, who
could as well change the solver.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from dataclasses import dataclass
from pathlib import Path

from files.names import verilog_name
from gates.liberty import Library
from rtl.build_cache import built, digest, put
from rtl.design import Design
from rtl.program import environment_key
from rtl.scratch import scratch_folder
from rtl.synthesis.synthesise import Netlist, read_rtl
from rtl.synthesis.yosys import LOG, SynthesisError, run_yosys, yosys_version

CELLS = "cells.v"
STATEMENT, SECONDS = "statement.json", "seconds.txt"
# Merges nodes of the two sides that a SAT solver finds equal; a wrong netlist leaves the miter's output standing.
_SWEEP = "strash; ifraig; scorr; strash; dch; ifraig\n"
DIFFERS = "they differ for a state and an input that the solver found"
# Logged by our scripts: before the solver is asked, and after it has answered as its option wants.
_ASKED, _PROVED, _REFUTED = (f"rsnn: {word}" for word in ("the miter stands", "proved", "refuted"))
# The first cycle of a register without a reset is unknown; so many cycles are looked at for a difference.
_SAT = "-seq 1 -maxsteps 8 -prove trigger 0 miter"
_REFUTATION = ("read_rtlil miter.il", f"sat -falsify -tempinduct-baseonly {_SAT}", f"log {_REFUTED}")


@dataclass(frozen=True)
class Proof:
    """Whether a netlist is its RTL.

    Parameters
    ----------
    block : str
        Module.
    proved : bool
    reason : str
        Why it is not proved; empty if it is.
    outputs : int
        Bits compared: outputs, and next state and clock of registers that both sides have.
    registers_inside : int
        Flip-flops, of both sides, that only one of them has.
    seconds : float
        The proof took.
    """

    block: str
    proved: bool
    reason: str
    outputs: int
    registers_inside: int
    seconds: float


def prove_equal(design: Design, netlist: Netlist, library: Library, *, timeout_s: float = 600) -> Proof:
    """Prove that a leaf's netlist is its RTL, or say why not. Proofs and refutations are kept; having no time is not.

    Parameters
    ----------
    design : Design
    netlist : Netlist
        Of a leaf of `design`.
    library : Library
        Whose functions are taken for the cells.
    timeout_s : float

    Raises
    ------
    SynthesisError
        Yosys is not installed or refuses the netlist, for example because its ports are not those of the RTL.
    """
    rtl, name = design.modules[netlist.name].text, netlist.name
    commands = [*_commands(name), f"sat -verify -tempinduct {_SAT}", f"log {_PROVED}"]
    files = {f"{name}.v": rtl, "netlist.v": netlist.text, CELLS: library.verilog(), "sweep.abc": _SWEEP}
    said = {file: hashlib.sha256(text.encode()).hexdigest() for file, text in files.items()}
    said |= {"module": name, "commands": "\n".join((*commands, *_REFUTATION))}
    said |= {"yosys": yosys_version(), "environment": environment_key()}
    statement = json.dumps(said, indent=1, sort_keys=True) + "\n"

    def build(folder: Path) -> None:
        put(folder, files)
        begun, reason = time.monotonic(), ""
        try:
            log = _ask(commands, folder, timeout_s)
        except TimeoutError as slow:
            log, reason = _log(folder), str(slow)
        seconds = time.monotonic() - begun
        proof = _read(name, log, seconds)
        if reason or proof.reason not in ("", DIFFERS):
            raise _Undecided(Proof(**vars(proof) | {"proved": False, "reason": reason or proof.reason}))
        for path in folder.iterdir():
            path.unlink()
        put(folder, {LOG: log, STATEMENT: statement, SECONDS: f"{seconds:.3f}\n"})

    def check(folder: Path) -> str | None:
        try:
            if (folder / STATEMENT).read_text() != statement:
                return "is about another statement"
            if _read(name, _log(folder), _seconds(folder)).reason not in ("", DIFFERS):
                return "has no answer of the solver's"
        except (OSError, ValueError) as error:
            return str(error)
        return None

    try:
        folder = built("proof", digest(statement), build, check=check)
    except _Undecided as undecided:
        return undecided.proof
    return _read(name, _log(folder), _seconds(folder))


class _Undecided(Exception):
    """Carries what came to no end out of the cache."""

    def __init__(self, proof: Proof) -> None:
        super().__init__(proof.reason)
        self.proof = proof


def _ask(commands: list[str], folder: Path, timeout_s: float) -> str:
    """Ask for a proof, and where there is none for a refutation; return the log of all."""
    begun = time.monotonic()
    try:
        return run_yosys(commands, folder, timeout_s=timeout_s)
    except SynthesisError:
        # A run that failed proved nothing, whatever its input may have printed into the log.
        log = _log(folder).replace(_PROVED, "")
        if _ASKED not in log.splitlines():
            raise
    try:
        return log + run_yosys(_REFUTATION, folder, timeout_s=max(0.0, timeout_s - (time.monotonic() - begun)))
    except SynthesisError:
        return log


def _log(folder: Path) -> str:
    return (folder / LOG).read_text(errors="replace") if (folder / LOG).is_file() else ""


def _seconds(folder: Path) -> float:
    return float((folder / SECONDS).read_text())


def _read(name: str, log: str, seconds: float) -> Proof:
    """Return what the markers in Yosys' log say, and what it counted; a proof that compares nothing is none."""
    lines = set(log.splitlines())
    counted = dict(re.findall(r"^(outputs|inside)\s*\n(?:.*\n)*?(\d+) objects\.$", log, re.MULTILINE))
    outputs, inside = (int(counted.get(what, 0)) for what in ("outputs", "inside"))
    if _PROVED in lines:
        reason = "" if outputs else "it compares nothing"
    else:
        reason = DIFFERS if _REFUTED in lines else "the solver found neither a proof nor a difference"
    return Proof(name, not reason, reason, outputs, inside, seconds)


def _commands(name: str) -> list[str]:
    return [
        read_rtl(name),
        f"hierarchy -check -top {name}",
        *("proc", "flatten", "opt -full", "memory -nordff", "opt -full", "techmap", "opt"),
        *("dfflegalize -cell $_DFF_P_ x", "techmap", "opt_clean -purge", "splitnets -ports", "design -stash rtl"),
        f"read_verilog -DSYNTHESIS {CELLS}",
        "read_verilog netlist.v",
        f"hierarchy -check -top {name}",
        *("proc", "flatten", "opt_clean -purge"),
        # What a clock gate does while its enable is stable in the low phase: its flip-flops get the clock that it
        # gates, and the enable. And resets that the library's flip-flops have and that are tied off are none.
        *("formalff -declockgate", "opt_expr", "opt_dff -nodffe -nosdff", "opt_clean -purge", "splitnets -ports"),
        *("simplemap", "dfflegalize -cell $_DFF_P_ x -cell $_DFF_N_ x", "techmap", "opt_expr", "opt_clean -purge"),
        "design -stash gates",
        f"design -copy-from rtl -as rtl {name}",
        f"design -copy-from gates -as gates {name}",
        "expose -evert-dff -shared rtl gates",
        # Counted in the log: what is compared, and flip-flops that only one side has.
        *("log outputs", "select -count gates/o:*"),
        "miter -equiv -flatten rtl gates miter",
        "hierarchy -top miter",
        *("techmap", "opt_clean -purge", "log inside", "select -count t:$_DFF* t:$dff*"),
        *("opt", "abc -g AND -script sweep.abc", "opt -full", "opt_clean -purge"),
        *("write_rtlil miter.il", f"log {_ASKED}"),
    ]


def with_a_wrong_gate(netlist: Netlist, library: Library, folder: Path) -> Netlist:
    """Return a netlist with one gate replaced by another of the same pins and another function, to see it refused.

    Parameters
    ----------
    netlist : Netlist
    library : Library
    folder : Path
        Gets the netlist.

    Raises
    ------
    SynthesisError
        The netlist has no gate that can be replaced.
    """
    for gate in (cell for cell in netlist.cells if cell in library.cells):
        one, table = library.cells[gate], library.cells[gate].truth_table()
        for other in library.cells.values():
            if other.inputs == one.inputs and other.outputs == one.outputs and other.truth_table() not in (None, table):
                folder.mkdir(parents=True, exist_ok=True)
                # Yosys escapes keywords as we do.
                old, new = f"\n  {verilog_name(gate)} ", f"\n  {verilog_name(other.name)} "
                text = netlist.text.replace(old, new, 1)
                (folder / "netlist.v").write_text(text)
                return Netlist(netlist.name, netlist.cells, netlist.depth, folder)
    raise SynthesisError(f"{netlist.name}: no gate of it has another of the same pins in the library")


def refuses_a_wrong_gate(design: Design, netlist: Netlist, library: Library) -> bool:
    """Return whether the solver finds a state and an input that give a wrong gate away."""
    with scratch_folder("wrong-gate") as folder:
        found = prove_equal(design, with_a_wrong_gate(netlist, library, folder), library)
        return not found.proved and found.reason == DIFFERS
