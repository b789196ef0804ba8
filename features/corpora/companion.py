"""The one way of looking for what lies beside a sound: its phones, its text, the same sound under another suffix."""

from __future__ import annotations

import os
from pathlib import Path

from features.errors import CorpusError

# Some copies of TIMIT keep a RIFF twin of SA1.WAV as SA1.WAV.wav.
_TWIN = ".wav.wav"


def split_name(name: str) -> tuple[str, str]:
    """Return a file's name without its suffix, and the suffix in lower case.

    Examples
    --------
    >>> split_name("SA1.WAV"), split_name("SA1.WAV.wav"), split_name("take.2.flac")
    (('SA1', '.wav'), ('SA1', '.wav.wav'), ('take.2', '.flac'))
    """
    if name.lower().endswith(_TWIN) and len(name) > len(_TWIN):
        return name[: -len(_TWIN)], _TWIN
    stem, suffix = os.path.splitext(name)
    return stem, suffix.lower()


def companion(sound: Path, suffix: str) -> Path | None:
    """Return the file beside a sound that has its name and another suffix, in whatever case, or None.

    Of several, the first of these: as the sound's name is spelled, its suffix in the sound's case, in lower, in upper
    case; then the only one in another case.

    Parameters
    ----------
    sound : Path
        Need not exist. ``SA1.WAV`` and its twin ``SA1.WAV.wav`` have the same companions.
    suffix : str
        ".phn", ".txt", ".flac".

    Returns
    -------
    Path or None
        Whatever has that name, a folder too: who reads it says so.

    Raises
    ------
    CorpusError
        Several in other cases, none of them spelled as the sound.
    """
    if not sound.name:
        return None
    stem, own = split_name(sound.name)
    spelled = [suffix.lower(), suffix.upper()]
    if sound.name[len(stem) : len(stem) + len(own)].isupper():
        spelled.reverse()
    for each in spelled:
        path = sound.with_name(stem + each)
        if os.path.lexists(path):
            return path
    wanted = (stem + suffix).lower()
    try:
        # Compared, never as a pattern: names may have brackets.
        found = sorted(name for name in os.listdir(sound.parent) if name.lower() == wanted)
    except (OSError, ValueError):
        return None
    if len(found) > 1:
        raise CorpusError(f"{sound.parent}: {found[0]} and {found[1]} both belong to {sound.name}; remove one")
    return sound.with_name(found[0]) if found else None


def sentence_files(folder: Path) -> dict[str, dict[str, Path]]:
    """Return the files of a folder by name without suffix, then by suffix, both in lower case.

    Of two spellings of one name, that in upper case counts.

    Raises
    ------
    CorpusError
        The folder cannot be read.
    """
    sentences: dict[str, dict[str, Path]] = {}
    try:
        names = sorted(os.listdir(folder))
    except (OSError, ValueError) as error:
        raise CorpusError(f"{folder}: cannot be read ({getattr(error, 'strerror', error)})") from error
    for name in names:
        stem, suffix = split_name(name)
        # Capitals sort first.
        sentences.setdefault(stem.lower(), {}).setdefault(suffix, folder / name)
    return sentences
