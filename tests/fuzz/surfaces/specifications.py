"""Specifications and settings of the front-end, as JSON in a file's header."""

from __future__ import annotations

import random
from pathlib import Path

from features.frontend import FrontEndSettings
from files.reading import parse_json
from golden.layout import build_layout
from golden.specification import Specification
from tests.fuzz.case import Case
from tests.fuzz.mutation import json_mutated
from tests.fuzz.surface import Finding, Surface

SMALL = Specification(
    inputs=5, input_bits=4, layers=(8, 8), outputs=12, lanes=8, logits_per_cycle=4, membrane_bits=(9, 8),
        thresholds=(20, 15),
)  # fmt: skip
SEEDS = [Specification().to_json(), SMALL.to_json(), SMALL.replace(
    layers=(3,), recurrent=(False,), input_shifts=(1,), recurrent_shifts=(0,), leaks=(2,), thresholds=(9,),
        membrane_bits=(8,), time_steps=1,
).to_json()]  # fmt: skip
# A layout has a field for every plane of every register: of these sizes it is built in no time.
_MOST_LANES = 1 << 12


def generate(rng: random.Random) -> Case:
    """Return JSON of a specification, or of a front-end's settings, changed."""
    front_end = rng.random() < 0.3
    seed = FrontEndSettings().to_json() if front_end else rng.choice(SEEDS)
    return Case({"given.json": json_mutated(rng, seed)}, "given.json", {"front_end": front_end, "names_no_file": True})


def run(case: Case, folder: Path) -> None:
    """Build it; what it says of itself must be finite, and its JSON give it back."""
    given = parse_json(case.path(folder).read_bytes(), str(case.path(folder)))
    if case.words["front_end"]:
        settings = FrontEndSettings.from_json(given)
        if FrontEndSettings.from_json(settings.to_json()) != settings:
            raise Finding("its JSON gives another: front-end settings")
        return
    spec = Specification.from_json(given)
    if Specification.from_json(spec.to_json()) != spec:
        raise Finding("its JSON gives another: specification")
    sizes = (spec.frame_budget, spec.row_bits, spec.groups, spec.group_pairs, spec.accumulator_bits, spec.logit_bits)
    if not all(type(size) is int and size >= 0 for size in sizes):
        raise Finding(f"sizes are {sizes}, expected whole numbers")
    if spec.lanes <= _MOST_LANES and max(spec.outputs, *spec.layers) <= _MOST_LANES:
        build_layout(spec)


SURFACE = Surface("specifications", generate, run, share=10)
