"""Tied states: exactly as many as asked for, the same every time, and homogeneous where the data are."""

import numpy as np
import pytest

from training.labels import PHONES
from training.senones import grow_trees, phone_questions

VOWELS = [PHONES.index(name) for name in ("aa", "iy", "uw")]
CONSONANTS = [PHONES.index(name) for name in ("b", "s", "n", "k")]


def made(frames=6000, states=6):
    """Frames whose features depend on whether the left phone is a vowel, and on nothing else but the state."""
    rng = np.random.default_rng(1)
    state = (np.arange(frames) % states).astype(np.int16)
    left = rng.choice(VOWELS + CONSONANTS, frames).astype(np.int16)
    right = rng.choice(VOWELS + CONSONANTS, frames).astype(np.int16)
    features = rng.normal(size=(frames, 3)) * 0.1 + state[:, None]
    features[:, 0] += 5 * np.isin(left, VOWELS)
    return {"features": features, "state": state, "left": left, "right": right, "states": states}


def test_the_first_question_is_the_one_that_matters():
    trees = grow_trees(**made(), senones=12)
    assert np.array_equal(trees.senone_state, np.repeat(np.arange(6), 2))
    for state in range(6):
        for right in VOWELS + CONSONANTS:
            vowels, consonants = (
                {int(trees.table[state, left, right]) for left in some} for some in (VOWELS, CONSONANTS)
            )
            assert len(vowels) == len(consonants) == 1
            assert vowels != consonants


@pytest.mark.parametrize("senones", [6, 7, 40, 101])
def test_exactly_the_leaves_asked_for_each_within_its_state(senones):
    data = made()
    trees = grow_trees(**data, senones=senones)
    again = grow_trees(**data, senones=senones)
    assert len(trees) == senones
    assert np.array_equal(trees.table, again.table)
    assert np.array_equal(np.unique(trees.senone_state), np.arange(6))
    labels = trees.label(data["state"], data["left"], data["right"])
    assert np.array_equal(trees.senone_state[labels], data["state"])
    if senones > 6:
        assert np.bincount(labels, minlength=senones).min() >= 20


def test_refuses_what_cannot_be():
    with pytest.raises(ValueError, match="5 leaves for 6 states"):
        grow_trees(**made(), senones=5)
    with pytest.raises(ValueError, match=r"the data's contexts give .* leaves, expected 5000"):
        grow_trees(**made(), senones=5000)


def test_every_phone_is_asked_for_by_itself():
    questions = phone_questions()
    assert len(np.unique(questions, axis=0)) == len(PHONES)
    assert np.array_equal(questions[:, : len(PHONES)], np.eye(len(PHONES)))
