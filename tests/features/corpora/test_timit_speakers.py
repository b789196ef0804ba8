"""The standard lists: sizes, sexes, regions, and that they share nobody."""

from __future__ import annotations

import re
from collections import Counter

from features.corpora.timit_speakers import (
    CORE_TEST_SPEAKERS,
    DEV_SPEAKERS,
    STANDARD_SENTENCES,
    standard_split,
)


def test_sizes_and_names() -> None:
    assert (len(CORE_TEST_SPEAKERS), len(DEV_SPEAKERS)) == (24, 50)
    assert not CORE_TEST_SPEAKERS.keys() & DEV_SPEAKERS.keys()
    for speaker, region in (CORE_TEST_SPEAKERS | DEV_SPEAKERS).items():
        assert re.fullmatch(r"[fm][a-z]{3}\d", speaker)
        assert region in range(1, 9)
    assert {name: 8 * speakers for name, speakers in (("train", 462), ("dev", 50), ("test", 24))} == STANDARD_SENTENCES


def test_two_men_and_one_woman_a_region_in_the_core_test_set() -> None:
    sexes = Counter((region, speaker[0]) for speaker, region in CORE_TEST_SPEAKERS.items())
    assert sexes == {(region, sex): count for region in range(1, 9) for sex, count in (("m", 2), ("f", 1))}


def test_the_development_set_covers_regions_and_sexes() -> None:
    assert set(DEV_SPEAKERS.values()) == set(range(1, 9))
    assert Counter(speaker[0] for speaker in DEV_SPEAKERS) == {"m": 32, "f": 18}


def test_splits() -> None:
    assert Counter(map(standard_split, [*CORE_TEST_SPEAKERS, *DEV_SPEAKERS])) == {"test": 24, "dev": 50}
    # A training speaker of the sample, and one of the test folder that is in neither list.
    assert {standard_split("fvmh0"), standard_split("mabw0")} == {""}
