"""Folding to the 39 scored phones, against the published groups."""

from __future__ import annotations

import pytest

from features.corpora.phones import PHONES_39, PHONES_48, fold_phone, fold_phones, fold_to_48
from features.errors import CorpusError

# Lee and Hon (1989), table of folded phones, over TIMIT's 61 symbols.
GROUPS = {
    "aa": "aa ao", "ah": "ah ax ax-h", "er": "er axr", "hh": "hh hv", "ih": "ih ix", "l": "l el", "m": "m em",
    "n": "n en nx", "ng": "ng eng", "sh": "sh zh", "uw": "uw ux",
    "sil": "pcl tcl kcl bcl dcl gcl h# pau epi",
}  # fmt: skip
ALONE = "iy eh ey ae aw ay oy ow uh w y r dh th f v s z ch jh b p d dx t g k".split()


def test_all_61_symbols() -> None:
    symbols = {symbol: group for group, members in GROUPS.items() for symbol in members.split()}
    symbols |= {symbol: symbol for symbol in ALONE}
    assert len(symbols) == 60
    for symbol, group in symbols.items():
        assert fold_phone(symbol) == group
    assert fold_phone("q") is None
    assert set(symbols.values()) == set(PHONES_39)
    assert len(PHONES_39) == 39


# The same paper's 48 phones, where they differ from the symbol.
MODELLED = {
    "ax": "ax ax-h", "er": "er axr", "hh": "hh hv", "m": "m em", "n": "n nx", "ng": "ng eng", "uw": "uw ux",
    "cl": "pcl tcl kcl", "vcl": "bcl dcl gcl", "sil": "h# pau",
}  # fmt: skip


def test_all_61_symbols_by_way_of_48() -> None:
    symbols = " ".join([*GROUPS.values(), *ALONE]).split()
    modelled = {symbol: group for group, members in MODELLED.items() for symbol in members.split()}
    for symbol in symbols:
        assert fold_to_48(symbol) == modelled.get(symbol, symbol)
    assert fold_to_48("q") is None
    assert {fold_to_48(symbol) for symbol in symbols} == set(PHONES_48)
    assert len(PHONES_48) == len(set(PHONES_48)) == 48
    # Folding in two steps is folding at once.
    assert all(fold_phone(phone) == fold_phone(symbol) for symbol in symbols if (phone := fold_to_48(symbol)))


def test_arpabet_with_stress_and_position() -> None:
    assert fold_phones(["W_B", "IY0_E", "AO2_I", "ZH_S"]) == ["w", "iy", "aa", "sh"]
    assert fold_phones(["q", "h#", "q", "ax-h", "SIL"]) == ["sil", "ah", "sil"]


@pytest.mark.parametrize("symbol", ["xx", "", "_B", "aa3", "aa00", "aa_X", "aa aa", "h##"])
def test_unknown_symbols(symbol: str) -> None:
    with pytest.raises(CorpusError) as refused:
        fold_phone(symbol)
    assert str(refused.value) == f"phone {symbol!r}: expected a TIMIT or ARPAbet symbol"
