"""Proofs that a netlist is its RTL: the same outputs and the same next state for every state and every input.

Registers keep their names through mapping. Each becomes an input (its state) and an output (its next state) of both
sides; a miter compares the sides; ABC merges what is equal on both, and what is left is for a SAT solver. Registers
that mapping took away stay inside, and induction over time is what proves them.
"""

from __future__ import annotations

import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from files.names import verilog_name
from rtl.build_cache import built, digest
from rtl.design import Design
from rtl.synthesis.liberty import Library
from rtl.synthesis.synthesise import Netlist, read_rtl
from rtl.synthesis.yosys import SynthesisError, run_yosys, yosys_version

CELLS = "cells.v"
# Merges nodes of the two sides that a SAT solver finds equal; a wrong netlist leaves the miter's output standing.
_SWEEP = "strash; ifraig; scorr; strash; dch; ifraig\n"
DIFFERS = "they differ for a state and an input that the solver found"
_FAILED = "Called with -verify and proof did fail!"
_DIFFERS = ("SAT proof finished - model found: FAIL!", "model found for base case: FAIL!")


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
    """Prove that a leaf's netlist is its RTL, or say why not. Proofs that were found are kept by content.

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
    commands = _commands(name)
    key = digest(yosys_version(), rtl, netlist.text, library.verilog(), "\n".join(commands), _SWEEP)

    def build(folder: Path) -> None:
        found = _prove(name, rtl, netlist.text, library.verilog(), commands, folder, timeout_s)
        if not found.proved:
            raise _Unproved(found)
        facts = (found.outputs, found.registers_inside, found.seconds)
        for path in folder.iterdir():
            path.unlink()
        (folder / "proof.txt").write_text(" ".join(map(str, facts)) + "\n")

    try:
        outputs, inside, seconds = (built("proof", key, build) / "proof.txt").read_text().split()
    except _Unproved as unproved:
        return unproved.proof
    return Proof(name, True, "", int(outputs), int(inside), float(seconds))


class _Unproved(Exception):
    """Carries a proof that failed out of the cache, which keeps only what succeeded."""

    def __init__(self, proof: Proof) -> None:
        super().__init__(proof.reason)
        self.proof = proof


def _prove(
    name: str, rtl: str, netlist: str, cells: str, commands: list[str], folder: Path, timeout_s: float
) -> Proof:
    (folder / f"{name}.v").write_text(rtl)
    (folder / "netlist.v").write_text(netlist)
    (folder / CELLS).write_text(cells)
    (folder / "sweep.abc").write_text(_SWEEP)
    begun, reason, log = time.monotonic(), "", ""
    try:
        log = run_yosys(commands, folder, timeout_s=timeout_s)
    except TimeoutError as slow:
        reason = str(slow)
    except SynthesisError as error:
        log = (folder / "yosys.log").read_text() if (folder / "yosys.log").is_file() else ""
        if _FAILED not in str(error):
            raise
        differs = any(said in log for said in _DIFFERS)
        reason = DIFFERS if differs else "induction does not close"
    seconds = time.monotonic() - begun
    counted = dict(re.findall(r"^(outputs|inside)\s*\n(?:.*\n)*?(\d+) objects\.$", log, re.MULTILINE))
    if not reason and "SUCCESS!" not in log:
        reason = "the solver came to no end"
    return Proof(name, not reason, reason, int(counted.get("outputs", 0)), int(counted.get("inside", 0)), seconds)


def _commands(name: str) -> list[str]:
    return [
        read_rtl(name),
        f"hierarchy -check -top {name}",
        *("proc", "flatten", "opt -full", "memory -nordff", "opt -full", "techmap", "opt"),
        *("dfflegalize -cell $_DFF_P_ x", "techmap", "opt_clean -purge", "splitnets -ports", "design -stash rtl"),
        f"read_verilog {CELLS}",
        "read_verilog netlist.v",
        f"hierarchy -check -top {name}",
        *("proc", "flatten", "opt_clean -purge", "splitnets -ports", "simplemap", "design -stash gates"),
        f"design -copy-from rtl -as rtl {name}",
        f"design -copy-from gates -as gates {name}",
        "expose -evert-dff -shared rtl gates",
        # Counted in the log: what is compared, and flip-flops that only one side has.
        *("log outputs", "select -count gates/o:*"),
        "miter -equiv -flatten rtl gates miter",
        "hierarchy -top miter",
        *("techmap", "opt_clean -purge", "log inside", "select -count t:$_DFF* t:$dff*"),
        *("opt", "abc -g AND -script sweep.abc", "opt -full", "opt_clean -purge"),
        # The first cycle of a register without a reset is unknown.
        "sat -verify -tempinduct -seq 1 -maxsteps 8 -prove trigger 0 miter",
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
    with tempfile.TemporaryDirectory(prefix="rsnn-wrong-gate-") as folder:
        found = prove_equal(design, with_a_wrong_gate(netlist, library, Path(folder)), library)
        return not found.proved and found.reason == DIFFERS
