"""The counts of noticed mutants: by property, by any, and what is left with its reason."""

from __future__ import annotations

from collections import Counter

import pytest

from experiments.hardware import property_mutants
from experiments.hardware.property_mutants import mutants_noticed
from rtl.formal.properties import build_properties


@pytest.fixture
def answers(monkeypatch, tmp_path):
    """Stand in for the solvers, which have tests of their own."""
    monkeypatch.setenv("RSNN_CACHE", str(tmp_path))
    said = {"keeps_the_first_greatest": {1: 3, 2: 3}, "gives_each_word_once": {2: 6}, "keeps_what_it_offers": {}}
    monkeypatch.setattr(property_mutants, "noticed", lambda wanted, block, *, cycles: said[wanted.name])
    monkeypatch.setattr(property_mutants, "held_values", lambda texts, module, numbers: {numbers[0]: "lane"})
    monkeypatch.setattr(
        property_mutants, "proved_equal", lambda texts, numbers, top: {top: frozenset(numbers[top][:-1])}
    )
    return said


def test_the_rows(answers, off_the_stack):
    properties = {name: entry for name, entry in off_the_stack(build_properties).items() if name in answers}
    counts, left = mutants_noticed(properties)
    noticed = {(row["block"], row["property"]): row["noticed"] for row in counts}
    assert noticed == {
        ("output", "gives_each_word_once"): 1,
        ("output", "keeps_the_first_greatest"): 2,
        ("axi_stream (arg-max)", "keeps_what_it_offers"): 0,
        ("output", "any"): 2,
        ("axi_stream (arg-max)", "any"): 0,
    }
    mutants = {row["block"]: row["mutants"] for row in counts}
    for block, missed in (("output", mutants["output"] - 2), ("axi_stream (arg-max)", mutants["axi_stream (arg-max)"])):
        assert Counter(row["why"] for row in left if row["block"] == block) == {
            "keeps a value": 1,
            "equal": missed - 2,
            "not noticed": 1,
        }
    # A second time from what is kept.
    answers.clear()
    assert mutants_noticed(properties) == (counts, left)
