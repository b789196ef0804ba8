"""Training for one class an utterance, on tones that a small network tells apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from features.frontend import FrontEndSettings
from golden.checkpoint import load_checkpoint
from golden.forward import forward
from golden.recognition import decode_checkpoint
from tests.training.stages.tones import RECIPE, write_tones
from training.errors import RecipeError
from training.preparation.corpora import Source
from training.preparation.dataset import DEV, TEST, TRAIN
from training.stages.classes import ClassObjective, wrong
from training.stages.objective import Weights
from training.stages.recipe import Settings, dataset, pipeline, train_checkpoint


@pytest.fixture(scope="module")
def tones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tones(tmp_path_factory.mktemp("tones") / "fsdd")


def settings(tones: Path, folder: Path, *, layers: int = 2, recurrent: bool = True, fold: int = 0) -> Settings:
    recipe = folder / "recipe.toml"
    recipe.write_text(RECIPE.format(layers=layers, recurrent=str(recurrent).lower()))
    source = Source(corpus="fsdd", data=tones, work=folder / "work", fold=fold)
    return Settings(source=source, recipe=str(recipe), workers=1)


def test_the_loss_is_that_of_summed_logits() -> None:
    logits = torch.tensor([[1.0, 0.0], [2.0, -1.0], [0.0, 3.0]])
    targets, starts = torch.tensor([0, 0, 1]), torch.tensor([0, 2, 3])
    loss = ClassObjective(Weights(acoustic_scale=0.5))(logits, targets, np.zeros(3), starts)
    expected = [np.log1p(np.exp(0.5 * (-1 - 3))), np.log1p(np.exp(0.5 * (0 - 3)))]
    assert float(loss) == pytest.approx(np.mean(expected), rel=1e-6)


@pytest.mark.parametrize(("layers", "recurrent"), [(1, True), (2, False), (3, True)])
def test_a_network_of_integers_is_what_comes_of_it(tones: Path, tmp_path: Path, layers: int, recurrent: bool) -> None:
    given = settings(tones, tmp_path, layers=layers, recurrent=recurrent)
    said = train_checkpoint(given, seed=1, out=tmp_path / "out.npz")
    assert "class error rate" in said
    checkpoint = load_checkpoint(tmp_path / "out.npz")
    assert checkpoint.specification.layers == (16,) * layers
    assert checkpoint.specification.recurrent == (recurrent,) * layers
    assert checkpoint.specification.lanes == 16
    assert checkpoint.host is not None
    FrontEndSettings.from_json(checkpoint.host.front_end)
    recipe = given.load_recipe()
    data = dataset(given, recipe)
    row = pipeline(given, recipe, data, seed=1).row("integer")
    missed = 0
    for which in data.members(TEST):
        codes = data.codes[data.starts[which] : data.starts[which + 1]]
        (found,) = decode_checkpoint(checkpoint, forward(checkpoint, codes).logits)
        missed += found.phone != data.names[which][0]
    assert (missed, len(data.members(TEST))) == (row["test_wrong"], row["test_utterances"])
    assert checkpoint.provenance["figures"]["test_class_error"] == missed / 10


def test_errors_are_counted_by_the_label(tones: Path, tmp_path: Path) -> None:
    given = settings(tones, tmp_path, fold=3)
    data = dataset(given, given.load_recipe())
    members = data.members(TEST)
    assert {name.split("_")[1] for name in data.names[members]} == {"d"}
    best = [np.eye(10, dtype=np.int8)[[int(name[0])] * 3] for name in data.names[members]]
    assert wrong(data, TEST, best) == 0
    assert wrong(data, TEST, [best[1], *best[1:]]) == 1


def test_without_development_speakers_all_but_the_tested_one_are_learnt_from(tones: Path, tmp_path: Path) -> None:
    given = settings(tones, tmp_path, fold=3)
    recipe = Path(given.recipe)
    with_dev = dataset(given, given.load_recipe())
    assert {name.split("_")[1] for name in with_dev.names[with_dev.members(TRAIN)]} == {"b", "c"}
    recipe.write_text("dev_speakers = 0\n" + recipe.read_text())
    data = dataset(given, given.load_recipe())
    assert {name.split("_")[1] for name in data.names[data.members(TRAIN)]} == {"a", "b", "c"}
    assert not len(data.members(DEV))
    said = train_checkpoint(given, seed=1, out=tmp_path / "out.npz")
    assert "(test)" in said
    assert "(dev)" not in said
    figures = load_checkpoint(tmp_path / "out.npz").provenance["figures"]
    assert "test_class_error" in figures
    assert "dev_class_error" not in figures


def test_recipes_of_the_other_task_are_refused(tones: Path, tmp_path: Path) -> None:
    given = settings(tones, tmp_path)
    phones = Settings(source=given.source, recipe="small")
    with pytest.raises(RecipeError, match=r"targets is 'states', expected classes for the corpus fsdd"):
        dataset(phones, phones.load_recipe())
    digits = Settings(source=Source(corpus="synthetic", data=tones, work=tmp_path), recipe=given.recipe)
    with pytest.raises(RecipeError, match=r"targets is 'classes', expected states or senones"):
        dataset(digits, digits.load_recipe())
