"""The corpora that a recipe can be run on: each to utterances with phones, times and a part."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from features.corpora.location import require_corpus
from features.corpora.speechocean762 import read_speechocean762
from features.corpora.splits import check_splits, speaker_folds
from features.corpora.timit import read_timit
from features.corpora.utterance import Utterance
from features.errors import CorpusError, Damage
from training.preparation.class_corpora import CLASS_CORPORA
from training.preparation.dataset import DEV, TEST, TRAIN
from training.preparation.prepare import report_damage
from training.preparation.speech import Spoken, aligned, classified, held_out, synthetic, timed
from training.stages.stage import Recipe

# "synthetic" is spoken by flite and needs no corpus; its sets share voices, so that it says nothing of new speakers.
# Those whose utterances are one class each are `CLASS_CORPORA`.
CORPORA = ("speechocean762", "timit", "timit_sample", "synthetic")
FOLDS = 6
_SENTENCES_SEED = 1
# Of the synthetic corpus, where the recipe does not say.
_SENTENCES = 60


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where speech comes from.

    Parameters
    ----------
    corpus : str
        One of `CORPORA` or of `CLASS_CORPORA`.
    data : Path
        Folder that holds it, or the corpus itself.
    work : Path
        Gets alignments and synthetic speech.
    fold : int
        Of the speakers of "timit_sample" (0 to 5) and of corpora of classes (0 up to their speakers less one), which
        have no sets of their own.
    phone_set : {"cmu", "timit", ""}
        "" is the corpus' own: Lee and Hon's 48 of TIMIT, CMU's 39 and silence of speechocean762.
    skip_damaged : bool
    workers : int
    """

    corpus: str
    data: Path
    work: Path
    fold: int = 0
    phone_set: str = ""
    skip_damaged: bool = False
    workers: int = 1


def phone_set(source: Source) -> str:
    """Return the set of phones that a source's utterances are in."""
    own = "timit" if source.corpus.startswith("timit") else "cmu"
    chosen = source.phone_set or own
    if chosen == "timit" and own == "cmu":
        raise CorpusError(f"{source.corpus}: its phones are CMU's; phone set \"timit\" does not apply")
    return chosen


def load(source: Source, recipe: Recipe) -> list[Spoken]:
    """Read a corpus and give each utterance phones, times and a part.

    Synthetic sentences join the training set of speechocean762 if the recipe says so, the same whatever a run's seed.

    Parameters
    ----------
    source : Source
    recipe : Recipe

    Raises
    ------
    CorpusError, AudioError
        A missing or damaged file, unless it is to be skipped; a speaker in two sets.
    """
    if source.corpus == "synthetic":
        return _synthetic(source, recipe)
    if source.corpus in CLASS_CORPORA:
        return _classes(source, recipe)
    root = require_corpus(source.corpus, source.data)
    damage: list[Damage] | None = [] if source.skip_damaged else None
    if source.corpus == "speechocean762":
        utterances = read_speechocean762(root, "train", damage=damage)
        dev = held_out([one.speaker for one in utterances], recipe.dev_speakers)
        utterances = [
            dataclasses.replace(one, split="dev") if one.speaker in dev else one for one in utterances
        ] + read_speechocean762(root, "test", damage=damage)
    else:
        utterances = read_timit(root, damage=damage)
        if source.corpus == "timit_sample":
            utterances = _fold(source, utterances, folds=FOLDS)
    report_damage(damage or [])
    utterances = [one for one in utterances if one.split]
    check_splits(utterances)
    for part in ("train", "dev", "test"):
        if not any(one.split == part for one in utterances):
            raise CorpusError(f"{root}: no utterance of the {part} set")
    if source.corpus != "speechocean762":
        return timed(utterances, phone_set=phone_set(source))
    spoken = aligned(utterances, workers=source.workers, cache=source.work / "alignment.npz")
    return spoken + synthetic(
        source.work / "flite", count=recipe.synthetic, seed=_SENTENCES_SEED, workers=source.workers
    )


def _classes(source: Source, recipe: Recipe) -> list[Spoken]:
    """Read a corpus of classes; a recipe without development speakers learns from them, too."""
    corpus = CLASS_CORPORA[source.corpus]
    damage: list[Damage] | None = [] if source.skip_damaged else None
    utterances = _fold(source, corpus.read(source.data, source.work, damage))
    report_damage(damage or [])
    if not recipe.dev_speakers:
        utterances = [dataclasses.replace(one, split="train") if one.split == "dev" else one for one in utterances]
    check_splits(utterances)
    return classified(utterances, classes=corpus.classes)


def speakers_of(source: Source) -> list[str]:
    """Return the speakers of a corpus of classes in the order of its folds: fold k is tested on the kth.

    Raises
    ------
    CorpusError, AudioError
        As `load`.
    """
    damage: list[Damage] | None = [] if source.skip_damaged else None
    read = CLASS_CORPORA[source.corpus].read(source.data, source.work, damage)
    return sorted({one.speaker for one in read})


def folds_of(source: Source) -> int:
    """Return how many folds a corpus has: the speakers of one of classes, 1 of a corpus with sets of its own.

    Raises
    ------
    CorpusError, AudioError
        As `load`.
    """
    if source.corpus == "timit_sample":
        return FOLDS
    return len(speakers_of(source)) if source.corpus in CLASS_CORPORA else 1


def _synthetic(source: Source, recipe: Recipe) -> list[Spoken]:
    """Speak sentences and deal them out: of ten the last is to test, the one before it is held out."""
    count = recipe.synthetic or _SENTENCES
    spoken = synthetic(source.work / "flite", count=count, seed=_SENTENCES_SEED, workers=source.workers)
    if len(spoken) < 10:
        raise CorpusError(f"synthetic: {len(spoken)} sentences spoken, expected at least 10 (flite has to be there)")
    parts = [TEST if number % 10 == 9 else DEV if number % 10 == 8 else TRAIN for number in range(len(spoken))]
    return [dataclasses.replace(one, part=part) for one, part in zip(spoken, parts, strict=True)]


def _fold(source: Source, utterances: Sequence[Utterance], *, folds: int = 0) -> list[Utterance]:
    """Return the sets of a fold of so many; 0 is as many as there are speakers."""
    folds = folds or len({one.speaker for one in utterances})
    if not 0 <= source.fold < folds:
        raise CorpusError(f"{source.corpus}: fold is {source.fold}, expected 0..{folds - 1}")
    return speaker_folds(utterances, folds=folds)[source.fold]
