"""Tied states: exactly as many as asked for, the same every time, and homogeneous where the data are."""

import numpy as np
import pytest

from training.errors import SenoneError
from training.preparation.labels import PHONES, TIMIT_PHONES
from training.preparation.senones import SenoneTrees, grow_trees, phone_questions

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
    with pytest.raises(SenoneError, match="5 leaves for 6 states"):
        grow_trees(**made(), senones=5)
    with pytest.raises(SenoneError, match=r"the data's contexts give .* leaves, expected 5000"):
        grow_trees(**made(), senones=5000)


@pytest.mark.parametrize("phones", [PHONES, TIMIT_PHONES], ids=["cmu", "timit"])
def test_every_phone_is_asked_for_by_itself_and_belongs_to_a_class(phones):
    questions = phone_questions(phones)
    assert len(np.unique(questions, axis=0)) == len(phones)
    assert np.array_equal(questions[:, : len(phones)], np.eye(len(phones)))
    assert questions[:, len(phones) :].any(axis=1).all()


def test_a_file_holds_it_all_and_a_damaged_one_is_refused(tmp_path):
    names = ("sil", "aa", "b")
    rng = np.random.default_rng(2)
    data = {
        "features": rng.normal(size=(3000, 2)),
        "state": rng.integers(0, 9, 3000).astype(np.int16),
        "left": rng.integers(0, 3, 3000).astype(np.int16),
        "right": rng.integers(0, 3, 3000).astype(np.int16),
    }
    trees = grow_trees(**data, states=9, senones=20, phone_names=names)
    path = tmp_path / "senones.npz"
    trees.save(path)
    again = SenoneTrees.load(path)
    assert again.phone_names == names
    assert np.array_equal(again.table, trees.table)
    assert np.array_equal(again.senone_state, trees.senone_state)
    assert [one.name for one in tmp_path.iterdir()] == ["senones.npz"]
    wrong = trees.table.copy()
    wrong[3, 0, 0] = 0
    SenoneTrees(trees.senone_state, wrong, names).save(path)
    with pytest.raises(SenoneError, match=r"senones.npz: a leaf that is not of its state"):
        SenoneTrees.load(path)
    SenoneTrees(trees.senone_state, trees.table[:3], names).save(path)
    with pytest.raises(SenoneError, match=r"senones.npz: table of int16 \(3, 3, 3\), expected integers of \(9, 3, 3\)"):
        SenoneTrees.load(path)
    for content in (b"", b"PK\x03\x04nothing", b"text"):
        path.write_bytes(content)
        with pytest.raises(SenoneError, match=r"senones.npz: no file of tied states \(.npz\)"):
            SenoneTrees.load(path)
    with pytest.raises(SenoneError, match=r"none.npz: no such file of tied states"):
        SenoneTrees.load(tmp_path / "none.npz")
    with pytest.raises(SenoneError, match=r": is a folder, expected a file of tied states"):
        SenoneTrees.load(tmp_path)
    whole = {"senone_state": trees.senone_state, "table": trees.table, "phone_names": np.array(" ".join(names))}
    for changes, message in (
        ({"extra": np.zeros(1)}, "arrays .*, expected senone_state, table and phone_names"),
        ({"phone_names": np.array("")}, "phone_names is .*, expected names"),
        ({"phone_names": np.array("sil aa aa")}, "phone_names is .*, expected names"),
        ({"phone_names": np.array("sil aa b,c")}, "phone_names is .*, expected names"),
        ({"phone_names": np.array(["sil", "aa", "b"])}, "phone_names is .*, expected names"),
        ({"phone_names": np.frombuffer(b"\xff" * 12, "<U3")[0:1].reshape(())}, "phone_names"),
        ({"table": np.zeros((0, 0, 0), np.int16)}, "table of int16"),
        ({"table": trees.table.astype(float)}, "table of float64"),
        ({"table": np.zeros((90, 30, 30), np.int64)}, "array 'table' of .* bytes, expected at most"),
        ({"senone_state": np.zeros(0, np.int16)}, "0 leaves, expected 1..32,767"),
        ({"senone_state": trees.senone_state[::-1].copy()}, "20 leaves, expected 1..32,767, their states in order"),
        ({"senone_state": np.full(20, -1, np.int16)}, "20 leaves, expected 1..32,767, their states in order"),
    ):
        np.savez_compressed(path, **whole | changes)
        with pytest.raises(SenoneError, match=rf"^{path}: {message}"):
            SenoneTrees.load(path)
    np.savez_compressed(path, **whole)
    assert np.array_equal(SenoneTrees.load(path).table, trees.table)
