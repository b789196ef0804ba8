"""The table of sources: what ships is valid, and damage is named by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from power.errors import ConstantsError
from power.sources import KINDS, TABLE, Source, load_sources


def test_the_shipped_table() -> None:
    sources = load_sources()
    assert sources["horowitz_8KB_read"] == Source(10_000.0, "fJ", "45", 0.9, "cited")
    assert {source.kind for source in sources.values()} == set(KINDS)


def test_what_is_common_practice_is_an_assumption() -> None:
    for line in TABLE.read_text().splitlines():
        assert ("not seen in a source" in line) == (",assumption," in line), line


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("nangate45_nand2_pin,", "ihp130_nand2_pin,", "line 3: name 'ihp130_nand2_pin', expected one that stands once"),
        ("nangate45_nand2_pin,", ",", "line 2: name '', expected one that stands once"),
        ("pin,fF,45", "pin,,45", "line 2: unit of nangate45_nand2_pin is empty"),
        (",1.574,", ",nan,", "line 2: value is 'nan', expected a number above 0"),
        (",1.574,", ",-1.574,", "line 2: value is '-1.574', expected a number above 0"),
        (",45,1.1,", ",45,0,", "line 2: vdd_V is '0', expected a number above 0"),
        (",45,1.1,", ",old,1.1,", "line 2: node_nm is 'old', expected a number above 0"),
        (",cited,", ",derived,", "line 2: kind 'derived', expected one of cited, run, assumption"),
        ("name,unit", "name,units", "line 1: columns"),
    ],
)
def test_damage_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "sources.csv"
    text = TABLE.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ConstantsError) as refused:
        load_sources(path)
    assert str(refused.value).startswith(str(path))
    assert message in str(refused.value)


def test_a_row_names_its_source(tmp_path: Path) -> None:
    path = tmp_path / "sources.csv"
    path.write_text(TABLE.read_text().splitlines()[0] + "\na,fJ,45,1,25,1,cited,,\n")
    with pytest.raises(ConstantsError, match="line 2: source of a is empty"):
        load_sources(path)
