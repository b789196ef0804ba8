"""Changes of one-bit nets in a VCD of gigabytes, line by line, as Icarus writes it.

For the VCD of our own bench, whose clock is one bit and whose nets change once a time step at most. Fifteen times as
fast as `cosim.vcd_toggles.count_vcd_nets`, which reads any VCD by a parser that is not ours; a test holds the two to
the same counts.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from cosim.vcd_tokens import VCDError
from files.errors import FileError
from files.names import shown
from files.reading import open_regular

__all__ = ["ScalarNet", "count_scalar_nets"]

# Bytes of a line; a vector of the accelerator has thousands of bits.
MOST_LINE, MOST_NETS = 1 << 21, 1 << 22


@dataclass(frozen=True)
class ScalarNet:
    """Changes of a net.

    Parameters
    ----------
    settled, zero_delay : int
        As `cosim.vcd_toggles.Net`.
    """

    settled: int
    zero_delay: int


def count_scalar_nets(path: str | os.PathLike[str], *, clock: str = "clk") -> dict[str, ScalarNet]:
    """Count the changes of every one-bit net.

    Parameters
    ----------
    path : path-like
    clock : str
        Name of the clock, without its scope.

    Returns
    -------
    dict of str to ScalarNet
        By name with scopes. Of names with one code all are there.

    Raises
    ------
    VCDError
        The file cannot be read, has no clock, or is not as Icarus writes it.
    """
    names: dict[str, int] = {}
    index: dict[bytes, int] = {}
    clocks: set[bytes] = set()
    scopes: list[str] = []
    try:
        with open_regular(path, what="VCD") as file:
            while True:
                line = file.readline(MOST_LINE)
                if not line:
                    raise VCDError(f"{shown(path)}: has no $enddefinitions")
                words = line.split()
                if words[:1] == [b"$scope"]:
                    scopes.append(words[2].decode())
                elif words[:1] == [b"$upscope"]:
                    scopes.pop()
                elif words[:1] == [b"$var"]:
                    name = words[4].decode()
                    if name == clock:
                        clocks.add(words[3])
                    elif words[2] == b"1" and len(words) == 6:
                        # A bit of a vector has its number as a word more.
                        names[".".join([*scopes, name])] = index.setdefault(words[3], len(index))
                        if len(index) > MOST_NETS:
                            raise VCDError(f"{shown(path)}: more than {MOST_NETS:,} nets")
                elif words[:1] == [b"$enddefinitions"]:
                    break
            if not clocks:
                raise VCDError(f"{shown(path)}: no signal for {clock}")
            # Pins of flip-flops that are the clock are the clock.
            beats = {index.pop(code) for code in clocks & set(index)}
            settled, changes = _changes(file, index, clocks, len(index) + len(beats))
    except (FileError, UnicodeDecodeError, IndexError) as error:
        raise VCDError(f"{shown(path)}: cannot be read as Icarus' VCD: {error}") from error
    return {name: ScalarNet(settled[at], changes[at]) for name, at in names.items() if at not in beats}


def _changes(
    file: object, index: dict[bytes, int], clocks: set[bytes], count: int
) -> tuple[list[int], list[int]]:
    now, held = bytearray(count), bytearray(count)
    settled, changes = [0] * count, [0] * count
    coming: list[tuple[int, int]] = []
    since: set[int] = set()
    # Nothing counts before $dumpon, as of `cosim.vcd_toggles` nothing does between $dumpoff and $dumpon.
    high = rises = dumping = resumed = begun = False
    get, add = index.get, coming.append

    def end_of_time() -> None:
        nonlocal begun
        if rises and not resumed:
            for at in since:
                if now[at] != held[at]:
                    settled[at] += begun
                    held[at] = now[at]
            since.clear()
            begun = True
        for at, value in coming:
            if now[at] != value:
                changes[at] += begun
                now[at] = value
                since.add(at)
        coming.clear()

    for line in file:  # type: ignore[attr-defined]
        first = line[0]
        # 0 and 1; what is unknown counts as 0.
        if dumping and first in b"01xz":
            at = get(line[1:-1])
            if at is not None:
                add((at, int(first == 49)))
            elif line[1:-1] in clocks:
                # The clock of each module may have a code of its own.
                rises, high = rises or (first == 49 and not high), first == 49
        elif first == 35:
            end_of_time()
            rises = resumed = False
        elif first == 36:
            if line.startswith(b"$dumpon"):
                dumping = resumed = True
            elif line.startswith(b"$dumpoff"):
                dumping = False
    end_of_time()
    return settled, changes
