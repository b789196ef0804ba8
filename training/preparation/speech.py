"""The utterances that a network is trained and scored on, whichever corpus they come from."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from features.corpora.phones import fold_to_48
from features.corpora.utterance import Utterance
from training.preparation.alignment import align_corpus
from training.preparation.dataset import DEV, TEST, TRAIN
from training.preparation.labels import PHONES, SILENCE, TIMIT_PHONES, Segments
from training.preparation.synthesis import FliteMissingError, synthesise

_INDEX = {name: number for number, name in enumerate(PHONES)}
_SAMPLE_RATE_HZ = 16_000
PARTS = {"train": TRAIN, "dev": DEV, "test": TEST}


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """One utterance before its codes.

    Parameters
    ----------
    name : str
    part : int
        `training.preparation.dataset.TRAIN`, `DEV` or `TEST`.
    path : Path
        Of the sound.
    phones : np.ndarray [shape=(phones,), dtype=int16]
        Its phones, index into a set of `training.preparation.labels.PHONE_SETS`; silences included where they are
        known.
    segments : Segments or None
        None when it has no times and did not align.
    speed : float
        The sound is to be played so many times as fast (`segments` are those of the original).
    """

    name: str
    part: int
    path: Path
    phones: np.ndarray
    segments: Segments | None
    speed: float = 1.0


def held_out(speakers: Sequence[str], count: int) -> set[str]:
    """Choose `count` speakers evenly spaced in their sorted order.

    Examples
    --------
    >>> sorted(held_out([f"s{number}" for number in range(9)], 3))
    ['s1', 's4', 's7']
    """
    ordered = sorted(set(speakers))
    return {ordered[(2 * which + 1) * len(ordered) // (2 * count)] for which in range(count)}


def words_of(symbols: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Cut Kaldi's phones with stress and word position into words of plain phones.

    Examples
    --------
    >>> words_of(["W_B", "IY0_E", "AH0_S"])
    (('w', 'iy'), ('ah',))
    """
    words: list[list[str]] = []
    for symbol in symbols:
        phone, _, position = symbol.partition("_")
        if position in ("B", "S") or not words:
            words.append([])
        words[-1].append(phone.rstrip("012").lower())
    return tuple(map(tuple, words))


def aligned(utterances: Iterable[Utterance], *, workers: int, cache: Path) -> list[Spoken]:
    """Give times to utterances that have none, by forced alignment, in the phone set "cmu".

    Training utterances that do not align are left out; the others stay, as only their phones matter.

    Parameters
    ----------
    utterances : iterable of Utterance
        Whose split is "train", "dev" or "test".
    workers : int
        Processes.
    cache : Path
        As in `training.preparation.alignment.align_corpus`.
    """
    members = list(utterances)
    words = {one.utterance_id: words_of(one.symbols) for one in members}
    found = align_corpus(
        {one.utterance_id: (one.audio_path, words[one.utterance_id]) for one in members}, workers=workers, cache=cache
    )
    spoken, lost = [], 0
    for one in members:
        segments = found.get(one.utterance_id)
        if segments is None and one.split == "train":
            lost += 1
            continue
        canonical = np.array([_INDEX[phone] for word in words[one.utterance_id] for phone in word], np.int16)
        phones = canonical if segments is None else segments.phones
        spoken.append(
            Spoken(name=one.utterance_id, part=PARTS[one.split], path=one.audio_path, phones=phones, segments=segments)
        )
    if lost:
        print(f"{lost} training utterances did not align and are left out", file=sys.stderr)
    return spoken


def timed(utterances: Iterable[Utterance], *, phone_set: str) -> list[Spoken]:
    """Take utterances with hand-made times (TIMIT).

    Parameters
    ----------
    utterances : iterable of Utterance
        Whose split is "train", "dev" or "test".
    phone_set : {"timit", "cmu"}
        Lee and Hon's 48, closures on their own; or CMU's 39 and silence, closures part of their stop.
    """
    segments_of = {"timit": timit_segments, "cmu": cmu_segments}[phone_set]
    spoken = []
    for one in utterances:
        assert one.phone_times is not None, f"{one.utterance_id} has no phone times"
        segments = segments_of(one.phone_times)
        spoken.append(
            Spoken(
                name=one.utterance_id,
                part=PARTS[one.split],
                path=one.audio_path,
                phones=segments.phones,
                segments=segments,
            )
        )
    return spoken


def classified(utterances: Iterable[Utterance], *, classes: tuple[str, ...]) -> list[Spoken]:
    """Take utterances each of which is one class, its words; the class stands where phones do, without times.

    Parameters
    ----------
    utterances : iterable of Utterance
        Whose split is "train", "dev" or "test".
    classes : tuple of str
    """
    return [
        Spoken(
            name=one.utterance_id,
            part=PARTS[one.split],
            path=one.audio_path,
            phones=np.array([classes.index(one.words)], np.int16),
            segments=None,
        )
        for one in utterances
    ]


def timit_segments(times: Sequence[tuple[float, float, str]]) -> Segments:
    """Return the segments of a TIMIT sentence in its 48 phones; the deleted ``q`` falls to the phone before it.

    Parameters
    ----------
    times : sequence of (start_s, end_s, symbol)
    """
    return _segments([(fold_to_48(symbol), end) for _, end, symbol in times], TIMIT_PHONES)


# TIMIT's 48 in CMU's phones, where the name changes. A flap is as often a /t/ as a /d/; CMU writes most as T.
_CMU_OF_48 = {"ax": "ah", "dx": "t", "el": "l", "en": "n", "epi": "sil", "ix": "ih"}
_RELEASES = {
    "bcl": ("b",), "dcl": ("d", "jh"), "gcl": ("g",), "kcl": ("k",), "pcl": ("p",), "tcl": ("t", "ch"),
}  # fmt: skip


def cmu_segments(times: Sequence[tuple[float, float, str]]) -> Segments:
    """Return the segments of a TIMIT sentence in CMU's phones: a closure is the beginning of its stop or affricate.

    Parameters
    ----------
    times : sequence of (start_s, end_s, symbol)
    """
    symbols = [symbol.lower() for _, _, symbol in times]
    named: list[tuple[str | None, float]] = []
    for (_, end, _), symbol, following in zip(times, symbols, [*symbols[1:], ""], strict=True):
        if symbol in _RELEASES:
            released = following in _RELEASES[symbol]
            # None falls to the phone before, so a closure takes its stop's name, and the stop joins it.
            named.append((following if released else _RELEASES[symbol][0], end))
        elif named and symbol == named[-1][0] and _closed(symbols, len(named)):
            named.append((None, end))
        else:
            phone = fold_to_48(symbol)
            named.append((_CMU_OF_48.get(phone, phone) if phone else None, end))
    return _segments(named, PHONES)


def _closed(symbols: Sequence[str], which: int) -> bool:
    """Say whether the symbol before is the closure of this one."""
    return symbols[which] in _RELEASES.get(symbols[which - 1], ())


def _segments(named: Iterable[tuple[str | None, float]], names: tuple[str, ...]) -> Segments:
    """Join what has no name to the phone before it, and silences that follow one another."""
    index = {name: number for number, name in enumerate(names)}
    phones: list[int] = []
    ends: list[int] = []
    for name, end_s in named:
        end = round(end_s * _SAMPLE_RATE_HZ)
        phone = SILENCE if name is None and not phones else None if name is None else index[name]
        if phones and (phone is None or phone == phones[-1] == SILENCE):
            ends[-1] = end
        elif phone is not None:
            phones.append(phone)
            ends.append(end)
    return Segments(np.array(phones, np.int16), np.array(ends, np.int64), names)


def synthetic(folder: Path, *, count: int, seed: int, workers: int) -> list[Spoken]:
    """Speak `count` training sentences in the phone set "cmu"; none, and a line that says so, without flite."""
    if not count:
        return []
    try:
        made = synthesise(folder, count=count, seed=seed, workers=workers)
    except FliteMissingError as error:
        print(f"training without synthetic speech: {error}", file=sys.stderr)
        return []
    return [
        Spoken(name=one.name, part=TRAIN, path=one.path, phones=one.segments.phones, segments=one.segments)
        for one in made
    ]


def at_speeds(spoken: Iterable[Spoken], speeds: Sequence[float]) -> list[Spoken]:
    """Add to each training utterance its copies at other speeds, right after it."""
    copies = []
    for one in spoken:
        copies.append(one)
        if one.part == TRAIN:
            copies += [dataclasses.replace(one, speed=speed) for speed in speeds if speed != 1]
    return copies


def counts_of(spoken: Iterable[Spoken]) -> Mapping[str, int]:
    """Count the utterances of each part, copies at other speeds left out."""
    parts = [one.part for one in spoken if one.speed == 1]
    return {name: parts.count(part) for name, part in PARTS.items()}
