"""Toggles counted in a VCD: the value of each field at every rising clock edge, read by a parser that is not ours.

Between two edges a simulator may change a combinational net several times; only what has settled when the clock rises
is counted, as in the record.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
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


@dataclass
class Net:
    """Changes of a net in a VCD.

    Parameters
    ----------
    bits : int
    settled : int
        Bits that differ between what has settled at one rising clock edge and the next: a toggle as everywhere here.
    zero_delay : int
        Bits that change from one time step to the next, summed: what an engine without delays sees of a
        combinational net when its inputs change at other times than the clock. Glitches within a time step are not
        in it.
    """

    bits: int
    settled: int = 0
    zero_delay: int = 0


def count_vcd_nets(path: str | os.PathLike[str], *, clock: str = "clk") -> dict[str, Net]:
    """Count the changes of every net in a VCD.

    Parameters
    ----------
    path : path-like
    clock : str
        Name of the clock, without its scope.

    Returns
    -------
    dict of str to Net
        By name with scopes, ``"record.dut.the_zero_skip.found"``. A net under several names has the first of them.

    Raises
    ------
    VCDError
        The file cannot be read or has no clock. Unknown values count as 0.
    """
    nets: dict[str, Net] = {}
    names: dict[str, str] = {}
    clocks: set[str] = set()
    scopes: list[str] = []
    coming: dict[str, int] = {}
    now: dict[str, int] = {}
    settled: dict[str, int] = {}
    since: set[str] = set()
    high = was_high = False
    dumping, begun = True, False

    def end_of_time() -> None:
        nonlocal was_high, begun
        if high and not was_high and dumping:
            for code in since:
                if begun and code in settled:
                    nets[names[code]].settled += (now[code] ^ settled[code]).bit_count()
                settled[code] = now[code]
            since.clear()
            begun = True
        was_high = high
        for code, value in coming.items():
            if begun and code in now:
                nets[names[code]].zero_delay += (value ^ now[code]).bit_count()
            now[code] = value
            since.add(code)
        coming.clear()

    def value_of(value: int | str) -> int:
        if isinstance(value, int):
            return value
        return int("".join(digit if digit in "01" else "0" for digit in value.lower()), 2)

    try:
        with Path(path).open("rb") as file:
            for token in tokenize(file):
                kind = token.kind
                if kind is TokenKind.SCOPE:
                    scopes.append(token.scope.ident)
                elif kind is TokenKind.UPSCOPE:
                    scopes.pop()
                elif kind is TokenKind.VAR:
                    if token.var.reference == clock:
                        clocks.add(token.var.id_code)
                    elif token.var.id_code not in names:
                        name = ".".join([*scopes, token.var.reference])
                        names[token.var.id_code] = name
                        nets[name] = Net(token.var.size)
                elif kind is TokenKind.CHANGE_TIME:
                    end_of_time()
                elif kind in (TokenKind.DUMPOFF, TokenKind.DUMPON):
                    dumping = kind is TokenKind.DUMPON
                elif kind in (TokenKind.CHANGE_SCALAR, TokenKind.CHANGE_VECTOR):
                    change = token.scalar_change if kind is TokenKind.CHANGE_SCALAR else token.vector_change
                    if change.id_code in clocks:
                        high = change.value == "1"
                    elif change.id_code in names:
                        coming[change.id_code] = value_of(change.value)
    except (OSError, VCDParseError) as error:
        raise VCDError(f"{path}: cannot be read as a VCD: {error}") from error
    end_of_time()
    if not clocks:
        raise VCDError(f"{path}: no signal for {clock}")
    return nets
