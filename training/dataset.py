"""The prepared data: codes, frame labels and phone sequences of every utterance, and which set it belongs to."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training.labels import PHONES, SILENCE, FrameLabels

TRAIN, DEV, TEST = 0, 1, 2
IGNORED = -1


@dataclass(frozen=True)
class Utterances:
    """Codes and targets of many utterances, one after the other.

    Parameters
    ----------
    codes : np.ndarray [shape=(frames, inputs), dtype=int8]
    targets : np.ndarray [shape=(frames,), dtype=int16]
        Class of each frame, or `IGNORED`.
    starts : np.ndarray [shape=(utterances + 1,), dtype=int64]
        First frame of each utterance, and the number of frames.
    """

    codes: np.ndarray
    targets: np.ndarray
    starts: np.ndarray

    def __len__(self) -> int:
        return len(self.starts) - 1

    def batch(self, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return codes, targets (as int64) and starts of the chosen utterances."""
        rows = [np.arange(self.starts[which], self.starts[which + 1]) for which in chosen]
        starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
        frames = np.concatenate(rows)
        return self.codes[frames], self.targets[frames].astype(np.int64), starts.astype(np.int64)


def delayed(labels: np.ndarray, *, delay: int) -> np.ndarray:
    """Shift labels so that frame n is to say what frame n - `delay` was; the first have nothing to say."""
    shifted = np.full(len(labels), IGNORED, dtype=np.int16)
    shifted[delay:] = labels[: max(0, len(labels) - delay)]
    return shifted


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Plain arrays over all utterances, one after the other.

    Parameters
    ----------
    names : np.ndarray [shape=(utterances,), dtype=str]
    part : np.ndarray [shape=(utterances,), dtype=int8]
        `TRAIN`, `DEV` or `TEST`.
    starts : np.ndarray [shape=(utterances + 1,), dtype=int64]
        First frame of each.
    codes : np.ndarray [shape=(frames, inputs), dtype=int8]
    state, left, right : np.ndarray [shape=(frames,), dtype=int16]
        As in `training.labels.FrameLabels`; `IGNORED` throughout an utterance that did not align.
    phone_starts : np.ndarray [shape=(utterances + 1,), dtype=int64]
        First phone of each.
    phones : np.ndarray [shape=(phones,), dtype=int16]
        Phone sequences, with the silences where they are known.
    front_end : dict
        Settings of the front-end as JSON types.
    """

    names: np.ndarray
    part: np.ndarray
    starts: np.ndarray
    codes: np.ndarray
    state: np.ndarray
    left: np.ndarray
    right: np.ndarray
    phone_starts: np.ndarray
    phones: np.ndarray
    front_end: dict[str, Any]

    def members(self, part: int) -> np.ndarray:
        """Return the utterances of a set."""
        return np.flatnonzero(self.part == part)

    def frames(self, members: np.ndarray) -> np.ndarray:
        """Return the frames of utterances."""
        return np.concatenate([np.arange(self.starts[which], self.starts[which + 1]) for which in members])

    def sequence(self, which: int) -> np.ndarray:
        """Return an utterance's phone indices, silences included."""
        return self.phones[self.phone_starts[which] : self.phone_starts[which + 1]]

    def reference(self, which: int) -> list[str]:
        """Return an utterance's phone names without silence."""
        return [PHONES[phone] for phone in self.sequence(which) if phone != SILENCE]

    def references(self, part: int) -> list[list[str]]:
        """Return the phone names without silence of every utterance of a set."""
        return [self.reference(which) for which in self.members(part)]

    def utterances(self, members: np.ndarray, targets: np.ndarray, *, delay: int) -> Utterances:
        """Gather utterances for the network.

        Parameters
        ----------
        members : np.ndarray
        targets : np.ndarray [shape=(frames,), dtype=int16]
            Class of every frame of the dataset.
        delay : int
            Frames by which the network may lag.
        """
        spans = [slice(self.starts[which], self.starts[which + 1]) for which in members]
        counts = [span.stop - span.start for span in spans]
        return Utterances(
            np.concatenate([self.codes[span] for span in spans]),
            np.concatenate([delayed(targets[span], delay=delay) for span in spans]),
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        )

    def save(self, path: Path) -> None:
        """Write an ``.npz`` of plain arrays, whole or not at all."""
        arrays = {name: value for name, value in vars(self).items() if name != "front_end"}
        part = path.with_name(path.name + ".part.npz")
        np.savez_compressed(part, front_end=np.array(json.dumps(self.front_end)), **arrays)
        os.replace(part, path)

    @classmethod
    def load(cls, path: Path) -> Dataset:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        return cls(front_end=json.loads(str(arrays.pop("front_end"))), **arrays)


def collect(
    *,
    names: Sequence[str],
    parts: Sequence[int],
    codes: Sequence[np.ndarray],
    labels: Sequence[FrameLabels | None],
    sequences: Sequence[np.ndarray],
    front_end: dict[str, Any],
) -> Dataset:
    """Lay utterances one after the other; one sequence of everything for each, labels None where there are none."""
    rows = [
        label or FrameLabels(*[np.full(len(code), IGNORED, dtype=np.int16)] * 3)
        for label, code in zip(labels, codes, strict=True)
    ]
    return Dataset(
        names=np.array(names),
        part=np.array(parts, dtype=np.int8),
        starts=np.concatenate([[0], np.cumsum([len(code) for code in codes])]).astype(np.int64),
        codes=np.concatenate(codes),
        state=np.concatenate([row.state for row in rows]),
        left=np.concatenate([row.left for row in rows]),
        right=np.concatenate([row.right for row in rows]),
        phone_starts=np.concatenate([[0], np.cumsum([len(sequence) for sequence in sequences])]).astype(np.int64),
        phones=np.concatenate(sequences).astype(np.int16),
        front_end=front_end,
    )
