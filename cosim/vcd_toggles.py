"""Toggles counted in a VCD: the value of each field at every rising clock edge, read by a parser that is not ours.

Between two edges a simulator may change a combinational net several times; only what has settled when the clock rises
is counted, as in the record. What a file says between ``$dumpoff`` and ``$dumpon``, unknown values in general, is no
value of a net; an edge in the step of ``$dumpon`` has nothing settled before it that would be known, and is none.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from vcd.reader import Token, TokenKind

from cosim.engines.record_module import port_name
from cosim.vcd_tokens import Value, VCDError, VcdFile, fits
from golden.layout import Layout

__all__ = ["Net", "VCDError", "count_vcd_nets", "count_vcd_toggles"]


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
        The file cannot be read, lacks a field or the clock, has one twice or of another width, or has an unknown value
        at a clock edge.
    """
    count = _Count(VcdFile(path), layout, clock)
    for token in count.file.tokens():
        count.take(token)
    count.end_of_time()
    return count.toggles


class _Count:
    """The state of the fields while a VCD goes by."""

    def __init__(self, file: VcdFile, layout: Layout, clock: str) -> None:
        self.file, self.clock = file, clock
        self.wanted = {port_name(field): (field.path, 64 * field.words) for field in layout}
        self.toggles = {path: 0 for path, _ in self.wanted.values()}
        self._codes: dict[str, str] = {}
        # Nets that are one net have one code.
        self._fields: dict[str, list[str]] = {}
        self._clocks: set[str] = set()
        # Of this time step; the order of changes within one says nothing.
        self._coming: dict[str, Value] = {}
        self._now: dict[str, Value] = {}
        self._settled: dict[str, int] = {}
        self._changed: set[str] = set()
        self._dumping, self._resumed = True, False
        self._high = self._was_high = False

    def take(self, token: Token) -> None:
        """Take the next token of the file."""
        if token.kind is TokenKind.VAR:
            self._declare(token.var.reference, token.var.id_code, token.var.size)
        elif token.kind is TokenKind.ENDDEFINITIONS:
            missing = sorted({path for path, _ in self.wanted.values()} - set(self._codes))
            if missing or not self._clocks:
                raise self.file.error(f"no signal for {', '.join(missing) or self.clock}")
        elif token.kind is TokenKind.CHANGE_TIME:
            self.end_of_time()
        elif token.kind is TokenKind.DUMPOFF:
            self._dumping = False
        elif token.kind is TokenKind.DUMPON:
            self._dumping = self._resumed = True
        elif token.kind is TokenKind.CHANGE_SCALAR:
            self._change(token.scalar_change.id_code, token.scalar_change.value)
        elif token.kind is TokenKind.CHANGE_VECTOR:
            self._change(token.vector_change.id_code, token.vector_change.value)

    def _declare(self, reference: str, code: str, size: int) -> None:
        if reference == self.clock:
            self._clocks.add(code)
        elif reference in self.wanted:
            path, bits = self.wanted[reference]
            if size != bits:
                raise self.file.error(f"{reference} has {size} bits, expected {bits}")
            if self._codes.setdefault(path, code) != code:
                raise self.file.error(f"two signals for {path}, expected one")
            if path not in self._fields.setdefault(code, []):
                self._fields[code].append(path)

    def _change(self, code: str, value: Value) -> None:
        if code in self._fields and not fits(value, self.file.sizes[code]):
            raise self.file.error(f"a value of {self._fields[code][0]} has more than {self.file.sizes[code]} bits")
        if not self._dumping:
            return
        if code in self._clocks:
            self._high = value in ("1", 1)
        elif code in self._fields:
            self._coming[code] = value

    def end_of_time(self) -> None:
        """Close a time step: if the clock rose in it, what had settled before it counts."""
        if self._high and not self._was_high and not self._resumed:
            self._settle()
        self._was_high, self._resumed = self._high, False
        self._changed |= self._coming.keys()
        self._now |= self._coming
        self._coming.clear()

    def _settle(self) -> None:
        for code in self._changed:
            value = self._now[code]
            if isinstance(value, str):
                if value not in ("0", "1"):
                    raise self.file.error(
                        f"{self._fields[code][0]} is {value[:80]} at a clock edge, expected 0 or 1 in each bit"
                    )
                value = int(value)
            before = self._settled.get(code)
            if before is not None:
                for path in self._fields[code]:
                    self.toggles[path] += (value ^ before).bit_count()
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
    unknown : int
        Changes to a value that has a bit neither 0 nor 1 (X, Z), which counts as 0.
    """

    bits: int
    settled: int = 0
    zero_delay: int = 0
    unknown: int = 0


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
    source = VcdFile(path)
    nets: dict[str, Net] = {}
    names: dict[str, str] = {}
    clocks: set[str] = set()
    coming: dict[str, int] = {}
    now: dict[str, int] = {}
    settled: dict[str, int] = {}
    since: set[str] = set()
    high = was_high = False
    dumping, resumed, begun = True, False, False

    def end_of_time() -> None:
        nonlocal was_high, resumed, begun
        if high and not was_high and not resumed:
            for code in since:
                if begun and code in settled:
                    nets[names[code]].settled += (now[code] ^ settled[code]).bit_count()
                settled[code] = now[code]
            since.clear()
            begun = True
        was_high, resumed = high, False
        for code, value in coming.items():
            if begun and code in now:
                nets[names[code]].zero_delay += (value ^ now[code]).bit_count()
            now[code] = value
            since.add(code)
        coming.clear()

    def value_of(net: Net, value: Value) -> int:
        if isinstance(value, int):
            return value
        if value.strip("01"):
            net.unknown += 1
            value = "".join(digit if digit in "01" else "0" for digit in value)
        return int(value, 2)

    for token in source.tokens():
        kind = token.kind
        if kind is TokenKind.VAR:
            code, size = token.var.id_code, token.var.size
            if token.var.reference == clock:
                clocks.add(code)
            elif code not in names:
                name = ".".join([*source.scopes, token.var.reference])
                if name in nets:
                    # Slices and elements of one name, each with a code of its own.
                    name = f"{name}{'' if token.var.bit_index is None else _index(token.var.bit_index)}"
                if name in nets:
                    raise source.error(f"{name[:80]} twice, each with a code of its own")
                names[code], nets[name] = name, Net(size)
        elif kind is TokenKind.CHANGE_TIME:
            end_of_time()
        elif kind in (TokenKind.DUMPOFF, TokenKind.DUMPON):
            dumping = kind is TokenKind.DUMPON
            resumed = resumed or dumping
        elif kind in (TokenKind.CHANGE_SCALAR, TokenKind.CHANGE_VECTOR):
            change = token.scalar_change if kind is TokenKind.CHANGE_SCALAR else token.vector_change
            if change.id_code in names and not fits(change.value, source.sizes[change.id_code]):
                raise source.error(f"a value of {names[change.id_code][:80]} is wider than it")
            if dumping and change.id_code in clocks:
                high = change.value in ("1", 1)
            elif dumping and change.id_code in names:
                coming[change.id_code] = value_of(nets[names[change.id_code]], change.value)
    end_of_time()
    if not clocks:
        raise source.error(f"no signal for {clock}")
    return nets


def _index(index: int | tuple[int, int]) -> str:
    return f"[{index}]" if isinstance(index, int) else f"[{index[0]}:{index[1]}]"
