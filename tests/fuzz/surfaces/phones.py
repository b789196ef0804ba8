"""Phone files (``START END PHONE``), as ``--reference`` takes them."""

from __future__ import annotations

import random
from pathlib import Path

from experiments.chain.references import fold_reference
from tests.fuzz.case import Case
from tests.fuzz.mutation import NAMES, NUMBERS, number, placed, text_mutated
from tests.fuzz.surface import Surface

PHONES = "0 2175 h#\n2175 4783 s\n4783 6350 eh\n6350 7294 v\n7294 7886 ax\n7886 9869 n\n9869 10765 g\n10765 12508 r\n"


def generate(rng: random.Random) -> Case:
    """Return a phone file with damage or malice."""
    change = rng.randrange(4)
    if change == 0:
        rows = [line.split() for line in PHONES.splitlines()]
        row = rng.choice(rows)
        at = rng.randrange(3)
        row[at] = rng.choice([rng.choice(NUMBERS), rng.choice(NAMES), number(rng), str(rng.randint(0, 1 << 40))])
        content = "\n".join(" ".join(row) for row in rows).encode("utf-8", "surrogateescape")
    elif change == 1:
        # Silence alone, nothing at all, only white space.
        content = rng.choice(
            [b"", b"\n", b"0 100 h#\n", b"0 1 q\n", b"\xef\xbb\xbf" + PHONES.encode(), b"\x00", b" \t\n"]
        )
    else:
        content = text_mutated(rng, PHONES)
    entries, argument = placed(rng, "speech.phn", content, suffix=rng.choice([".phn", ""]))
    return Case(entries, argument)


def run(case: Case, folder: Path) -> None:
    """Read it and fold its phones."""
    fold_reference(case.path(folder))


SURFACE = Surface("phones", generate, run, share=10)
