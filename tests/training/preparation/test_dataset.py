"""The prepared data: utterances in, utterances out, the same after a file."""

import numpy as np

from training.preparation.dataset import DEV, IGNORED, TEST, TRAIN, collect, delayed
from training.preparation.labels import FrameLabels


def made():
    rng = np.random.default_rng(1)
    lengths = (7, 4, 9)
    codes = [rng.integers(-128, 128, (length, 5)).astype(np.int8) for length in lengths]
    labels = [FrameLabels(*rng.integers(0, 40, (3, length)).astype(np.int16)) for length in lengths]
    labels[1] = None
    data = collect(
        names=["a", "b", "c"], parts=[TRAIN, TEST, DEV], codes=codes, labels=labels,
        sequences=[np.array([0, 1, 0]), np.array([2]), np.array([3, 0, 39])], front_end={"kind": "mfcc40"},
    )  # fmt: skip
    return data, codes, labels


def test_utterances_are_laid_one_after_the_other():
    data, codes, labels = made()
    assert [data.members(part).tolist() for part in (TRAIN, DEV, TEST)] == [[0], [2], [1]]
    assert data.starts.tolist() == [0, 7, 11, 20]
    assert np.array_equal(data.frames(np.array([2, 0])), [*range(11, 20), *range(7)])
    assert np.array_equal(data.right[11:], labels[2].right)
    assert (data.state[7:11] == IGNORED).all()
    assert data.sequence(2).tolist() == [3, 0, 39]
    assert data.references(DEV) == [["ah", "sil", "zh"]]
    gathered = data.utterances(np.array([2, 0]), data.state, delay=2)
    assert np.array_equal(gathered.codes, np.concatenate([codes[2], codes[0]]))
    assert gathered.starts.tolist() == [0, 9, 16]
    assert gathered.original.tolist() == [2, 0]
    assert gathered.labels.tolist() == [*labels[2].state, *labels[0].state]
    expected = [IGNORED] * 2 + labels[2].state[:-2].tolist() + [IGNORED] * 2 + labels[0].state[:-2].tolist()
    assert gathered.targets.tolist() == expected


def test_a_batch_is_its_utterances():
    whole, _, _ = made()
    data = whole.utterances(np.arange(3), whole.state, delay=1)
    batch = data.batch(np.array([2, 0]))
    codes, targets, starts = batch.codes, batch.targets, batch.starts
    parts = [slice(data.starts[which], data.starts[which + 1]) for which in (2, 0)]
    assert np.array_equal(codes, np.concatenate([data.codes[part] for part in parts]))
    assert np.array_equal(targets, np.concatenate([data.targets[part] for part in parts]))
    assert np.array_equal(batch.labels, np.concatenate([whole.state[part] for part in parts]))
    assert starts.tolist() == [0, parts[0].stop - parts[0].start, len(codes)]


def test_labels_are_delayed():
    assert delayed(np.array([5, 6, 7]), delay=2).tolist() == [IGNORED, IGNORED, 5]
    assert delayed(np.array([5]), delay=2).tolist() == [IGNORED]
    assert delayed(np.array([5, 6]), delay=0).tolist() == [5, 6]


def test_copies_at_other_speeds_count_as_training_data_alone():
    codes = [np.zeros((length, 3), np.int8) for length in (4, 5, 3, 6)]
    data = collect(
        names=["a", "a@0.9", "b", "c"], parts=[TRAIN, TRAIN, TRAIN, DEV], codes=codes, labels=[None] * 4,
        sequences=[np.array([1])] * 4, front_end={}, original=[0, 0, 2, 3], phone_names=("sil", "x"),
    )  # fmt: skip
    assert data.members(TRAIN).tolist() == [0, 2]
    assert data.members(TRAIN, copies=True).tolist() == [0, 1, 2]
    assert data.references(TRAIN) == [["x"], ["x"]]
