"""Toggles counted in a VCD: the value of each field at every rising clock edge, read by a parser that is not ours.

Between two edges a simulator may change a combinational net several times; only what has settled when the clock rises
is counted, as in the record.
"""

from __future__ import annotations

import os
from pathlib import Path

from vcd.reader import Token, TokenKind, VCDParseError, tokenize

from cosim.engines.record_module import port_name
from golden.layout import Layout


class VCDError(ValueError):
    """A VCD that cannot be read, or lacks a signal; the message names file and signal."""


def count_vcd_toggles(path: str | os.PathLike[str], layout: Layout, *, clock: str = "clk") -> dict[str, int]:
    """Return the toggles of each field of the record in a VCD that `cosim.engines.icarus.IcarusEngine` wrote.

    Parameters
    ----------
    path : path-like
    layout : Layout
    clock : str
        Name of the clock in the VCD.

    Returns
    -------
    dict of str to int
        By field. The first edge has no toggles.

    Raises
    ------
    VCDError
        The file cannot be read, lacks a field or the clock, or has an unknown value at a clock edge.
    """
    count = _Count(os.fspath(path), {port_name(field): field.path for field in layout}, clock)
    try:
        with Path(path).open("rb") as file:
            for token in tokenize(file):
                count.take(token)
    except (OSError, VCDParseError) as error:
        raise VCDError(f"{path}: cannot be read as a VCD: {error}") from error
    count.end_of_time()
    return count.toggles


class _Count:
    """The state of the fields while a VCD goes by."""

    def __init__(self, name: str, wanted: dict[str, str], clock: str) -> None:
        self.name, self.wanted, self.clock = name, wanted, clock
        self.toggles = dict.fromkeys(wanted.values(), 0)
        self._fields: dict[str, str] = {}
        self._clocks: set[str] = set()
        # Of this time step; the order of changes within one says nothing.
        self._coming: dict[str, int | str] = {}
        self._now: dict[str, int | str] = {}
        self._settled: dict[str, int] = {}
        self._changed: set[str] = set()
        self._dumping = True
        self._high = self._was_high = False

    def take(self, token: Token) -> None:
        """Take the next token of the file."""
        if token.kind is TokenKind.VAR:
            reference, code = token.var.reference, token.var.id_code
            if reference in self.wanted:
                self._fields[code] = self.wanted[reference]
            elif reference == self.clock:
                self._clocks.add(code)
        elif token.kind is TokenKind.ENDDEFINITIONS:
            missing = sorted(set(self.wanted.values()) - set(self._fields.values()))
            if missing or not self._clocks:
                raise VCDError(f"{self.name}: no signal for {', '.join(missing) or self.clock}")
        elif token.kind is TokenKind.CHANGE_TIME:
            self.end_of_time()
        elif token.kind is TokenKind.DUMPOFF:
            self._dumping = False
        elif token.kind is TokenKind.DUMPON:
            self._dumping = True
        elif token.kind is TokenKind.CHANGE_SCALAR:
            self._change(token.scalar_change.id_code, token.scalar_change.value)
        elif token.kind is TokenKind.CHANGE_VECTOR:
            self._change(token.vector_change.id_code, token.vector_change.value)

    def _change(self, code: str, value: int | str) -> None:
        if code in self._clocks:
            self._high = value == "1"
        elif code in self._fields:
            self._coming[code] = value

    def end_of_time(self) -> None:
        """Close a time step: if the clock rose in it, what had settled before it counts."""
        if self._high and not self._was_high and self._dumping:
            self._settle()
        self._was_high = self._high
        self._changed |= self._coming.keys()
        self._now |= self._coming
        self._coming.clear()

    def _settle(self) -> None:
        for code in self._changed:
            value = self._now[code]
            if isinstance(value, str):
                if not value.isdigit():
                    raise VCDError(f"{self.name}: {self._fields[code]} is {value} at a clock edge, expected 0 or 1")
                value = int(value, 2)
            before = self._settled.get(code)
            if before is not None:
                self.toggles[self._fields[code]] += (value ^ before).bit_count()
            self._settled[code] = value
        self._changed.clear()
