"""Each property holds, is about something that occurs, and survives no fault; each fault is one that it must notice."""

from __future__ import annotations

import pytest

from rtl.formal.properties import SMALL, build_properties
from rtl.formal.prover import holds, is_reached, notices

NAMES = [
    "stays_inside_the_memories",
    "visits_each_one_once",
    "gives_each_word_once",
    "starts_only_whole_frames",
    "passes_each_word_on",
    "keeps_what_it_offers",
    pytest.param("returns_to_idle", marks=pytest.mark.slow),
]  # fmt: skip


@pytest.fixture(scope="module")
def properties(off_the_stack):
    return off_the_stack(build_properties)


def test_every_property_is_here(properties):
    assert [getattr(name, "values", (name,))[0] for name in NAMES] == list(properties)


def test_the_small_size_has_what_matters():
    assert len(SMALL.layers) == 2
    assert any(layer > SMALL.lanes for layer in SMALL.layers)
    assert SMALL.outputs % (SMALL.lanes * 2)
    assert SMALL.outputs > SMALL.lanes * 2


@pytest.mark.parametrize("name", NAMES)
def test_it_holds(properties, name):
    assert holds(properties[name])


@pytest.mark.parametrize("name", NAMES)
def test_it_is_about_something_that_occurs(properties, name):
    assert is_reached(properties[name])


@pytest.mark.parametrize("name", NAMES)
def test_every_fault_breaks_it(properties, name):
    assert properties[name].mutants
    survived = [mutant for mutant in properties[name].mutants if not notices(properties[name], mutant)]
    assert not survived


def test_without_zero_skipping_nothing_is_said_of_it(off_the_stack):
    found = off_the_stack(build_properties, SMALL.replace(zero_skipping=False, merged_spike=False))
    assert "visits_each_one_once" not in found
    assert holds(found["stays_inside_the_memories"])


def test_more_inputs_than_a_byte_counts(off_the_stack):
    assert holds(off_the_stack(build_properties, SMALL.replace(inputs=300))["starts_only_whole_frames"])


def test_one_set_gives_its_words_and_reads_inside_the_memories(off_the_stack):
    found = off_the_stack(build_properties, SMALL.replace(pe_sets=1, parallel_time_steps=False))
    assert holds(found["stays_inside_the_memories"])
    words = found["gives_each_word_once"]
    assert holds(words)
    assert is_reached(words)
    assert words.mutants
    assert all(notices(words, mutant) for mutant in words.mutants)
