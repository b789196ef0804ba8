"""Recipes (TOML)."""

from __future__ import annotations

import random
import re
from pathlib import Path

from tests.fuzz.case import Case
from tests.fuzz.mutation import name, number, placed, text_mutated
from tests.fuzz.surface import Surface
from training.stages.stage import RECIPES, load_recipe

SEEDS = [path.read_text(encoding="utf-8") for path in sorted(RECIPES.glob("*.toml"))]


def generate(rng: random.Random) -> Case:
    """Return a recipe with damage or malice."""
    text = rng.choice(SEEDS)
    if rng.random() < 0.6:
        # The value of a field, or a stage's name.
        fields = list(re.finditer(r"(?m)^(?:\w+ = (.+)|\[stages\.(.+)\])$", text))
        for field in rng.sample(fields, rng.randint(1, 2)):
            at = 1 if field[1] is not None else 2
            value = field[at]
            put = rng.choice([
                number(rng), f'"{name(rng)}"', name(rng), "[]", "{}", "1979-05-27T07:32:00Z", "true", "''", "[" * 2000,
                "{a = " * 500 + "1" + "}" * 500, "'''", value + value, f"[{value}]", "-" + value, ".".join("a" * 900),
            ])  # fmt: skip
            text = text.replace(field[0], field[0].replace(value, put), 1)
        content = text.encode("utf-8", "surrogateescape")
    else:
        content = text_mutated(rng, text)
    entries, argument = placed(rng, "recipe.toml", content, suffix=rng.choice([".toml", ""]))
    return Case(entries, argument)


def run(case: Case, folder: Path) -> None:
    """Read it."""
    load_recipe(case.path(folder))


SURFACE = Surface("recipes", generate, run, share=8)
