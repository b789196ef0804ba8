"""The Free Spoken Digit Dataset: recordings/{digit}_{speaker}_{index}.wav, 8 kHz, trimmed to the word.

Ten classes, no phones, no sets of its own; its folds are by speaker (`features.corpora.splits.speaker_folds`). The
front-end's rate is fixed at 16 kHz, to which `features.audio` resamples: the bands above 4 kHz hold next to nothing.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from features.corpora.sound import sound_seconds
from features.corpora.utterance import Utterance
from features.errors import CorpusError, Damage, FeatureError, leave_out

CLASSES = tuple("0123456789")
RECORDINGS = "recordings"
SOURCE = "fsdd can be had from github.com/Jakobovski/free-spoken-digit-dataset"
_NAME = re.compile(r"([0-9])_([A-Za-z][A-Za-z0-9-]{0,31})_([0-9]{1,6})\.wav")


def read_fsdd(root: Path, *, damage: list[Damage] | None = None) -> list[Utterance]:
    """Return the utterances in the order of their names; `words` is the digit, one of `CLASSES`.

    Parameters
    ----------
    root : Path
    damage : list of Damage, optional
        Without it, the first sound that is damaged or misnamed raises. With it, such sounds are left out and added to
        it.

    Raises
    ------
    CorpusError
        The folder is missing, or has no sound; a name that is not {digit}_{speaker}_{index}.wav.
    AudioError
        A sound that is empty, cut short or no sound, as far as its header shows.
    """
    folder = root / RECORDINGS
    try:
        names = sorted(name for name in os.listdir(folder) if name.lower().endswith(".wav"))
    except (OSError, ValueError) as error:
        raise CorpusError(f"{folder}: no such folder; {SOURCE}") from error
    utterances = []
    for name in names:
        try:
            utterances.append(_utterance(folder / name))
        except FeatureError as error:
            leave_out(damage, folder / name, error)
    if not utterances:
        instance = f"; left out for instance {damage[-1]}" if damage else ""
        raise CorpusError(f"{folder}: no whole utterance{instance}")
    return utterances


def _utterance(path: Path) -> Utterance:
    parts = _NAME.fullmatch(path.name)
    if parts is None:
        raise CorpusError(f"{path}: expected a name DIGIT_SPEAKER_INDEX.wav")
    sound_seconds(path)
    return Utterance(
        utterance_id=path.stem, speaker=parts[2], audio_path=path, split="", words=parts[1], symbols=(), phones=()
    )
