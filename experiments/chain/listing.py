"""The utterances that an experiment runs on: of a corpus, or sound files, and in words which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.chain.references import phone_reference
from experiments.chain.spoken import CLIP
from features.corpora.location import require_corpus
from features.corpora.speechocean762 import read_speechocean762
from features.errors import CorpusError
from files.names import shown

__all__ = ["Listing", "ToHear", "listing"]


@dataclass(frozen=True)
class ToHear:
    """A sound file.

    Parameters
    ----------
    name : str
        Of the utterance; of several files of one name each has its number, too.
    path : Path
    phones : tuple of str or None
        Spoken; None where nothing says so.
    """

    name: str
    path: Path
    phones: tuple[str, ...] | None


@dataclass(frozen=True)
class Listing:
    """What is to be heard.

    Parameters
    ----------
    said : str
        In words: a corpus and its set, the shipped clip, or so many sound files.
    utterances : tuple of ToHear
    """

    said: str
    utterances: tuple[ToHear, ...]


def listing(speech: Sequence[Path], *, data: Path | None, split: str, phones: bool = False) -> Listing:
    """List sound files, or without any a set of speechocean762.

    Parameters
    ----------
    speech : sequence of Path
    data : Path or None
        Folder that holds the corpora; None looks at RSNN_DATA.
    split : {"train", "test"}
    phones : bool
        Each file needs its phone file beside it.

    Raises
    ------
    CorpusError
        There is no corpus, or a file without phones that needs them.
    """
    if not speech:
        found = read_speechocean762(require_corpus("speechocean762", data), split)
        return Listing(
            f"speechocean762, {split}",
            tuple(ToHear(one.utterance_id, one.audio_path, tuple(one.phones)) for one in found),
        )
    names = [shown(path.stem) for path in speech]
    heard = []
    for number, (name, path) in enumerate(zip(names, speech, strict=True), 1):
        spoken = phone_reference(path)[0]
        if phones and not spoken:
            raise CorpusError(f"{path}: no phone file beside it ({path.with_suffix('.phn').name})")
        unique = name if names.count(name) == 1 else f"{name} ({number})"
        heard.append(ToHear(unique, path, None if spoken is None else tuple(spoken)))
    shipped = [path.resolve() for path in speech] == [CLIP.resolve()]
    return Listing("the shipped clip" if shipped else f"{len(speech)} sound files", tuple(heard))
