"""A recipe on every fold of a corpus of classes: what its networks come to on the speaker that each never heard."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from golden.checkpoint import Checkpoint
from training.errors import RecipeError
from training.preparation.class_corpora import CLASS_CORPORA
from training.preparation.corpora import speakers_of
from training.preparation.dataset import TEST
from training.stages.recipe import Settings, dataset, pipeline

__all__ = ["Learnt", "learn"]


@dataclass(frozen=True, kw_only=True)
class Learnt:
    """One fold's network, quantised, and how it does.

    Parameters
    ----------
    fold : int
    speaker : str
        Whose utterances it is tested on; it learnt from none of theirs.
    row : mapping
        Of the stage that is shipped (`training.stages.classes.measure_classes`): golden's integers ran.
    before : mapping or None
        Of the stage that it goes on from: float weights.
    checkpoint : Checkpoint
    codes : mapping of str to np.ndarray [shape=(frames, inputs), dtype=int8]
        Of every test utterance by name.
    """

    fold: int
    speaker: str
    row: Mapping[str, Any]
    before: Mapping[str, Any] | None
    checkpoint: Checkpoint
    codes: Mapping[str, np.ndarray]


def learn(
    settings: Settings, *, folds: Sequence[int], seed: int, each: Callable[[str], object] = lambda what: None
) -> Iterator[Learnt]:
    """Yield the network of each fold, learnt now if it is not there yet.

    Parameters
    ----------
    settings : Settings
        Its corpus is one of `training.preparation.class_corpora.CLASS_CORPORA`.
    folds : sequence of int
        Empty for all.
    seed : int
    each : callable, optional
        Called with a few words before each fold.

    Raises
    ------
    RecipeError
        A corpus of another task, or a fold that it does not have.
    FeatureError, StateError
        Speech that cannot be read, a training that fails.
    """
    corpus = settings.source.corpus
    if corpus not in CLASS_CORPORA:
        raise RecipeError(f"corpus {corpus!r}: expected one of classes: {', '.join(sorted(CLASS_CORPORA))}")
    recipe = settings.load_recipe()
    shipped = recipe.stages[recipe.shipped]
    speakers = speakers_of(settings.source)
    for fold in folds or range(len(speakers)):
        if not 0 <= fold < len(speakers):
            raise RecipeError(f"fold is {fold}, expected 0..{len(speakers) - 1}: a speaker each")
        each(f"fold {fold}, {speakers[fold]}")
        on_fold = dataclasses.replace(settings, source=dataclasses.replace(settings.source, fold=fold))
        data = dataset(on_fold, recipe)
        stages = pipeline(on_fold, recipe, data, seed=seed)
        yield Learnt(
            fold=fold,
            speaker=speakers[fold],
            row=stages.row(recipe.shipped),
            before=stages.row(shipped.start) if shipped.start else None,
            checkpoint=stages.checkpoint(recipe.shipped),
            codes={
                str(data.names[which]): data.codes[data.starts[which] : data.starts[which + 1]]
                for which in data.members(TEST)
            },
        )
