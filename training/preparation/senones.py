"""Tied states: one phonetic decision tree for each phone and third.

The trees divide the frames of a state by questions about the phones to its left and right (paper: 1,920 context-
dependent states; ours: scikit-learn's regression tree on the features, the states' trees grown so that the leaves add
up to exactly the outputs asked for). A leaf is an output of the network; decoding sums leaves to states.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from files.arrays import open_npz
from files.errors import FileError
from files.reading import brief
from files.writing import whole_file
from golden.host import MOST_PHONES, PHONE_GRAMMAR, is_phone_name
from training.errors import SenoneError
from training.preparation.labels import PHONES, STATES_PER_PHONE

# Of a file: bytes unpacked, characters of all names; leaves are numbered in 16 bits.
_MOST_BYTES, _MOST_NAMES, _MOST_SENONES = 1 << 28, 1 << 16, (1 << 15) - 1

_CLASSES: dict[str, str] = {
    "vowel": "aa ae ah ao aw ax ay eh er ey ih ix iy ow oy uh uw",
    "front": "ae eh ey ih ix iy",
    "back": "aa ao ow uh uw",
    "high": "ih ix iy uh uw",
    "reduced": "ax el en ix",
    "low": "aa ae ao aw ay",
    "diphthong": "aw ay ey ow oy",
    "rounded": "ao ow oy uh uw w",
    "stop": "b d g k p t",
    "voiced_stop": "b d g",
    "fricative": "dh f hh s sh th v z zh",
    "sibilant": "ch jh s sh z zh",
    "affricate": "ch jh",
    "nasal": "en m n ng",
    "approximant": "el l r w y",
    "labial": "b f m p v w",
    "coronal": "ch d dh dx el en jh l n r s sh t th z zh",
    "velar": "g k ng",
    "voiced": "b d dh dx el en g jh l m n ng r v vcl w y z zh",
    "unvoiced": "ch cl f hh k p s sh t th",
    "closure": "cl vcl",
    "silence": "cl epi sil vcl",
}


@dataclass(frozen=True)
class SenoneTrees:
    """Which leaf each phone and context belongs to.

    Parameters
    ----------
    senone_state : np.ndarray [shape=(senones,), dtype=int16]
        State of each leaf, not decreasing.
    table : np.ndarray [shape=(states, phones, phones), dtype=int16]
        Leaf of a state with a left and a right phone.
    phone_names : tuple of str
        Of the phones that it is about, silence first.
    """

    senone_state: np.ndarray
    table: np.ndarray
    phone_names: tuple[str, ...] = PHONES

    def __len__(self) -> int:
        return len(self.senone_state)

    def label(self, state: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Return the leaf of each frame [shape=(frames,), dtype=int16]."""
        return self.table[state, left, right]

    def save(self, path: Path) -> None:
        """Write an ``.npz`` of plain arrays, whole or not at all."""
        with whole_file(path) as file:
            np.savez_compressed(
                file, senone_state=self.senone_state, table=self.table, phone_names=np.array(" ".join(self.phone_names))
            )

    @classmethod
    def load(cls, path: Path) -> SenoneTrees:
        """Read what `save` wrote: for another run, or another corpus with the same phones.

        Raises
        ------
        SenoneError
            Missing, damaged, or no such tables; names the file.
        """
        try:
            with open_npz(path, what="file of tied states", most=_MOST_BYTES) as archive:
                if set(archive.names) != {"senone_state", "table", "phone_names"}:
                    raise SenoneError(
                        f"{path}: arrays {brief(archive.names)}, expected senone_state, table and phone_names"
                    )
                joined = archive.read("phone_names", most=4 * _MOST_NAMES)
                names = tuple(str(joined).split()) if joined.shape == () and joined.dtype.kind == "U" else ()
                phones = len(names)
                if not 1 <= phones <= MOST_PHONES or not all(map(is_phone_name, names)) or len(set(names)) < phones:
                    raise SenoneError(f"{path}: phone_names is {brief(str(names))}, expected names: {PHONE_GRAMMAR}")
                shape = (phones * STATES_PER_PHONE, phones, phones)
                table = archive.read("table", most=8 * math.prod(shape))
                states = archive.read("senone_state", most=8 * _MOST_SENONES)
        except FileError as error:
            raise SenoneError(str(error)) from error
        except ValueError as error:
            if isinstance(error, SenoneError):
                raise
            raise SenoneError(f"{path}: phone_names: no text: {error}") from error
        if table.shape != shape or states.ndim != 1 or table.dtype.kind != "i" or states.dtype.kind != "i":
            raise SenoneError(f"{path}: table of {table.dtype} {table.shape}, expected integers of {shape}")
        if not 1 <= len(states) <= _MOST_SENONES or states[0] < 0 or (states[1:] < states[:-1]).any():
            raise SenoneError(f"{path}: {len(states):,} leaves, expected 1..{_MOST_SENONES:,}, their states in order")
        # Every leaf that a state's table names belongs to that state.
        inside = table.min() >= 0 and table.max() < len(states)
        if not inside or (states[table] != np.arange(shape[0])[:, None, None]).any():
            raise SenoneError(f"{path}: a leaf that is not of its state, expected each in 0..{len(states) - 1}")
        return cls(states.astype(np.int16), table.astype(np.int16), names)


def phone_questions(phones: Sequence[str] = PHONES) -> np.ndarray:
    """Return each phone's yes/no answers: is it phone i, is it in class j [shape=(phones, questions)]."""
    classes = np.array([[phone in members.split() for members in _CLASSES.values()] for phone in phones])
    return np.concatenate([np.eye(len(phones), dtype=bool), classes], axis=1).astype(np.float32)


def grow_trees(
    *,
    features: np.ndarray,
    state: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    states: int,
    senones: int,
    phone_names: tuple[str, ...] = PHONES,
    least_frames: int = 20,
) -> SenoneTrees:
    """Tie contexts so that there are exactly `senones` leaves.

    Each state's share of the leaves follows the square root of its frames (ours: a state with many frames has more
    contexts to tell apart, but not in proportion). A state whose contexts cannot be divided further hands its leaves
    on to the next, largest first.

    Parameters
    ----------
    features : np.ndarray [shape=(frames, dimensions)]
        What a leaf should be homogeneous in.
    state, left, right : np.ndarray [shape=(frames,), dtype=int16]
        As in `training.preparation.labels.FrameLabels`.
    states, senones : int
        States, each of which gets a leaf at least; leaves in total.
    phone_names : tuple of str
        Silence first.
    least_frames : int
        Fewest frames of a leaf.

    Returns
    -------
    SenoneTrees

    Raises
    ------
    SenoneError
        Fewer senones than states, or contexts too few to make so many.
    """
    from sklearn.tree import DecisionTreeRegressor

    if senones < states:
        raise SenoneError(f"senones: {senones} leaves for {states} states, expected at least as many")
    questions = phone_questions(phone_names)
    phones = len(questions)
    contexts = np.concatenate(
        [np.repeat(questions, phones, axis=0), np.tile(questions, (phones, 1))], axis=1
    )  # row left * phones + right
    members = [np.flatnonzero(state == number) for number in range(states)]
    seen = [np.unique(left[rows].astype(np.int64) * phones + right[rows]) for rows in members]

    def grow(number: int, leaves: int) -> tuple[np.ndarray, int]:
        """Return the leaf of each of the contexts, and how many leaves there are."""
        rows = members[number]
        if leaves < 2 or len(seen[number]) < 2:
            return np.zeros(phones * phones, dtype=np.int64), 1
        tree = DecisionTreeRegressor(max_leaf_nodes=leaves, min_samples_leaf=least_frames, random_state=0)
        tree.fit(contexts[left[rows].astype(np.int64) * phones + right[rows]], features[rows])
        where = tree.apply(contexts)
        names = np.flatnonzero(tree.tree_.children_left == -1)
        return np.searchsorted(names, where), len(names)

    weight = np.sqrt(np.array([len(rows) for rows in members], dtype=np.float64))
    order = np.argsort(-weight, kind="stable")
    grown: list[tuple[np.ndarray, int]] = [grow(number, 1) for number in range(states)]
    full = np.zeros(states, dtype=bool)
    missing = senones - states
    while missing and not full.all():
        share = np.where(full, 0.0, weight)
        if share.sum() == 0:
            break
        extra = np.floor(missing * share / share.sum()).astype(int)
        remainder = missing - extra.sum()
        extra[[number for number in order if not full[number]][:remainder]] += 1
        for number in np.flatnonzero(extra):
            wanted = grown[number][1] + extra[number]
            grown[number] = grow(int(number), int(wanted))
            full[number] = grown[number][1] < wanted
        missing = senones - sum(count for _, count in grown)
    if missing:
        raise SenoneError(f"senones: the data's contexts give {senones - missing} leaves, expected {senones}")
    firsts = np.concatenate([[0], np.cumsum([count for _, count in grown])])
    table = np.stack([leaf + firsts[number] for number, (leaf, _) in enumerate(grown)])
    senone_state = np.repeat(np.arange(states), [count for _, count in grown]).astype(np.int16)
    return SenoneTrees(senone_state, table.reshape(states, phones, phones).astype(np.int16), phone_names)
