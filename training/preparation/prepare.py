"""From utterances to a `training.preparation.dataset.Dataset`: normalisation, codes, frame labels."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tqdm import tqdm

from features.cache import FeatureCache
from features.errors import AudioError, Damage
from features.frontend import FrontEndSettings
from features.normalisation import estimate_normalisation
from training.preparation.dataset import TRAIN, Dataset, collect
from training.preparation.labels import PHONE_SETS, frame_labels
from training.preparation.speech import Spoken, at_speeds


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """Choices of the data preparation.

    Parameters
    ----------
    speeds : tuple of float
        Of the copies of each training utterance, beside the original (`features.speed`).
    front_end : FrontEndSettings
        Its mean and scale are replaced by those of the training utterances at their own speed, unless `normalised`.
    normalised : bool
        Keep the mean and scale of `front_end`: those of another corpus, whose network goes on learning here.
    skip_damaged : bool
        Leave out sound files that are missing or damaged, and say so, rather than stop at the first.
    workers : int
        Processes; the result does not depend on it.
    """

    speeds: tuple[float, ...] = (0.9, 1.1)
    front_end: FrontEndSettings = field(default_factory=FrontEndSettings)
    normalised: bool = False
    skip_damaged: bool = False
    workers: int = 1


def prepare(
    spoken: Sequence[Spoken],
    cache: Path,
    choices: Preparation,
    *,
    phone_set: str = "cmu",
    classes: tuple[str, ...] = (),
) -> Dataset:
    """Compute what a network learns from.

    Parameters
    ----------
    spoken : sequence of Spoken
    cache : Path
        Folder of the features (`features.cache`), which are computed once.
    choices : Preparation
    phone_set : {"cmu", "timit"}
        That of the utterances' phones.
    classes : tuple of str
        In place of phones: names of what an utterance may be, its one "phone".

    Returns
    -------
    Dataset

    Raises
    ------
    features.errors.FeatureError
        A sound file that is missing, damaged or too short, unless they are skipped.
    """
    store = FeatureCache(cache)
    damage: list[Damage] = []
    front_end = choices.front_end
    if not choices.normalised:
        seen = [one.path for one in spoken if one.part == TRAIN]
        with tqdm(desc="normalisation", total=len(seen), disable=None) as bar:
            raw = store.map(
                seen, front_end, kind="raw", workers=choices.workers, damage=damage, progress=bar.update
            )
        mean, scale = estimate_normalisation(features for features in raw if features is not None)
        front_end = front_end.replace(mean=tuple(mean.tolist()), scale=tuple(scale.tolist()))
    _stop_at(damage, choices)
    copies = at_speeds(spoken, choices.speeds)
    codes: list[np.ndarray | None] = [None] * len(copies)
    with tqdm(desc="codes", total=len(copies), disable=None) as bar:
        for speed in sorted({one.speed for one in copies}):
            places = [place for place, one in enumerate(copies) if one.speed == speed]
            paths = [copies[place].path for place in places]
            found = store.map(
                paths, front_end, speed=speed, workers=choices.workers, damage=damage, progress=bar.update
            )
            for place, features in zip(places, found, strict=True):
                codes[place] = features
    _stop_at(damage, choices)
    report_damage(damage)
    lost = {one.path for one in damage}
    kept = [(one, code) for one, code in zip(copies, codes, strict=True) if code is not None and one.path not in lost]
    original, last = [], 0
    for place, (one, _) in enumerate(kept):
        last = place if one.speed == 1 else last
        original.append(last)
    return collect(
        names=[one.name if one.speed == 1 else f"{one.name}@{one.speed:g}" for one, _ in kept],
        parts=[one.part for one, _ in kept],
        codes=[code for _, code in kept],
        labels=[
            None if one.segments is None else frame_labels(one.segments.at_speed(one.speed), len(code))
            for one, code in kept
        ],
        sequences=[one.phones for one, _ in kept],
        front_end=front_end.to_json(),
        original=original,
        phone_names=classes or PHONE_SETS[phone_set],
        silences_known=not classes and phone_set == "timit",
    )


def report_damage(damage: Sequence[Damage]) -> None:
    """Print what is left out, each file once."""
    files = sorted({(str(one.path), one.reason) for one in damage})
    if files:
        print(f"{len(files)} missing or damaged files are left out:", file=sys.stderr)
        for path, reason in files:
            print(f"  {path}: {reason}", file=sys.stderr)


def _stop_at(damage: Sequence[Damage], choices: Preparation) -> None:
    """Raise for the first damaged file where none may be left out."""
    if damage and not choices.skip_damaged:
        raise AudioError(str(damage[0]))
