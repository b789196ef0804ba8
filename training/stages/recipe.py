"""From a corpus to a checkpoint that golden and the RTL run, in one command: ``rsnn train``.

What each step leaves lies in the work folder (alignments, synthetic speech, features, every stage's training), and is
not done again while its inputs stay the same; a training that was killed goes on from the last epoch that finished.
"""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from features.errors import CorpusError, FeatureError
from files.reading import brief
from files.writing import make_folder
from golden.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from golden.errors import CheckpointError
from training.errors import MissingExtraError, RecipeError, SenoneError
from training.preparation.class_corpora import CLASS_CORPORA
from training.preparation.corpora import Source, load, phone_set
from training.preparation.dataset import DEV, TEST, TRAIN, Dataset
from training.preparation.labels import PHONE_SETS, SILENCE, STATES_PER_PHONE
from training.preparation.prepare import Preparation, prepare
from training.preparation.senones import SenoneTrees
from training.stages.classes import ClassPipeline
from training.stages.measure import rates_of
from training.stages.pipeline import Pipeline
from training.stages.stage import DEFAULT_RECIPE, RECIPES, Recipe, check_seed, load_recipe
from training.stages.timing import use_threads

_MOST_WORKERS = 1024
_PARTS = {"train": TRAIN, "dev": DEV, "test": TEST}
_CAVEATS = {
    "speechocean762": "phone error rates are against the canonical phones of non-native speakers, trained on machine "
    "labels; never to be set beside a TIMIT figure",
    "timit_sample": "twelve speakers; never to be set beside a TIMIT figure",
    "fsdd": "a handful of speakers, one of them to test: never to be set beside a figure of random splits",
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the commands that train have in common.

    Parameters
    ----------
    source : training.preparation.corpora.Source
    recipe : str
        Name of a file in ``training/recipes``, without its suffix, or a path.
    workers : int
        Processes and threads; figures may differ in the last digits between numbers of threads.
    device : str
        "cpu" or "cuda".
    trees : Path or None
        Tied states to reuse (``senones-*.npz`` of another run).

    Raises
    ------
    RecipeError
        Workers beyond 1..1,024.
    """

    source: Source
    recipe: str = DEFAULT_RECIPE.stem
    workers: int = 2
    device: str = "cpu"
    trees: Path | None = None

    def __post_init__(self) -> None:
        if type(self.workers) is not int or not 1 <= self.workers <= _MOST_WORKERS:
            raise RecipeError(f"workers is {brief(self.workers)}, expected an integer in 1..{_MOST_WORKERS:,}")

    def load_recipe(self) -> Recipe:
        """Read the recipe, once it is clear that it can be run here, and that the tied states to reuse are some.

        Raises
        ------
        RecipeError, SenoneError, MissingExtraError
            Names the file or option, and what was expected.
        """
        if self.device == "cuda" and not torch.cuda.is_available():
            raise MissingExtraError("--device cuda: this torch finds no such device; expected cpu, or another torch")
        named = RECIPES / f"{self.recipe}.toml"
        if self.trees is not None:
            SenoneTrees.load(self.trees)
        if os.path.isfile(named):
            return load_recipe(named)
        if not os.path.isfile(self.recipe):
            known = ", ".join(sorted(path.stem for path in RECIPES.glob("*.toml")))
            raise RecipeError(f"recipe {brief(self.recipe)}: expected the path of a .toml file or one of {known}")
        return load_recipe(Path(self.recipe))


def dataset(settings: Settings, recipe: Recipe, *, start: Checkpoint | None = None) -> Dataset:
    """Prepare the speech of a source; with a checkpoint to start from, by that checkpoint's front-end.

    Raises
    ------
    FeatureError, AlignmentError, SynthesisError
        Speech that cannot be prepared; names the file.
    SenoneError
        A recipe of fewer tied states than the corpus has states.
    CheckpointError
        Front-end settings of `start` that are none; names its file.
    """
    from features.frontend import FrontEndSettings

    source = settings.source
    classes = CLASS_CORPORA[source.corpus].classes if source.corpus in CLASS_CORPORA else ()
    choices = Preparation(
        speeds=recipe.speeds,
        front_end=FrontEndSettings(prior_frames=recipe.prior_frames),
        skip_damaged=source.skip_damaged,
        workers=settings.workers,
    )
    for stage in recipe.stages.values():
        if (stage.targets == "classes") != bool(classes):
            expected = "classes" if classes else "states or senones"
            raise RecipeError(
                f"recipe {settings.recipe}: stages.{stage.name}.targets is {stage.targets!r}, expected {expected} for "
                f"the corpus {source.corpus}"
            )
    if classes:
        return prepare(load(source, recipe), source.work / "features", choices, classes=classes)
    states = len(PHONE_SETS[phone_set(source)]) * STATES_PER_PHONE
    tied = [stage.name for stage in recipe.stages.values() if stage.targets == "senones"]
    if tied and settings.trees is None and recipe.senones < states:
        raise SenoneError(f"recipe {settings.recipe}: senones is {recipe.senones}, expected at least {states} states")
    if start is not None and start.host is not None:
        try:
            front_end = FrontEndSettings.from_json(start.host.front_end)
        except FeatureError as error:
            raise CheckpointError(f"{start.source or 'checkpoint'}: host.front_end: {error}") from error
        choices = dataclasses.replace(choices, front_end=front_end, normalised=True)
    data = prepare(load(source, recipe), source.work / "features", choices, phone_set=phone_set(source))
    for name, part in _PARTS.items():
        if not len(data.members(part)):
            raise CorpusError(f"{source.corpus}: no whole utterance of the {name} set")
        if part != TRAIN and not any((data.sequence(which) != SILENCE).any() for which in data.members(part)):
            raise CorpusError(f"{source.corpus}: no phone but silence in the {name} set, of which no rate can be had")
    return data


def pipeline(
    settings: Settings, recipe: Recipe, data: Dataset, *, seed: int, start: Checkpoint | None = None
) -> Pipeline:
    """Return the stages of a recipe on prepared speech."""
    trees = None if settings.trees is None else SenoneTrees.load(settings.trees)
    kind = ClassPipeline if settings.source.corpus in CLASS_CORPORA else Pipeline
    return kind(
        data, recipe, settings.source.work, seed=seed, device=settings.device, trees=trees, start=start
    )


def train_checkpoint(settings: Settings, *, seed: int, out: Path) -> str:
    """Run a recipe up to the stage that it ships and write its checkpoint.

    Parameters
    ----------
    settings : Settings
    seed : int
        0..2,147,483,647.
    out : Path
        ``.npz`` to write.

    Returns
    -------
    str
        A summary.

    Raises
    ------
    FeatureError, RecipeError, SenoneError, StateError
        Bad input; names the file.
    files.errors.WriteError
        `out` cannot be written; found before any work.
    """
    check_seed(seed)
    if os.path.exists(out) and not os.path.isfile(out):
        raise RecipeError(f"{out}: cannot be written, expected the name of an .npz file")
    recipe = settings.load_recipe()
    make_folder(out.parent)
    use_threads(settings.workers)
    data = dataset(settings, recipe)
    stages = pipeline(settings, recipe, data, seed=seed)
    row = stages.row(recipe.shipped)
    checkpoint = dataclasses.replace(
        stages.checkpoint(recipe.shipped), provenance=provenance(settings, recipe, data, row)
    )
    save_checkpoint(out, checkpoint)
    load_checkpoint(out)
    return (
        f"{recipe.shipped}: {rates_of(row)}, {row['mmac_per_second']:.2f} MMAC/s, "
        f"at most {row['cycles_most']:,} cycles a frame\n"
        f"wrote {out} ({out.stat().st_size / 1000:.0f} kB); run it: rsnn run speech.wav --checkpoint {out}\n"
    )


def provenance(settings: Settings, recipe: Recipe, data: Dataset, row: dict[str, Any]) -> dict[str, Any]:
    """Return where a checkpoint comes from, as JSON types."""
    stages: list[str] = []
    name = recipe.shipped
    while name in recipe.stages:
        stages.insert(0, name)
        name = recipe.stages[name].start
    source = settings.source
    rates = ("dev_class_error", "test_class_error") if source.corpus in CLASS_CORPORA else ("dev_per", "test_per")
    counted = (*rates, "mmac_per_second", "spike_rates", "cycles_mean", "cycles_most", "overruns")
    # Without sets of its own.
    folded = source.corpus == "timit_sample" or source.corpus in CLASS_CORPORA
    return {
        "command": f"rsnn train --corpus {source.corpus} --data DIR --work DIR --out FILE --recipe {settings.recipe} "
        f"--seed {row['seed']}"
        + (f" --fold {source.fold}" if folded else "")
        + (f" --phones {source.phone_set}" if source.phone_set else "")
        + (" --trees FILE" if settings.trees else "")
        + (" --skip-damaged" if source.skip_damaged else ""),
        "data": source.corpus + (f", fold {source.fold}" if folded else ""),
        "utterances": {part: len(data.members(number)) for part, number in _PARTS.items()},
        "synthetic_utterances": sum(
            data.names[which].startswith("flite-") for which in data.members(TRAIN).tolist()
        ),
        "stages": stages,
        "figures": {
            name: round(row[name], 4) if isinstance(row[name], float) else row[name] for name in counted if name in row
        },
        "caveat": _CAVEATS.get(source.corpus, ""),
    }
