"""Phone sets: TIMIT's 61 symbols and ARPAbet, the 48 phones that are modelled, the 39 that are scored.

The two steps are those of Lee and Hon (1989): 61 -> 48 joins allophones, 48 -> 39 what scoring does not tell apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from features.errors import CorpusError

PHONES_39 = tuple(
    "aa ae ah aw ay b ch d dh dx eh er ey f g hh ih iy jh k l m n ng ow oy p r s sh t th uh uw v w y z sil".split()
)

PHONES_48 = tuple(
    "aa ae ah ao aw ax ay b ch cl d dh dx eh el en epi er ey f g hh ih ix iy jh k l m n ng ow oy p r s sh sil t th uh "
    "uw v vcl w y z zh".split()
)

# A name, ARPAbet's stress, Kaldi's position in the word (begin, inside, end, single).
_SYMBOL = re.compile(r"([A-Za-z#-]+)[012]?(?:_[BIES])?")

# 61 -> 48 where the name changes; None is deleted.
_TO_48: dict[str, str | None] = (
    {
        "ax-h": "ax",
        "axr": "er",
        "em": "m",
        "eng": "ng",
        "hv": "hh",
        "nx": "n",
        "ux": "uw",
        "h#": "sil",
        "pau": "sil",
        "q": None,
    }
    | dict.fromkeys(("pcl", "tcl", "kcl"), "cl")
    | dict.fromkeys(("bcl", "dcl", "gcl"), "vcl")
)

# 48 -> 39 where the name changes.
_TO_39 = {"ao": "aa", "ax": "ah", "el": "l", "en": "n", "ix": "ih", "zh": "sh", "cl": "sil", "vcl": "sil", "epi": "sil"}


def fold_to_48(symbol: str) -> str | None:
    """Return the modelled phone, one of `PHONES_48`, of a TIMIT or ARPAbet symbol, or None if it is deleted (``q``).

    ARPAbet's stress digit and Kaldi's word position are dropped: "AO0_I" is "ao".

    Raises
    ------
    CorpusError
        An unknown symbol.
    """
    parts = _SYMBOL.fullmatch(symbol)
    name = parts[1].lower() if parts else ""
    folded = _TO_48.get(name, name)
    if folded is not None and folded not in PHONES_48:
        raise CorpusError(f"phone {symbol[:40]!r}: expected a TIMIT or ARPAbet symbol")
    return folded


def fold_phone(symbol: str) -> str | None:
    """Return the scored phone, one of `PHONES_39`, of a TIMIT or ARPAbet symbol, or None if it is deleted (``q``).

    Raises
    ------
    CorpusError
        An unknown symbol.
    """
    folded = fold_to_48(symbol)
    return None if folded is None else _TO_39.get(folded, folded)


def fold_phones(symbols: Iterable[str]) -> list[str]:
    """Fold a sequence, leaving deleted phones out."""
    return [phone for phone in map(fold_phone, symbols) if phone is not None]
