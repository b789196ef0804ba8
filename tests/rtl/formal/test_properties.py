"""Each property holds, is about something that occurs, and does not survive a fault."""

from __future__ import annotations

import pytest

from rtl.formal.properties import SMALL, build_properties
from rtl.formal.prover import holds, is_reached, notices_its_mutant

NAMES = [
    pytest.param("returns_to_idle", marks=pytest.mark.slow),
    "stays_inside_the_memories",
    "visits_each_one_once",
    "gives_each_word_once",
    "starts_only_whole_frames",
    "keeps_what_it_offers",
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
def test_a_fault_breaks_it(properties, name):
    assert notices_its_mutant(properties[name])
