"""Switching activity (SAIF) of a user's own design, which is priced."""

from __future__ import annotations

import math
import random
import re
from pathlib import Path

from power.saif import read_saif
from tests.fuzz.case import Case
from tests.fuzz.mutation import bytes_mutated, name, number, placed, text_mutated
from tests.fuzz.surface import Finding, Surface

SEED = """(SAIFILE
  (SAIFVERSION "2.0")
  (DIRECTION "backward")
  (DESIGN "chip")
  (TIMESCALE 1 ns)
  (DURATION 1000)
  (INSTANCE chip
    (NET
      (clk (T0 500) (T1 500) (TX 0) (TC 200) (IG 0))
      (word\\[3\\] (T0 900) (T1 100) (TC 7))
    )
    (INSTANCE inner (NET (q (T0 1000) (T1 0) (TC 0))))
  )
)
"""


def generate(rng: random.Random) -> Case:
    """Return a SAIF file with damage or malice."""
    text = SEED
    change = rng.randrange(5)
    if change == 0:
        found = rng.choice(list(re.finditer(r"\b\d+\b", text)))
        text = text[: found.start()] + number(rng) + text[found.end() :]
    elif change == 1:
        word = rng.choice(["clk", "inner", "chip", "NET", "TC", "1 ns", "SAIFILE", "T0"])
        text = text.replace(word, rng.choice([name(rng), "", "(", ")", '"', "x" * 100_000, "1 fs", "3 ns"]), 1)
    elif change == 2:
        place = rng.randrange(len(text))
        put = rng.choice(["(" * 5000, ")" * 50, "(NET (a (TC 1)))" * 300, "(INSTANCE a " * 200, "\0", "9" * 5000])
        text = text[:place] + put + text[place:]
    content = text.encode("utf-8", "surrogateescape")
    if change == 3:
        content = bytes_mutated(rng, content)
    elif change == 4:
        content = text_mutated(rng, text)
    entries, argument = placed(rng, "activity.saif", content, suffix=".saif")
    return Case(entries, argument)


def run(case: Case, folder: Path) -> None:
    """Read it; what passes has a length of time and counts."""
    found = read_saif(case.path(folder))
    if not 0 < found.seconds < math.inf or not all(net.toggles >= 0 for net in found.nets):
        raise Finding(f"{found.seconds} s, or a negative count, passes")


SURFACE = Surface("activity_files", generate, run, share=6)
