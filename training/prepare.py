"""From sound files to a `training.dataset.Dataset`: alignment, synthetic speech, normalisation, codes."""

from __future__ import annotations

import dataclasses
import hashlib
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tqdm import tqdm

from features.audio import read_audio
from features.corpora.speechocean762 import read_speechocean762
from features.frontend import FrontEndSettings, batch_codes, raw_features
from features.normalisation import estimate_normalisation
from training.alignment import align_corpus
from training.dataset import DEV, TEST, TRAIN, Dataset, collect
from training.labels import PHONES, Segments, frame_labels
from training.synthesis import FliteMissingError, synthesise

_INDEX = {name: number for number, name in enumerate(PHONES)}


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """Choices of the data preparation.

    Parameters
    ----------
    seed : int
        Of the synthetic sentences.
    synthetic : int
        Synthetic sentences; 600 are about half an hour.
    dev_speakers : int
        Training speakers held out, evenly spaced in the list of speakers.
    front_end : FrontEndSettings
        Its mean and scale are replaced by those of the training speakers.
    workers : int
        Processes; the result does not depend on it.
    """

    seed: int = 1
    synthetic: int = 600
    dev_speakers: int = 7
    front_end: FrontEndSettings = field(default_factory=FrontEndSettings)
    workers: int = 1


@dataclass(frozen=True)
class _Spoken:
    """One utterance before its codes: segments None when it did not align."""

    name: str
    part: int
    path: Path
    segments: Segments | None
    phones: np.ndarray


def prepare(data: Path, work: Path, choices: Preparation) -> Dataset:
    """Prepare speechocean762 and synthetic speech, or read what an earlier call prepared.

    Training utterances that do not align are left out; test and development ones stay, as only their phones matter.

    Parameters
    ----------
    data : Path
        Folder that holds ``speechocean762``.
    work : Path
        Gets ``alignment.npz``, ``flite/`` and ``data-*.npz``.
    choices : Preparation

    Returns
    -------
    Dataset
    """
    work.mkdir(parents=True, exist_ok=True)
    spoken = _speech(data / "speechocean762", work, choices) + _synthetic(work, choices)
    named = dataclasses.replace(choices, workers=1)
    digest = hashlib.sha256(repr((named, [(one.name, one.part) for one in spoken])).encode())
    for one in spoken:
        if one.segments is not None:
            digest.update(one.segments.ends.tobytes())
    cache = work / f"data-{digest.hexdigest()[:12]}.npz"
    if cache.is_file():
        return Dataset.load(cache)
    paths = [one.path for one in spoken]
    seen = [path for path, one in zip(paths, spoken, strict=True) if one.part == TRAIN]
    with ProcessPoolExecutor(choices.workers) as pool:
        raw = pool.map(_raw, seen, [choices.front_end] * len(seen), chunksize=16)
        mean, scale = estimate_normalisation(tqdm(raw, "normalisation", len(seen), disable=None))
        front_end = choices.front_end.replace(mean=tuple(mean.tolist()), scale=tuple(scale.tolist()))
        coded = pool.map(_codes, paths, [front_end] * len(paths), chunksize=16)
        codes = list(tqdm(coded, "codes", len(paths), disable=None))
    prepared = collect(
        names=[one.name for one in spoken],
        parts=[one.part for one in spoken],
        codes=codes,
        labels=[
            None if one.segments is None else frame_labels(one.segments, len(code))
            for one, code in zip(spoken, codes, strict=True)
        ],
        sequences=[one.phones for one in spoken],
        front_end=front_end.to_json(),
    )
    prepared.save(cache)
    return prepared


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


def _speech(root: Path, work: Path, choices: Preparation) -> list[_Spoken]:
    corpus = {part: read_speechocean762(root, part) for part in ("train", "test")}
    utterances = [utterance for part in corpus.values() for utterance in part]
    words = {one.utterance_id: words_of(one.symbols) for one in utterances}
    aligned = align_corpus(
        {one.utterance_id: (one.audio_path, words[one.utterance_id]) for one in utterances},
        workers=choices.workers,
        cache=work / "alignment.npz",
    )
    dev = held_out([one.speaker for one in corpus["train"]], choices.dev_speakers)
    spoken = []
    for split, members in corpus.items():
        for one in members:
            part = TEST if split == "test" else DEV if one.speaker in dev else TRAIN
            name = one.utterance_id
            segments = aligned.get(name)
            if segments is None and part == TRAIN:
                continue
            canonical = np.array([_INDEX[phone] for word in words[name] for phone in word], np.int16)
            known = canonical if segments is None else segments.phones
            spoken.append(_Spoken(name, part, one.audio_path, segments, known))
    return spoken


def _synthetic(work: Path, choices: Preparation) -> list[_Spoken]:
    if not choices.synthetic:
        return []
    try:
        made = synthesise(work / "flite", count=choices.synthetic, seed=choices.seed, workers=choices.workers)
    except FliteMissingError as error:
        print(f"training without synthetic speech: {error}", file=sys.stderr)
        return []
    return [_Spoken(one.name, TRAIN, one.path, one.segments, one.segments.phones) for one in made]


def _raw(path: Path, settings: FrontEndSettings) -> np.ndarray:
    return raw_features(read_audio(path), settings)


def _codes(path: Path, settings: FrontEndSettings) -> np.ndarray:
    return batch_codes(read_audio(path), settings)
