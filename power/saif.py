"""Switching activity of nets (SAIF 2.0, backward): ours, or that of a user's own simulation.

Read are the duration, its unit, and of each net its time low and high and its toggle count; glitch counts and what
else a file may say of a net are left out, as are state- and path-dependent toggles of ports.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from files.reading import brief, read_text
from power.errors import ActivityError

# A million nets of a hundred characters.
MOST_BYTES = 256 << 20
MOST_NETS = 2_000_000
MOST_DEPTH = 64
MOST_TOGGLES = 10**18
UNITS_S = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "ps": 1e-12, "fs": 1e-15}
_TOKEN = re.compile(r'\(|\)|"[^"\n]*"|(?:\\.|[^\s()"\\])+|\n|[^\S\n]+|.', re.DOTALL)
_COUNT = re.compile(r"[0-9]{1,19}(?:\.0{1,9})?")


@dataclass(frozen=True)
class NetActivity:
    """Toggles of a net, and whether the file says for the whole duration what it was."""

    name: str
    toggles: int
    known: bool


@dataclass(frozen=True)
class Saif:
    """A file's nets and the time that they were watched for."""

    seconds: float
    nets: tuple[NetActivity, ...]


def read_saif(path: str | os.PathLike[str]) -> Saif:
    """Read a file of switching activity.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    Saif

    Raises
    ------
    ActivityError
        Names file, line and what was expected.
    """
    try:
        text = read_text(path, what="switching activity (SAIF)", most=MOST_BYTES)
    except ValueError as error:
        raise ActivityError(str(error)) from error
    return parse_saif(text, str(path))


def parse_saif(text: str, where: str) -> Saif:
    """Parse the text of a file; `where` names it in what is refused.

    Raises
    ------
    ActivityError
    """
    reader = _Reader(where)
    for line, token in _tokens(text, where):
        reader.take(line, token)
    return reader.result()


def _tokens(text: str, where: str) -> Iterator[tuple[int, str]]:
    line = 1
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token == "\n":
            line += 1
        elif not token.isspace():
            if token in '"\\' or not token.isprintable():
                raise ActivityError(f"{where}, line {line}: {brief(token)}, expected SAIF")
            yield line, token


class _Reader:
    """Keeps the lists that are open, each as its words; a net is a list within ``NET`` within instances."""

    def __init__(self, where: str) -> None:
        self._where, self._line = where, 1
        self._open: list[list[str]] = []
        self._ended = False
        self._counts: dict[str, int] = {}
        self._unit: float | None = None
        self._duration: int | None = None
        # Toggles, and the time low and high.
        self._nets: dict[str, tuple[int, int]] = {}

    def take(self, line: int, token: str) -> None:
        self._line = line
        if self._ended:
            raise self._refusal(f"{brief(token)}, expected nothing after the file's last parenthesis")
        if token == "(":
            if len(self._open) == MOST_DEPTH:
                raise self._refusal(f"more than {MOST_DEPTH} parentheses within each other")
            self._open.append([])
        elif not self._open:
            raise self._refusal(f"{brief(token)}, expected (SAIFILE")
        elif token == ")":
            self._close(self._open.pop())
            self._ended = not self._open
        elif len(self._open[-1]) >= 8:
            raise self._refusal(f"{brief(token)}, expected at most 8 words in a list")
        else:
            self._open[-1].append(token)
            if self._open[:1] != [["SAIFILE"]]:
                raise self._refusal(f"{brief(token)}, expected (SAIFILE")

    def result(self) -> Saif:
        """Return what was read, once the text has ended."""
        if not self._ended:
            raise self._refusal("the file ends, expected a parenthesis")
        if self._unit is None or self._duration is None:
            raise self._refusal("expected (TIMESCALE 1 ns) and (DURATION number) before the end")
        if not self._nets:
            raise self._refusal("no nets")
        for name, (_, time) in self._nets.items():
            if time > self._duration:
                raise ActivityError(f"{self._where}: net {brief(name)}: T0 + T1 is {time}, DURATION {self._duration}")
        nets = (NetActivity(name, toggles, time == self._duration) for name, (toggles, time) in self._nets.items())
        return Saif(self._duration * self._unit, tuple(nets))

    def _close(self, words: list[str]) -> None:
        depth = len(self._open)
        if self._open[-2:-1] == [["NET"]] and words[:1] in (["T0"], ["T1"], ["TC"]):
            self._counts[words[0]] = self._count(words)
        elif self._open[-1:] == [["NET"]]:
            self._net(words)
        elif depth == 1 and words[:1] == ["TIMESCALE"]:
            scale = " ".join(words[1:])
            match = re.fullmatch(r"(1|10|100) ?([munpf]?s)", scale)
            if not match:
                raise self._refusal(f"timescale {brief(scale)}, expected 1, 10 or 100 of {', '.join(UNITS_S)}")
            self._unit = int(match[1]) * UNITS_S[match[2]]
        elif depth == 1 and words[:1] == ["DURATION"]:
            self._duration = self._count(words)
            if not self._duration:
                raise self._refusal("duration is 0, expected more")

    def _net(self, words: list[str]) -> None:
        if len(words) != 1 or "TC" not in self._counts:
            raise self._refusal(f"net {brief(' '.join(words))}, expected (name (T0 n) (T1 n) (TC n))")
        # What stands in quotes before an instance's name is its module.
        steps = (step[-1] for step in self._open if step[:1] == ["INSTANCE"] and step[1:])
        path = "/".join([*steps, *words])
        if path in self._nets:
            raise self._refusal(f"net {brief(path)} stands twice")
        if len(self._nets) == MOST_NETS:
            raise self._refusal(f"more than {MOST_NETS:,} nets")
        self._nets[path] = self._counts["TC"], self._counts.get("T0", 0) + self._counts.get("T1", 0)
        self._counts = {}

    def _count(self, words: list[str]) -> int:
        text = " ".join(words[1:])
        whole, *_ = text.split(".")
        if not _COUNT.fullmatch(text) or int(whole) > MOST_TOGGLES:
            raise self._refusal(f"{words[0]} is {brief(text)}, expected a count in 0..{MOST_TOGGLES:g}")
        return int(whole)

    def _refusal(self, message: str) -> ActivityError:
        return ActivityError(f"{self._where}, line {self._line}: {message}")
