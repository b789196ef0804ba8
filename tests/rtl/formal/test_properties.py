"""Each property holds, is about something that occurs, and survives no fault; what it assumes is shown or said."""

from __future__ import annotations

import re

import pytest

from rtl.formal.harness import Assumption
from rtl.formal.properties import build_properties, discharged
from rtl.formal.prover import holds, is_reached, notices
from rtl.formal.sizes import SIZES, SMALL

# Those with the neurons in them take longer.
SLOW = ("serves_only_its_entries", "keeps_a_pass", "clears_at_reset")
NAMES = [
    "stays_inside_the_memories",
    "serves_only_its_entries",
    "finds_the_lowest_one",
    "visits_each_one_once",
    "keeps_a_pass",
    "gives_each_word_once",
    "keeps_the_first_greatest",
    "feeds_the_output",
    "returns_to_idle",
    "counts_its_cycles",
    "clears_at_reset",
    "takes_what_it_can",
    "takes_what_it_can_for_arg_max",
    "starts_only_whole_frames",
    "passes_each_word_on",
    "keeps_what_it_offers",
]
MARKED = [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in NAMES]
# At the other sizes: those whose text has most of the sizes in it.
ELSEWHERE = ("finds_the_lowest_one", "gives_each_word_once", "keeps_the_first_greatest", "returns_to_idle")


@pytest.fixture(scope="module")
def properties(off_the_stack):
    return off_the_stack(build_properties)


def test_every_property_is_here(properties):
    assert list(properties) == NAMES


@pytest.mark.parametrize("name", MARKED)
def test_it_holds(properties, name):
    assert holds(properties[name])


@pytest.mark.parametrize("name", MARKED)
def test_it_is_about_something_that_occurs(properties, name):
    assert is_reached(properties[name])


@pytest.mark.parametrize("name", MARKED)
def test_every_fault_breaks_it(properties, name):
    assert properties[name].mutants
    survived = [mutant for mutant in properties[name].mutants if not notices(properties[name], mutant)]
    assert not survived


@pytest.mark.slow
@pytest.mark.parametrize("size", [size for size in SIZES if size != "small"])
def test_it_holds_at_other_sizes(off_the_stack, size):
    found = off_the_stack(build_properties, SIZES[size])
    assert list(found) == NAMES
    assert [name for name in ELSEWHERE if not holds(found[name])] == []


def test_more_inputs_than_a_byte_counts(off_the_stack):
    assert holds(off_the_stack(build_properties, SMALL.replace(inputs=300))["starts_only_whole_frames"])


def test_what_a_property_assumes_is_all_that_its_text_assumes(properties):
    for wanted in properties.values():
        said = [entry.assumed.strip() for entry in wanted.assumes]
        assert [line.strip() for line in wanted.text.splitlines() if re.search(r"\bassume\b", line)] == said
        assert all(wanted.text.count(entry.asserted) == 1 for entry in wanted.discharges)


def test_each_assumption_is_shown_by_a_property_or_said_to_be_the_environment_s(properties):
    shown_by = {
        (name, entry.name): discharged(properties, entry)
        for name, wanted in properties.items()
        for entry in wanted.assumes
    }
    assert shown_by["gives_each_word_once", "enough_pairs"] == "feeds_the_output"
    assert shown_by["stays_inside_the_memories", "vectors_in_their_pass"] == "serves_only_its_entries"
    assert shown_by["returns_to_idle", "first_reset"] == "environment: whoever switches it on"
    # In a circle, each would be shown by what it is assumed for.
    needs = {name: {by for (of, _), by in shown_by.items() if of == name and by in properties} for name in properties}
    while needs:
        free = {name for name, others in needs.items() if not others & set(needs)}
        assert free, f"a circle: {sorted(needs)}"
        needs = {name: others for name, others in needs.items() if name not in free}


def test_an_assumption_that_nobody_shows_is_refused(properties):
    orphan = Assumption(name="orphan", says="nothing", holds="1")
    with pytest.raises(ValueError, match="orphan: no property shows it"):
        discharged(properties, orphan)
    # To assume it is not to show it.
    assert [name for name, wanted in properties.items() if orphan in wanted.discharges] == []
