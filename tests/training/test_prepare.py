"""Preparation: who is held out, how words are cut, and the front-end's statistics."""

import numpy as np
import pytest

from features.audio import read_audio
from features.frontend import FrontEndSettings, batch_codes, raw_features
from training import prepare as prepare_module
from training.dataset import DEV, TEST, TRAIN
from training.labels import Segments, frame_labels
from training.prepare import Preparation, _Spoken, held_out, prepare, words_of


def test_held_out_speakers_are_spread_and_do_not_depend_on_the_order():
    speakers = [f"{number:04d}" for number in range(125)]
    chosen = held_out(speakers, 7)
    assert len(chosen) == 7
    assert chosen == held_out(speakers[::-1] * 2, 7)
    gaps = np.diff(sorted(speakers.index(speaker) for speaker in chosen))
    assert set(gaps.tolist()) <= {17, 18}


def test_words_lose_stress_and_position():
    assert words_of(["W_B", "IY0_E", "K_B", "AO2_I", "L_E", "AH0_S"]) == (("w", "iy"), ("k", "ao", "l"), ("ah",))


def test_statistics_come_from_the_training_set_and_codes_from_the_front_end(speech_paths, tmp_path, monkeypatch):
    phones = np.array([0, 5, 0], np.int16)
    segments = Segments(phones, np.array([4000, 9000, 20_000]))
    spoken = [
        _Spoken("one", TRAIN, speech_paths[0], segments, phones),
        _Spoken("two", DEV, speech_paths[1], None, phones[1:2]),
        _Spoken("three", TEST, speech_paths[2], segments, phones),
    ]
    monkeypatch.setattr(prepare_module, "_speech", lambda root, work, choices: spoken)
    data = prepare(tmp_path, tmp_path / "work", Preparation(synthetic=0))
    settings = FrontEndSettings.from_json(data.front_end)
    raw = raw_features(read_audio(speech_paths[0]), settings)
    np.testing.assert_allclose(settings.mean, raw.mean(axis=0), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(settings.scale, raw.std(axis=0), rtol=1e-6)
    for which, path in enumerate(speech_paths[:3]):
        codes = data.codes[data.starts[which] : data.starts[which + 1]]
        assert np.array_equal(codes, batch_codes(read_audio(path), settings))
    assert np.array_equal(data.state[: data.starts[1]], frame_labels(segments, int(data.starts[1])).state)
    assert (data.state[data.starts[1] : data.starts[2]] == -1).all()
    assert data.reference(1) == data.reference(0)

    def never(**given):
        raise AssertionError("computed although cached")

    monkeypatch.setattr(prepare_module, "collect", never)
    again = prepare(tmp_path, tmp_path / "work", Preparation(synthetic=0, workers=2))
    assert np.array_equal(again.codes, data.codes)
    with pytest.raises(AssertionError, match="although cached"):
        prepare(tmp_path, tmp_path / "work", Preparation(synthetic=0, front_end=settings.replace(kind="logmel40")))
