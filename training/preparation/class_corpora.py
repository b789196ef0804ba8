"""Corpora whose utterances are one class each: a reader and the names of the classes, an entry each.

None has sets of its own: folds are by speaker, one speaker to test, the next for development, the rest to learn from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from features.corpora.fsdd import CLASSES as DIGITS
from features.corpora.fsdd import read_fsdd
from features.corpora.location import require_corpus
from features.corpora.utterance import Utterance
from features.errors import CorpusError, Damage
from training.preparation.synthesis import FliteMissingError, speak_digits


@dataclass(frozen=True, kw_only=True)
class ClassCorpus:
    """A corpus of one class an utterance.

    Parameters
    ----------
    classes : tuple of str
        Names, as `golden.classes.ClassHost` takes them.
    read : callable
        Given the folder of the corpora, that of the work, and the list of what is damaged (None: the first raises);
        returns the utterances, whose `words` are one of `classes`. Raises `features.errors.FeatureError`.
    """

    classes: tuple[str, ...]
    read: Callable[[Path, Path, list[Damage] | None], list[Utterance]]


def _fsdd(data: Path, work: Path, damage: list[Damage] | None) -> list[Utterance]:
    return read_fsdd(require_corpus("fsdd", data), damage=damage)


def _synthetic_digits(data: Path, work: Path, damage: list[Damage] | None) -> list[Utterance]:
    """Speak the digits with every voice; each voice is a speaker, so that the folds are of voices."""
    folder = work / "flite-digits"
    try:
        speak_digits(folder)
    except FliteMissingError as error:
        raise CorpusError(f"synthetic_digits: {error}") from error
    return read_fsdd(folder, damage=damage)


CLASS_CORPORA = {
    "fsdd": ClassCorpus(classes=DIGITS, read=_fsdd),
    "synthetic_digits": ClassCorpus(classes=DIGITS, read=_synthetic_digits),
}
