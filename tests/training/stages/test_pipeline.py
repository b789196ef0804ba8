"""A stage's result holds as long as nothing that it depends on changes; a checkpoint that does not fit is refused."""

import dataclasses
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from golden.specification import Specification
from training.errors import RecipeError, SenoneError
from training.preparation.dataset import DEV, TEST, TRAIN, collect
from training.preparation.labels import FrameLabels
from training.preparation.senones import SenoneTrees
from training.stages.pipeline import Pipeline
from training.stages.stage import load_recipe

NAMES = ("sil", "aa", "b")
RECIPE = """
shipped = "small"
senones = 9
least_frames = 1
label_delay_frames = 1
[defaults]
batch = 4
width = 8
epochs = 1
learning_rate = 1e-2
[stages.wide]
width = 12
[stages.small]
start = "wide"
quantised = true
[stages.taught]
teacher = "wide"
distillation = 1.0
[stages.shared]
seed = 5
[stages.gone-on]
start = "checkpoint"
targets = "senones"
quantised = true
"""


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(3)
    parts = [TRAIN] * 6 + [DEV, TEST]
    lengths = rng.integers(30, 50, len(parts))
    states = [np.repeat(rng.integers(0, 3, 20), 3)[:n] * 3 + np.tile(np.arange(3), 20)[:n] for n in lengths]
    means = rng.normal(size=(9, 6)) * 50
    codes = [np.clip(means[state] + rng.normal(size=(len(state), 6)) * 10, -128, 127) for state in states]
    return collect(
        names=[f"u{number}" for number in range(len(parts))], parts=parts,
        codes=[code.astype(np.int8) for code in codes],
        labels=[FrameLabels(*(row.astype(np.int16) for row in (state, state // 3, state // 3))) for state in states],
        sequences=[state[::3] // 3 for state in states], front_end={}, phone_names=NAMES,
    )  # fmt: skip


@pytest.fixture
def recipe(tmp_path):
    (tmp_path / "mine.toml").write_text(RECIPE)
    return load_recipe(tmp_path / "mine.toml")


@pytest.fixture(scope="module")
def work_of_small(data, tmp_path_factory):
    """Return the folder of a stage that is done."""
    work = tmp_path_factory.mktemp("done")
    (work / "mine.toml").write_text(RECIPE)
    done = at(data, load_recipe(work / "mine.toml"), work / "work")
    done.row("small")
    return done.folder("small")


def at(data, recipe, work, **given):
    spec = given.pop("specification", Specification(inputs=6, lanes=16))
    return Pipeline(data, recipe, work, seed=given.pop("seed", 1), specification=spec, **given)


def with_epochs(recipe, name, epochs):
    stage = recipe.stages[name]
    changed = dataclasses.replace(stage, plan=dataclasses.replace(stage.plan, epochs=epochs))
    return dataclasses.replace(recipe, stages={**recipe.stages, name: changed})


def test_the_key_changes_with_all_that_a_stage_depends_on_and_nothing_else(data, recipe, tmp_path):
    plain = at(data, recipe, tmp_path)
    keys = {name: plain.key(name) for name in ("wide", "small", "taught", "shared")}
    assert len(set(keys.values())) == 4
    longer = at(data, with_epochs(recipe, "wide", 2), tmp_path)
    assert all(longer.key(name) != keys[name] for name in ("wide", "small", "taught"))
    assert longer.key("shared") == keys["shared"]
    other = at(data, recipe, tmp_path, seed=2)
    assert all(other.key(name) != keys[name] for name in ("wide", "small", "taught"))
    assert other.key("shared") == keys["shared"]
    codes = data.codes.copy()
    codes[0, 0] ^= 1
    assert at(dataclasses.replace(data, codes=codes), recipe, tmp_path).key("wide") != keys["wide"]
    renamed = dataclasses.replace(recipe.stages["wide"], what="another text")
    same = dataclasses.replace(recipe, stages={**recipe.stages, "wide": renamed})
    assert at(data, same, tmp_path).key("small") == keys["small"]
    thresholds = Specification(inputs=6, lanes=16, thresholds=(256, 64))
    assert at(data, recipe, tmp_path, specification=thresholds).key("wide") != keys["wide"]


def test_a_row_is_read_back_and_a_damaged_one_measured_again(data, recipe, tmp_path, capsys):
    row = at(data, recipe, tmp_path).row("small")
    assert row["widths"] == [8, 8]
    assert capsys.readouterr().err.count(": epoch") == 2
    path = at(data, recipe, tmp_path).folder("small") / "row.json"
    assert at(data, recipe, tmp_path).row("small") == row
    for damage in ("", "[]", path.read_text()[:40]):
        path.write_text(damage)
        assert at(data, recipe, tmp_path).row("small") == row
    assert ": epoch" not in capsys.readouterr().err
    checkpoint = at(data, recipe, tmp_path).checkpoint("small")
    assert checkpoint.specification.layers == (8, 8)
    # What the teacher says is kept, once for all that it teaches.
    at(data, recipe, tmp_path).row("taught")
    assert len(list(tmp_path.glob("wide-*/told.npy"))) == 1


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def forge(path):
    path.write_text(path.read_text().replace('"test_per": ', '"test_per": 0.0'))


@pytest.mark.parametrize(
    ("name", "damage"),
    [("checkpoint.npz", flip), ("checkpoint.npz", cut), ("checkpoint.npz", Path.unlink), ("log.csv", flip),
     ("log.csv", Path.unlink), ("row.json", forge), ("row.json", flip), ("row.json", cut)],
)  # fmt: skip
def test_what_a_stage_kept_is_made_anew_where_it_is_damaged(data, recipe, work_of_small, tmp_path, name, damage):
    whole = {path.name: path.read_bytes() for path in work_of_small.iterdir()}
    work = tmp_path / "work"
    shutil.copytree(work_of_small.parent, work)
    folder = at(data, recipe, work).folder("small")
    damage(folder / name)
    again = at(data, recipe, work)
    assert again.row("small")["test_per"] == json.loads(whole["row.json"])["row"]["test_per"]
    assert again.checkpoint("small").specification.layers == (8, 8)
    assert [epoch["epoch"] for epoch in again.log("small")] == ["1"]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == whole


def test_a_damaged_state_is_trained_anew_to_the_same_weights(data, recipe, work_of_small, tmp_path, capsys):
    work = tmp_path / "work"
    shutil.copytree(work_of_small.parent, work)
    folder = at(data, recipe, work).folder("small")
    flip(folder / "state.pt")
    (folder / "row.json").unlink()
    at(data, recipe, work).row("small")
    assert "state.pt: damaged, or of another training: begun anew" in capsys.readouterr().err
    assert (folder / "checkpoint.npz").read_bytes() == (work_of_small / "checkpoint.npz").read_bytes()


def test_a_row_of_utterances_cut_otherwise_is_not_used(data, recipe, work_of_small, tmp_path, capsys):
    work = tmp_path / "work"
    shutil.copytree(work_of_small.parent, work)
    starts = data.starts.copy()
    starts[1] += 1
    at(dataclasses.replace(data, starts=starts), recipe, work).row("small")
    assert capsys.readouterr().err.count(": epoch") == 2


def test_what_a_teacher_said_is_said_anew_where_it_is_damaged(data, recipe, tmp_path):
    at(data, recipe, tmp_path).network("taught")
    (told,) = tmp_path.glob("wide-*/told.npy")
    whole, beside = told.read_bytes(), told.with_suffix(".json").read_bytes()
    assert np.load(told).shape[1] == 9
    for damage in (
        lambda: flip(told), lambda: cut(told), told.unlink, told.with_suffix(".json").unlink,
        lambda: told.with_suffix(".json").write_text("[" * 500), lambda: flip(told.with_suffix(".json")),
    ):  # fmt: skip
        damage()
        again = at(data, recipe, tmp_path)
        again.network("taught")
        assert (told.read_bytes(), told.with_suffix(".json").read_bytes()) == (whole, beside)
    assert not list(tmp_path.rglob("*.part*"))


def test_a_long_chain_of_stages_and_teachers_is_no_more_work_than_its_stages(data, recipe, tmp_path):
    # Without keeping the keys of the stages before it, twice as much for each: 2^40.
    stages = {"s0": dataclasses.replace(recipe.stages["wide"], name="s0")}
    for number in range(1, 41):
        before = f"s{number - 1}"
        stages[f"s{number}"] = dataclasses.replace(
            recipe.stages["wide"], name=f"s{number}", start=before, teacher=before
        )
    assert len(at(data, dataclasses.replace(recipe, stages=stages), tmp_path).key("s40")) == 64


def test_two_at_once_leave_what_one_leaves(data, recipe, work_of_small, tmp_path):
    with ThreadPoolExecutor(2) as pool:
        rows = list(pool.map(lambda _: at(data, recipe, tmp_path).row("small"), range(2)))
    assert rows[0] == rows[1]
    folder = at(data, recipe, tmp_path).folder("small")
    assert (folder / "checkpoint.npz").read_bytes() == (work_of_small / "checkpoint.npz").read_bytes()
    names = {path.name for path in folder.iterdir()}
    assert names == {path.name for path in work_of_small.iterdir()}
    assert at(data, recipe, tmp_path).row("small") == rows[0]


def test_a_seed_that_is_none_is_refused_at_once(data, recipe, tmp_path):
    with pytest.raises(RecipeError, match=r"^seed is 100000000000000000000000000000, expected an integer in 0\.\."):
        at(data, recipe, tmp_path, seed=10**29)


def test_a_checkpoint_to_start_from_has_to_fit(data, recipe, tmp_path):
    identity = SenoneTrees(
        np.arange(9, dtype=np.int16), np.tile(np.arange(9, dtype=np.int16)[:, None, None], (1, 3, 3)), NAMES
    )
    start = at(data, recipe, tmp_path).checkpoint("small")
    row = at(data, recipe, tmp_path, start=start, trees=identity).row("gone-on")
    assert row["outputs"] == 9
    host = start.host
    shifted = dataclasses.replace(host, class_offset=host.class_offset + 1)
    keys = {
        at(data, recipe, tmp_path, start=one, trees=identity).key("gone-on")
        for one in (start, dataclasses.replace(start, host=shifted))
    }
    assert len(keys) == 2
    scrambled = dataclasses.replace(host, senone_state=host.senone_state[::-1].copy())
    for changed, message in (
        ({"host": None}, "no host section"),
        ({"host": dataclasses.replace(host, label_delay_frames=3)}, "label delay 3, 3 phones, expected 2, 1"),
        ({"host": scrambled}, "its outputs are not these tied states"),
        ({"specification": start.specification.replace(time_steps=1)}, "1 time steps"),
    ):
        wrong = dataclasses.replace(start, **changed)
        with pytest.raises(RecipeError, match=message):
            at(data, recipe, tmp_path, start=wrong, trees=identity).row("gone-on")
    with pytest.raises(RecipeError, match=r"expected a checkpoint to start from"):
        at(data, recipe, tmp_path, trees=identity).row("gone-on")
    foreign = dataclasses.replace(identity, phone_names=("sil", "aa", "k"))
    with pytest.raises(SenoneError, match=r"grown for other phones"):
        at(data, recipe, tmp_path, start=start, trees=foreign).row("gone-on")
