"""Phone sets: TIMIT's 61 symbols and ARPAbet to the 39 phones on which recognition is scored (Lee and Hon 1989)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from features.errors import CorpusError

PHONES_39 = tuple(
    "aa ae ah aw ay b ch d dh dx eh er ey f g hh ih iy jh k l m n ng ow oy p r s sh t th uh uw v w y z sil".split()
)

# A name, ARPAbet's stress, Kaldi's position in the word (begin, inside, end, single).
_SYMBOL = re.compile(r"([A-Za-z#-]+)[012]?(?:_[BIES])?")

# 61 -> 39 where the name changes; None is deleted.
_FOLDED: dict[str, str | None] = {
    "ao": "aa",
    "ax": "ah",
    "ax-h": "ah",
    "axr": "er",
    "el": "l",
    "em": "m",
    "en": "n",
    "eng": "ng",
    "hv": "hh",
    "ix": "ih",
    "nx": "n",
    "ux": "uw",
    "zh": "sh",
    "q": None,
} | dict.fromkeys(("bcl", "dcl", "gcl", "pcl", "tcl", "kcl", "epi", "pau", "h#", "sil"), "sil")


def fold_phone(symbol: str) -> str | None:
    """Return the scored phone of a TIMIT or ARPAbet symbol, or None if it is deleted (``q``).

    ARPAbet's stress digit and Kaldi's word position are dropped: "AO0_I" is "aa".

    Raises
    ------
    CorpusError
        An unknown symbol.
    """
    parts = _SYMBOL.fullmatch(symbol)
    name = parts[1].lower() if parts else ""
    folded = _FOLDED.get(name, name)
    if folded is not None and folded not in PHONES_39:
        raise CorpusError(f"phone {symbol!r}: expected a TIMIT or ARPAbet symbol")
    return folded


def fold_phones(symbols: Iterable[str]) -> list[str]:
    """Fold a sequence, leaving deleted phones out."""
    return [phone for phone in map(fold_phone, symbols) if phone is not None]
