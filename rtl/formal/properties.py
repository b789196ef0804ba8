"""Every property of the accelerator and its streams, for a specification."""

from __future__ import annotations

from collections.abc import Mapping

from golden.schedule import build_schedule
from golden.specification import Specification
from rtl.design import build_design, build_stream_modules
from rtl.formal.frame_properties import counts_its_cycles, feeds_the_output, returns_to_idle
from rtl.formal.harness import Assumption, Property
from rtl.formal.output_properties import gives_each_word_once, keeps_the_first_greatest
from rtl.formal.reset_properties import clears_at_reset
from rtl.formal.sizes import SMALL
from rtl.formal.stream_properties import (
    keeps_what_it_offers,
    passes_each_word_on,
    starts_only_whole_frames,
    takes_what_it_can,
)
from rtl.formal.vector_properties import keeps_a_pass, serves_only_its_entries, stays_inside_the_memories
from rtl.formal.zero_skip_properties import finds_the_lowest_one, visits_each_one_once

__all__ = ["build_properties", "discharged"]


def build_properties(spec: Specification = SMALL) -> dict[str, Property]:
    """Return every property, by name, for a specification."""
    modules = dict(build_design(spec).modules)
    logits = build_stream_modules(spec, arg_max=False)
    best = build_stream_modules(spec, arg_max=True)
    schedule = build_schedule(spec)
    made = [
        stays_inside_the_memories(modules, schedule),
        serves_only_its_entries(modules, schedule),
        finds_the_lowest_one(modules, schedule),
        visits_each_one_once(modules, schedule),
        keeps_a_pass(modules, schedule),
        gives_each_word_once(modules, schedule),
        keeps_the_first_greatest(modules, schedule),
        feeds_the_output(modules, schedule),
        returns_to_idle(modules, schedule),
        counts_its_cycles(modules, schedule),
        clears_at_reset(modules, schedule),
        takes_what_it_can(logits, schedule),
        takes_what_it_can(best, schedule, name="takes_what_it_can_for_arg_max"),
        starts_only_whole_frames(logits, schedule),
        passes_each_word_on(logits, schedule),
        keeps_what_it_offers(best, schedule),
    ]
    return {entry.name: entry for entry in made}


def discharged(properties: Mapping[str, Property], assumption: Assumption) -> str:
    """Return which property shows an assumption, or who outside the accelerator has to see to it.

    Parameters
    ----------
    properties : mapping of str to Property
    assumption : Assumption

    Raises
    ------
    ValueError
        Nobody does.
    """
    if assumption.environment:
        return f"environment: {assumption.environment}"
    for name, wanted in properties.items():
        if assumption in wanted.discharges and assumption.asserted in wanted.text:
            return name
    raise ValueError(f"{assumption.name}: no property shows it, and it is not the environment's")
