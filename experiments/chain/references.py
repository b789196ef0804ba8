"""What a sound is scored against: the phones of a file beside it, or the class that its name or folder tells."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from features.corpora.companion import companion
from features.corpora.tables import read_lines
from features.corpora.timit import read_folded_phones
from features.errors import CorpusError
from files.names import shown
from files.reading import brief
from golden.checkpoint import Checkpoint
from golden.classes import ClassHost
from golden.decoder import fold


def read_reference(
    checkpoint: Checkpoint, path: Path, given: Path | None
) -> tuple[list[str] | None, tuple[str, ...]]:
    """Return the phones, or the one class, to score a sound against, or None, and what is to be said of them.

    Parameters
    ----------
    checkpoint : Checkpoint
        Whose host section says which of the two.
    path : Path
        Of the sound.
    given : Path or None
        A phone file, or a text file whose one line is the class.

    Raises
    ------
    CorpusError
        What cannot be read, by name.
    """
    if isinstance(checkpoint.host, ClassHost):
        return _class(checkpoint.host.classes, path, given)
    return phone_reference(path, given)


def phone_reference(path: Path, given: Path | None = None) -> tuple[list[str] | None, tuple[str, ...]]:
    """Return the phones of `given`, or of the file beside a sound, as `read_reference` does."""
    found = given if given is not None else companion(path, ".phn")
    if found is None:
        return None, ("no phones beside it (its name with .phn, in any case): no phone error rate",)
    phones = fold_reference(found)
    if not phones:
        return phones, (f"{shown(found)}: nothing but silence, so there is no phone error rate",)
    return phones, ()


def fold_reference(path: Path) -> list[str]:
    """Return a phone file's phones, folded as the decoder folds its own, silence left out."""
    return fold(read_folded_phones(path))


def class_named(classes: Sequence[str], path: Path) -> str | None:
    """Return the class that a file's name begins with, up to its first ``_``, or its folder is called; or None.

    Examples
    --------
    >>> class_named(("3", "7"), Path("7_jackson_32.wav")), class_named(("yes", "no"), Path("no/a_1.wav"))
    ('7', 'no')
    """
    for name in (path.stem.partition("_")[0], path.parent.name):
        if name in classes:
            return name
    return None


def _class(classes: Sequence[str], path: Path, given: Path | None) -> tuple[list[str] | None, tuple[str, ...]]:
    if given is not None:
        lines = read_lines(given)
        if len(lines) != 1 or lines[0].strip() not in classes:
            what = brief(lines[0]) if len(lines) == 1 else f"{len(lines)} lines"
            raise CorpusError(f"{given}: {what}, expected a line that is one of {', '.join(classes[:20])}")
        return [lines[0].strip()], ()
    found = class_named(classes, path)
    if found is None:
        return None, ("neither its name nor its folder's begins with a class: nothing to score against",)
    return [found], ()
