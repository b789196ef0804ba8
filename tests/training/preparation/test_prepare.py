"""Preparation: the front-end's statistics are the training set's, codes are the front-end's, damage is named."""

import numpy as np
import pytest

from features.audio import read_audio
from features.errors import AudioError
from features.frontend import FrontEndSettings, batch_codes, raw_features
from features.speed import change_speed
from training.preparation.dataset import DEV, TEST, TRAIN
from training.preparation.labels import Segments, frame_labels
from training.preparation.prepare import Preparation, prepare
from training.preparation.speech import Spoken

PHONES = np.array([0, 5, 0], np.int16)
SEGMENTS = Segments(PHONES, np.array([4000, 9000, 20_000]))


@pytest.fixture
def spoken(speech_paths):
    return [
        Spoken(name="one", part=TRAIN, path=speech_paths[0], segments=SEGMENTS, phones=PHONES),
        Spoken(name="two", part=DEV, path=speech_paths[1], segments=None, phones=PHONES[1:2]),
        Spoken(name="three", part=TEST, path=speech_paths[2], segments=SEGMENTS, phones=PHONES),
    ]


def test_statistics_come_from_the_training_set_and_codes_from_the_front_end(spoken, tmp_path):
    data = prepare(spoken, tmp_path, Preparation(speeds=()))
    settings = FrontEndSettings.from_json(data.front_end)
    raw = raw_features(read_audio(spoken[0].path), settings)
    np.testing.assert_allclose(settings.mean, raw.mean(axis=0), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(settings.scale, raw.std(axis=0), rtol=1e-6)
    for which, one in enumerate(spoken):
        codes = data.codes[data.starts[which] : data.starts[which + 1]]
        assert np.array_equal(codes, batch_codes(read_audio(one.path), settings))
    assert np.array_equal(data.state[: data.starts[1]], frame_labels(SEGMENTS, int(data.starts[1])).state)
    assert (data.state[data.starts[1] : data.starts[2]] == -1).all()
    assert data.references(DEV) == [[data.phone_names[5]]]
    again = prepare(spoken, tmp_path, Preparation(speeds=(), workers=2))
    assert np.array_equal(again.codes, data.codes)


def test_copies_at_other_speeds_have_their_own_codes_and_labels(spoken, tmp_path):
    data = prepare(spoken, tmp_path, Preparation(speeds=(0.9, 1.1)))
    assert data.names.tolist() == ["one", "one@0.9", "one@1.1", "two", "three"]
    assert data.original.tolist() == [0, 0, 0, 3, 4]
    settings = FrontEndSettings.from_json(data.front_end)
    slow = slice(data.starts[1], data.starts[2])
    assert np.array_equal(data.codes[slow], batch_codes(change_speed(read_audio(spoken[0].path), 0.9), settings))
    frames = int(data.starts[2] - data.starts[1])
    assert np.array_equal(data.state[slow], frame_labels(SEGMENTS.at_speed(0.9), frames).state)
    # The copies do not move the statistics.
    assert data.front_end == prepare(spoken, tmp_path, Preparation(speeds=())).front_end


def test_another_corpus_statistics_can_be_kept(spoken, tmp_path):
    given = FrontEndSettings(mean=(3.0,) * 40, scale=(7.0,) * 40)
    data = prepare(spoken, tmp_path, Preparation(speeds=(), front_end=given, normalised=True))
    assert FrontEndSettings.from_json(data.front_end) == given


def test_a_damaged_file_stops_or_is_left_out_with_its_copies(spoken, tmp_path, capsys):
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF nothing")
    lost = Spoken(name="lost", part=TRAIN, path=broken, segments=SEGMENTS, phones=PHONES)
    with pytest.raises(AudioError, match=r"broken\.wav"):
        prepare([lost, *spoken], tmp_path / "cache", Preparation(speeds=(0.9,)))
    data = prepare([lost, *spoken], tmp_path / "cache", Preparation(speeds=(0.9,), skip_damaged=True))
    assert data.names.tolist() == ["one", "one@0.9", "two", "three"]
    assert data.original.tolist() == [0, 0, 2, 3]
    printed = capsys.readouterr().err
    assert "1 missing or damaged files are left out" in printed
    assert printed.count("broken.wav") == 1
