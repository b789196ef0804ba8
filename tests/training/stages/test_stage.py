"""Recipes: the shipped ones are sound, and a wrong one is refused by file, field and what was expected."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from training.errors import RecipeError
from training.stages.stage import RECIPES, check_seed, load_recipe, with_seed

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
    path.write_text(text, encoding="utf-8", newline="")
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
        ("speeds = [0.9, 1]", "speeds = [0.9, 3]", r"speeds is \[0.9, 3\], expected up to 16 numbers in 0.5..2"),
        ("speeds = [0.9, 1]", "speeds = 0.9", r"speeds is 0.9, expected up to 16 numbers"),
        ("width = 64", "width = 64.0", r"stages.wide.width is 64.0, expected an integer"),
        ("width = 64", "width = true", r"stages.wide.width is True, expected an integer"),
        ("width = 64", "time_steps = 3", r"stages.wide.time_steps is 3, expected an integer in 1..2"),
        ("width = 64", 'network = "cnn"', r"stages.wide.network is 'cnn', expected one of 'spiking', 'lstm'"),
        ("quantised = true", 'quantised = "yes"', r"stages.small.quantised is 'yes', expected true or false"),
        ("quantised = true", "quantised = false", r"shipped is 'small', expected a stage with quantised = true"),
        ("width = 64", "width = 64\nweight_bits = 3", r"stages.wide.weight_bits is 3, expected quantised = true"),
        ("quantised = true", "quantised = true\nweight_bits = 9", r"weight_bits is 9, expected an integer in 2..8"),
        ("fc_pruned = 0.4", "fc_pruned = nan", r"fc_pruned is nan, expected a number in 0..0.999"),
        ('start = "wide"', 'start = "none"', r"stages.small needs 'none', expected one of the stages above it"),
        ('start = "wide"', 'start = "small"', r"stages.small needs 'small', expected one of the stages above it"),
        ('start = "wide"', 'start = "wide"\nteacher = "wide"', r"stages.small: teacher and distillation, expected"),
        ("width = 64", "width = 64\n[stages.x]\nwidth = 65\nstart = 'wide'", r"stages.x.width is 65, expected at most"),
        ("width = 64", 'network = "gru"', r"stages.small.start: wide is no spiking network"),
        ("width = 64", 'targets = "senones"\n[stages.y]\nstart = "wide"', r"stages.y.targets: wide has senones"),
        ("width = 64", 'network = "gru"\nquantised = true', r"stages.wide: a baseline is neither quantised"),
        ("width = 64", 'network = "lstm"\n[stages.z]\nnetwork = "lstm"\nstart = "wide"', r"stages.z: a baseline is n"),
        (
            "width = 64",
            'width = 64\n[stages.z]\nnetwork = "lstm"\nstart = "wide"\nquantised = true',
            r"stages.z.start: wide is no LSTM in floating point",
        ),
        (
            "width = 64",
            'network = "lstm"\n[stages.z]\nwidth = 4\nnetwork = "lstm"\nstart = "wide"\nquantised = true',
            r"stages.z: expected width 128 and targets 'states', as wide",
        ),
        ("[defaults]\nepochs = 2", "[defaults]", r"stages.wide.epochs is missing, expected an integer"),
        ("[stages.wide]\nwidth = 64", "[stages]\nwide = 3", r"stages.wide is 3, expected a table"),
        ("[defaults]", "[defaults", r"mine.toml: not a recipe"),
        ("senones = 200", "senones = " + "9" * 400, r"senones is an integer of 1,329 bits, expected an integer"),
        ("senones = 200", "senones = " + "9" * 5000, r"mine.toml: not a recipe: .*integer string"),
        ("senones = 200", "senones = 0x" + "f" * 6000, r"senones is an integer of 24,000 bits, expected an integer"),
        ("senones = 200", "senones = true", r"senones is True, expected an integer"),
        ("senones = 200", "senones = 1979-05-27", r"senones is datetime.date\(1979, 5, 27\), expected an integer"),
        ("speeds = [0.9, 1]", "speeds = [" + "1, " * 17 + "]", r"expected up to 16 numbers"),
        ("speeds = [0.9, 1]", "speeds = [" + "9" * 400 + "]", r"expected up to 16 numbers"),
        ("speeds = [0.9, 1]", "speeds = " + "[" * 20_000, r"mine.toml: not a recipe"),
        ("speeds = [0.9, 1]", "speeds = " + "{a=" * 20_000, r"mine.toml: not a recipe"),
        ("learning_rate = 1e-3", "learning_rate = 1e999", r"learning_rate is inf, expected a number"),
        ("learning_rate = 1e-3", "learning_rate = " + "9" * 400, r"learning_rate is an integer of 1,329 bits"),
        ("epochs = 2", "epochs = 100_001", r"epochs is 100001, expected an integer in 0..100000"),
        ("epochs = 2", 'what = "a\\nb"\nepochs = 2', r"what is 'a\\nb', expected a line of text, up to 200 characters"),
        ("epochs = 2", '"a\\nb" = 2', r"stages.wide.'a\\nb' is unknown, expected one of"),
        ("[stages.wide]", '[stages."a\\nb"]', r"stages.'a\\nb': expected letters, digits"),
        ("[stages.wide]", '[stages."../up"]', r"stages.'../up': expected letters, digits"),
        ("[stages.wide]", "[stages." + "a" * 65 + "]", r"expected letters, digits, _ . -, at most 64"),
        ("shipped =", "shipped = []\n#", r"shipped is \[\], expected a stage with quantised"),
    ],
)
def test_refusals_name_file_field_and_what_was_expected(tmp_path, old, new, message):
    assert old in GOOD
    with pytest.raises(RecipeError, match=rf"mine.toml: .*{message}|{message}") as refused:
        load(tmp_path, GOOD.replace(old, new, 1))
    assert "mine.toml" in str(refused.value)


def test_a_network_beyond_every_specification_is_refused(tmp_path):
    large = GOOD.replace("senones = 200", "senones = 30000").replace("width = 64", "width = 4096")
    large = large.replace("width = 32", "width = 4096")
    with pytest.raises(RecipeError, match=r"mine.toml: stages.small: specification: layers, outputs and lanes is"):
        load(tmp_path, large)


def test_more_stages_than_any_recipe_has_are_refused(tmp_path):
    with pytest.raises(RecipeError, match=r"mine.toml: 66 stages, expected at most 64"):
        load(tmp_path, GOOD + "".join(f"[stages.s{number}]\n" for number in range(64)))


@pytest.mark.parametrize("seed", [10**30, -1, 2**31, True, 1.0, "1"])
def test_a_seed_that_is_none_is_refused(tmp_path, seed):
    for refuse in (check_seed, lambda seed: with_seed(load(tmp_path, GOOD).stages["wide"], seed)):
        with pytest.raises(RecipeError, match=r"^seed is .*, expected an integer in 0..2,147,483,647"):
            refuse(seed)


def test_a_folder_is_no_recipe(tmp_path):
    with pytest.raises(RecipeError, match=r": is a folder, expected a recipe"):
        load_recipe(tmp_path)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_an_edited_recipe_is_one_or_refused(tmp_path, data):
    lines = GOOD.splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    key = lines[at].split("=")[0]
    lines[at] = data.draw(
        st.text(max_size=10)
        | st.sampled_from(["1e999", "9" * 500, "[" * 3000, "{}", "1979-05-27T07:32:00Z", '"""', "true", "-1"])
        .map(lambda value: f"{key}= {value}")
    )  # fmt: skip
    said = ""
    try:
        load(tmp_path, "\n".join(lines))
    except RecipeError as error:
        said = str(error)
    assert said.startswith(f"{tmp_path / 'mine.toml'}: ") or not said


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(RecipeError, match=r"none.toml: no such recipe"):
        load_recipe(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecipeError, match=r"binary.toml: no UTF-8 text \(byte 0\)"):
        load_recipe(tmp_path / "binary.toml")


@pytest.mark.parametrize(
    "line", ["a" + ".a" * 20_000 + " = 1", "[" + "a." * 20_000 + "a]", "a = {" + "a." * 20_000 + "a = 1}"]
)
def test_keys_of_thousands_of_names_are_refused_before_they_take_gigabytes(tmp_path, line):
    path = tmp_path / "mine.toml"
    path.write_text(f"senones = 160\n{line}\n")
    with pytest.raises(RecipeError, match=r"mine\.toml, line 2: 20,000 dots, expected at most 200"):
        load_recipe(path)
