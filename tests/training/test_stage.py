"""Recipes: the shipped ones are sound, and a wrong one is refused by file, field and what was expected."""

import pytest

from training.errors import RecipeError
from training.stage import RECIPES, load_recipe, with_seed

GOOD = """
shipped = "small"
senones = 200
speeds = [0.9, 1]
[defaults]
epochs = 2
learning_rate = 1e-3
[stages.wide]
width = 64
[stages.small]
start = "wide"
width = 32
targets = "senones"
fc_pruned = 0.4
quantised = true
epochs = 3
mutual_information = 1
"""


def load(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return load_recipe(path)


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.toml")), ids=lambda path: path.stem)
def test_the_shipped_recipes_are_sound(path):
    recipe = load_recipe(path)
    assert recipe.stages[recipe.shipped].quantised


def test_the_papers_chain_is_the_default():
    recipe = load_recipe()
    chain, name = [], recipe.shipped
    while name:
        chain.insert(0, recipe.stages[name])
        name = chain[0].start
    assert [stage.width for stage in chain] == [256, 128, 128, 128, 128]
    assert [stage.fc_pruned for stage in chain] == [0, 0, 0, 0.4, 0.4]
    assert [stage.quantised for stage in chain] == [False] * 4 + [True]
    assert recipe.senones == 1920
    assert chain[-1].time_steps == 2


def test_defaults_and_stages_are_read(tmp_path):
    recipe = load(tmp_path, GOOD)
    assert recipe.senones == 200
    assert recipe.speeds == (0.9, 1.0)
    wide, small = recipe.stages.values()
    assert (wide.name, wide.width, wide.plan.epochs, wide.start) == ("wide", 64, 2, "")
    assert (small.plan.epochs, small.plan.weights.mutual_information) == (3, 1.0)
    assert with_seed(small, 7).plan.seed == 7
    fixed = load(tmp_path, GOOD.replace("width = 64", "width = 64\nseed = 5")).stages["wide"]
    assert with_seed(fixed, 7).plan.seed == 5


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("senones = 200", "senones = 0", r"senones is 0, expected an integer in 1..30000"),
        ("senones = 200", "senons = 200", r"senons is unknown, expected one of dev_speakers, label_delay"),
        ("speeds = [0.9, 1]", "speeds = [0.9, 3]", r"speeds is \[0.9, 3\], expected numbers in 0.5..2"),
        ("speeds = [0.9, 1]", "speeds = 0.9", r"speeds is 0.9, expected numbers"),
        ("width = 64", "width = 64.0", r"stages.wide.width is 64.0, expected an integer"),
        ("width = 64", "width = true", r"stages.wide.width is True, expected an integer"),
        ("width = 64", "time_steps = 3", r"stages.wide.time_steps is 3, expected an integer in 1..2"),
        ("width = 64", 'network = "cnn"', r"stages.wide.network is 'cnn', expected one of 'spiking', 'lstm'"),
        ("quantised = true", 'quantised = "yes"', r"stages.small.quantised is 'yes', expected true or false"),
        ("quantised = true", "quantised = false", r"shipped is 'small', expected a stage with quantised = true"),
        ("fc_pruned = 0.4", "fc_pruned = nan", r"fc_pruned is nan, expected a number in 0..0.999"),
        ('start = "wide"', 'start = "none"', r"stages.small needs 'none', expected one of the stages above it"),
        ('start = "wide"', 'start = "small"', r"stages.small needs 'small', expected one of the stages above it"),
        ('start = "wide"', 'start = "wide"\nteacher = "wide"', r"stages.small: teacher and distillation, expected"),
        ("width = 64", "width = 64\n[stages.x]\nwidth = 65\nstart = 'wide'", r"stages.x.width is 65, expected at most"),
        ("width = 64", 'network = "gru"', r"stages.small.start: wide is no spiking network"),
        ("width = 64", 'targets = "senones"\n[stages.y]\nstart = "wide"', r"stages.y.targets: wide has senones"),
        ("width = 64", 'network = "gru"\nquantised = true', r"stages.wide: a baseline is neither quantised"),
        ("[defaults]\nepochs = 2", "[defaults]", r"stages.wide.epochs is missing, expected an integer"),
        ("[stages.wide]\nwidth = 64", "[stages]\nwide = 3", r"stages.wide is 3, expected a table"),
        ("[defaults]", "[defaults", r"mine.toml: not a recipe"),
    ],
)
def test_refusals_name_file_field_and_what_was_expected(tmp_path, old, new, message):
    assert old in GOOD
    with pytest.raises(RecipeError, match=rf"mine.toml: .*{message}|{message}") as refused:
        load(tmp_path, GOOD.replace(old, new, 1))
    assert "mine.toml" in str(refused.value)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(RecipeError, match=r"none.toml: not a recipe"):
        load_recipe(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecipeError, match=r"binary.toml: not a recipe"):
        load_recipe(tmp_path / "binary.toml")
