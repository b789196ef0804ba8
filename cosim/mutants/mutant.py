"""A mutant: one small change of a module, under a name that edits elsewhere in the module leave alone."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["KINDS", "Mutant"]

# What may be changed, with what it looks like.
KINDS = {
    "operator": "another operator of the same kind: a + b becomes a - b, a < b becomes a <= b",
    "operand": "an operand left out: a & b becomes a, ~a becomes a",
    "constant": "a constant one more or less; of a table, one entry",
    "bit": "the lowest or highest bit of what is assigned inverted",
    "signal": "another signal of the same width",
    "condition": "a condition negated, always true, or never",
    "choice": "the two ends of a ?: swapped",
    "slice": "a bit or part of a vector, one place higher or lower",
    "assignment": "an assignment left out",
    "turn": "the first or last turn of a loop left out",
}


@dataclass(frozen=True, order=True)
class Mutant:
    """One change of one module.

    Parameters
    ----------
    module : str
    process : str
        Name of the always block, ``assign NAME``, or ``instance NAME``.
    kind : str
        One of `KINDS`.
    before, after : str
        The statement or condition without and with the change, blanks made single.
    occurrence : int
        From 0, where the rest is the same more than once.
    """

    module: str
    process: str
    kind: str
    before: str
    after: str
    occurrence: int = 0

    @property
    def what(self) -> str:
        """A line for people."""
        again = f" ({self.occurrence + 1})" if self.occurrence else ""
        return f"{self.module} {self.process}: {self.before} -> {self.after or 'nothing'}{again}"
