"""The prepared data: codes, frame labels and phone sequences of every utterance, and which set it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.preparation.labels import PHONES, FrameLabels

TRAIN, DEV, TEST = 0, 1, 2
IGNORED = -1


@dataclass(frozen=True)
class Batch:
    """Utterances one after the other, as a network takes them.

    Parameters
    ----------
    codes : np.ndarray [shape=(frames, inputs), dtype=int8]
    targets : np.ndarray [shape=(frames,), dtype=int64]
        Class of each frame, lagging, or `IGNORED`.
    labels : np.ndarray [shape=(frames,), dtype=int16]
        State of each frame, not lagging, or `IGNORED`.
    starts : np.ndarray [shape=(utterances + 1,), dtype=int64]
        First frame of each utterance, and the number of frames.
    told : np.ndarray or None [shape=(frames, states), dtype=float16]
        What a teacher thinks of each frame: log-posteriors of the states, lagging as the targets do.
    """

    codes: np.ndarray
    targets: np.ndarray
    labels: np.ndarray
    starts: np.ndarray
    told: np.ndarray | None = None


@dataclass(frozen=True)
class Utterances:
    """What a network learns: codes, targets and labels of many utterances, one after the other.

    Parameters
    ----------
    codes, targets, labels, starts, told : np.ndarray
        As in `Batch`, targets of any integer type.
    original : np.ndarray [shape=(utterances,), dtype=int64]
        Equal for an utterance and its copies, which follow it.
    """

    codes: np.ndarray
    targets: np.ndarray
    labels: np.ndarray
    starts: np.ndarray
    original: np.ndarray
    told: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.starts) - 1

    def batch(self, chosen: np.ndarray) -> Batch:
        """Return the chosen utterances."""
        rows = [np.arange(self.starts[which], self.starts[which + 1]) for which in chosen]
        starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
        frames = np.concatenate(rows)
        targets = self.targets[frames].astype(np.int64)
        told = None if self.told is None else self.told[frames]
        return Batch(self.codes[frames], targets, self.labels[frames], starts.astype(np.int64), told)


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
        As in `training.preparation.labels.FrameLabels`; `IGNORED` throughout an utterance that did not align.
    phone_starts : np.ndarray [shape=(utterances + 1,), dtype=int64]
        First phone of each.
    phones : np.ndarray [shape=(phones,), dtype=int16]
        Phone sequences, with the silences where they are known.
    original : np.ndarray [shape=(utterances,), dtype=int64]
        The utterance of which this one is a copy (at another speed), or itself. Copies follow their original.
    phone_names : tuple of str
        Silence first.
    silences_known : bool
        Whether the phone sequences have every silence: those that were marked by hand do, an aligner's do not.
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
    original: np.ndarray
    phone_names: tuple[str, ...]
    front_end: dict[str, Any]
    silences_known: bool = False

    def members(self, part: int, *, copies: bool = False) -> np.ndarray:
        """Return the utterances of a set, with or without the copies at other speeds."""
        here = self.part == part
        return np.flatnonzero(here if copies else here & (self.original == np.arange(len(self.part))))

    def frames(self, members: np.ndarray) -> np.ndarray:
        """Return the frames of utterances."""
        return np.concatenate([np.arange(self.starts[which], self.starts[which + 1]) for which in members])

    def sequence(self, which: int) -> np.ndarray:
        """Return an utterance's phone indices, silences included."""
        return self.phones[self.phone_starts[which] : self.phone_starts[which + 1]]

    def references(self, part: int) -> list[list[str]]:
        """Return the phone names, with the silences that are known, of every utterance of a set."""
        return [[self.phone_names[phone] for phone in self.sequence(which)] for which in self.members(part)]

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
            np.concatenate([self.state[span] for span in spans]),
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            self.original[members],
        )


def collect(
    *,
    names: Sequence[str],
    parts: Sequence[int],
    codes: Sequence[np.ndarray],
    labels: Sequence[FrameLabels | None],
    sequences: Sequence[np.ndarray],
    front_end: dict[str, Any],
    original: Sequence[int] | None = None,
    phone_names: tuple[str, ...] = PHONES,
    silences_known: bool = False,
) -> Dataset:
    """Lay utterances one after the other; one item of everything for each, labels None where there are none."""
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
        original=np.arange(len(names)) if original is None else np.array(original, dtype=np.int64),
        phone_names=phone_names,
        front_end=front_end,
        silences_known=silences_known,
    )
