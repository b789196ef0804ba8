"""Mutants that leave out the only assignment of a signal: it is X, which may look like 0 wherever it is read."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cosim.mutants.mutant import Mutant

__all__ = ["unassigned", "unassigned_by"]

_DECLARED = re.compile(r"^\s*(?:output\s+)?reg\b\s*(?:signed\b\s*)?(?:\[[^\]]*\]\s*)?(\w+)[^;]*;", re.MULTILINE)


def unassigned(text: str) -> frozenset[str]:
    """Return the variables of a Verilog module that no statement assigns.

    Parameters
    ----------
    text : str
        A Verilog file of one module.
    """
    return frozenset(name for name in _DECLARED.findall(text) if not _assignments(name, text))


def unassigned_by(text: str, mutants: Sequence[Mutant], numbers: Sequence[int]) -> dict[int, str]:
    """Return those mutants of a module that leave a signal without an assignment, with its name.

    Parameters
    ----------
    text : str
        Of the module.
    mutants : sequence of Mutant
        All of the module.
    numbers : sequence of int
        Of those that are looked at, from 1.
    """
    found = {}
    for number in numbers:
        mutant = mutants[number - 1]
        written = re.match(r"(\w+)(?:\[[^\]=]*\])*\s*<?=", mutant.before)
        if mutant.kind == "assignment" and written and len(_assignments(written[1], text)) == 1:
            found[number] = written[1]
    return found


def _assignments(name: str, text: str) -> list[str]:
    # Behind a choice of a case, too.
    return re.findall(rf"^\s*(?:assign\s+|[\w']+\s*:\s*)?{name}\b(?:\[[^;=]*\])*\s*<?=(?!=)", text, re.MULTILINE)
