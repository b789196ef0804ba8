"""Training, development and test sets: that no speaker is in two of them, and folds where a corpus has none."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Sequence

from features.corpora.utterance import Utterance
from features.errors import CorpusError

# TIMIT's speakers: dialect region, then the initials, led by the sex.
_TIMIT_SPEAKER = re.compile(r"(dr[1-8])-([fm]).*")
LEAST_FOLDS = 3


def check_splits(utterances: Iterable[Utterance]) -> None:
    """Check that no speaker and no utterance is in two splits, and no utterance twice in one.

    Utterances of split "" (in no set) are not counted to any.

    Raises
    ------
    CorpusError
        Names the speaker, or the utterance, and both splits.
    """
    of_speaker: dict[str, str] = {}
    of_utterance: dict[str, str] = {}
    for one in utterances:
        if not one.split:
            continue
        before = of_utterance.setdefault(one.utterance_id, "")
        if before == one.split:
            raise CorpusError(f"utterance {one.utterance_id} is twice in split {one.split}")
        if before:
            raise CorpusError(f"utterance {one.utterance_id} is in two splits: {before} and {one.split}")
        of_utterance[one.utterance_id] = one.split
        if of_speaker.setdefault(one.speaker, one.split) != one.split:
            splits = f"{of_speaker[one.speaker]} and {one.split}"
            raise CorpusError(f"speaker {one.speaker} is in two splits: {splits} (utterance {one.utterance_id})")


def speaker_folds(utterances: Sequence[Utterance], *, folds: int) -> list[list[Utterance]]:
    """Return the utterances once a fold, their split set to "train", "dev" or "test" by speaker.

    The speakers, sorted by sex, dialect region and name (TIMIT's; others by name), are dealt out into as many groups as
    folds, to and fro, which spreads sexes and regions. Fold k is tested on group k, developed on group k + 1 (after the
    last comes the first) and trained on the rest: over the folds every speaker is tested once and is a development
    speaker once. The same speakers give the same folds, whatever the order of the utterances. The splits that they come
    with are overwritten.

    Parameters
    ----------
    utterances : sequence of Utterance
    folds : int
        3 up to the number of speakers, which leaves one speaker out.

    Raises
    ------
    CorpusError
        `folds` out of range.
    """
    speakers = sorted({one.speaker for one in utterances}, key=_sex_region_name)
    if not LEAST_FOLDS <= folds <= len(speakers):
        raise CorpusError(
            f"leave-speakers-out: folds is {folds}, expected {LEAST_FOLDS} to {len(speakers)}, the number of speakers"
        )
    to_and_fro = [*range(folds), *reversed(range(folds))]
    group = {speaker: to_and_fro[place % len(to_and_fro)] for place, speaker in enumerate(speakers)}
    dealt = []
    for fold in range(folds):
        split = {fold: "test", (fold + 1) % folds: "dev"}
        dealt.append(
            [dataclasses.replace(one, split=split.get(group[one.speaker], "train")) for one in utterances]
        )
    return dealt


def _sex_region_name(speaker: str) -> tuple[str, str, str]:
    parts = _TIMIT_SPEAKER.fullmatch(speaker)
    return (parts[2], parts[1], speaker) if parts else ("", "", speaker)
