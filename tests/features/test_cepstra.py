"""Spectra and cepstra against librosa and against scipy's FFT and DCT, on real speech."""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import pytest
import scipy.fft
import scipy.signal

from features.audio import read_audio
from features.cepstra import _power, frame_count, log_mel_and_cepstra
from features.frontend import FrontEndSettings, raw_features


def relative_error(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Greatest over the frames of the difference's norm over the oracle's norm of that frame."""
    return float((np.linalg.norm(ours - theirs, axis=1) / np.linalg.norm(theirs, axis=1)).max())


def energy_error(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Greatest relative difference of a single band's energy in a single frame, from dB."""
    return float(np.abs(10 ** ((ours - theirs) / 10) - 1).max())


def oracle_librosa(samples: np.ndarray) -> np.ndarray:
    # librosa centres the 400-sample window in its 512-point buffer; 56 zeros in front put it on our samples.
    power = librosa.feature.melspectrogram(
        y=np.pad(samples, (56, 56)), sr=16_000, n_fft=512, win_length=400, hop_length=160, n_mels=40, center=False
    )
    return librosa.power_to_db(power, ref=1.0, amin=1e-10, top_db=None).T


def test_log_mel_and_mfcc_equal_librosa(speech_paths: list[Path]) -> None:
    for path in speech_paths:
        samples = read_audio(path)
        log_mel, cepstra = log_mel_and_cepstra(samples, 40)
        wanted = oracle_librosa(samples)
        assert log_mel.shape == wanted.shape == (frame_count(len(samples)), 40)
        assert relative_error(log_mel, wanted) < 1e-5
        assert energy_error(log_mel, wanted) < 1e-5
        for count in (20, 40):
            mfcc = librosa.feature.mfcc(S=wanted.T, n_mfcc=count).T
            assert relative_error(cepstra[:, :count], mfcc) < 1e-5


def test_log_mel_and_mfcc_equal_scipy(speech_paths: list[Path]) -> None:
    samples = read_audio(speech_paths[0])[:24_000]
    window = scipy.signal.windows.hann(400, sym=False)

    # Slaney's filters, written out: linear below 1 kHz, logarithmic above, unit area.
    def hertz(mel: np.ndarray) -> np.ndarray:
        return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp(np.log(6.4) / 27 * (mel - 15)))

    top = 15 + np.log(8.0) / (np.log(6.4) / 27)
    edges = hertz(np.linspace(0, top, 42))
    bins = np.arange(257) * 16_000 / 512
    filters = np.zeros((40, 257))
    for band in range(40):
        low, middle, high = edges[band : band + 3]
        rise, fall = (bins - low) / (middle - low), (high - bins) / (high - middle)
        filters[band] = np.maximum(0, np.minimum(rise, fall)) * 2 / (high - low)
    frames = np.lib.stride_tricks.sliding_window_view(samples, 400)[::160] * window
    power = np.abs(scipy.fft.fft(frames, 512, axis=1)[:, :257]) ** 2
    wanted = 10 * np.log10(np.maximum(1e-10, power @ filters.T))
    log_mel, cepstra = log_mel_and_cepstra(samples, 20)
    assert relative_error(log_mel, wanted) < 1e-5
    assert energy_error(log_mel, wanted) < 1e-5
    assert relative_error(cepstra, scipy.fft.dct(wanted, type=2, norm="ortho", axis=1)[:, :20]) < 1e-5


@pytest.mark.parametrize(("samples", "frames"), [(0, 0), (399, 0), (400, 1), (559, 1), (560, 2), (800, 3)])
def test_frame_count(samples: int, frames: int) -> None:
    assert frame_count(samples) == frames
    assert log_mel_and_cepstra(np.zeros(samples), 20)[1].shape == (frames, 20)


def test_every_kind_equals_librosa(speech_paths: list[Path]) -> None:
    for path in speech_paths:
        samples = read_audio(path)
        log_mel = oracle_librosa(samples)
        mfcc = librosa.feature.mfcc(S=log_mel.T, n_mfcc=40).T
        lagged = np.concatenate([mfcc[[0, 0, 0], :20], mfcc[:-3, :20]])
        kinds = {"logmel40": log_mel, "mfcc40": mfcc, "mfcc20_delta": np.hstack([mfcc[:, :20], mfcc[:, :20] - lagged])}
        for kind, wanted in kinds.items():
            assert relative_error(raw_features(samples, FrontEndSettings(kind=kind)), wanted) < 1e-5


def test_a_frame_hears_its_400_samples_and_no_others() -> None:
    samples = np.random.default_rng(0).uniform(-1, 1, 2000)
    before, _ = log_mel_and_cepstra(samples, 0)
    # Frame 2 covers 320..719; the periodic window is 0 at its first sample.
    for at, heard in ((319, [0, 1]), (321, [0, 1, 2]), (719, [2, 3, 4]), (720, [3, 4])):
        changed = samples.copy()
        changed[at] += 1.0
        after, _ = log_mel_and_cepstra(changed, 0)
        assert np.flatnonzero((after != before).any(axis=1)).tolist() == heard


@pytest.mark.parametrize(("frames", "blocks"), [(7, [7]), (8, [8]), (9, [9]), (1024, [1024]), (2050, [1024, 1024, 2])])
def test_a_block_has_1024_frames_and_a_transform_a_multiple_of_8(
    frames: int, blocks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    rows: list[int] = []
    transform = scipy.fft.rfft

    def watched_power(samples: np.ndarray, count: int, window: np.ndarray) -> np.ndarray:
        asked.append(count)
        assert count <= frame_count(len(samples))
        return _power(samples, count, window)

    def watched_transform(given: np.ndarray, axis: int) -> np.ndarray:
        rows.append(len(given))
        return transform(given, axis=axis)

    monkeypatch.setattr("features.cepstra._power", watched_power)
    monkeypatch.setattr(scipy.fft, "rfft", watched_transform)
    noise = np.random.default_rng(frames).uniform(-1, 1, 400 + 160 * (frames - 1))
    whole, _ = log_mel_and_cepstra(noise, 0)
    assert asked == blocks
    assert rows == [next(multiple for multiple in range(0, 2048, 8) if multiple >= block) for block in blocks]
    alone, _ = log_mel_and_cepstra(noise[-400:], 0)
    np.testing.assert_array_equal(whole[-1], alone[0])


def test_silence_stands_at_the_floor() -> None:
    log_mel, cepstra = log_mel_and_cepstra(np.zeros(400), 20)
    assert (log_mel == -100.0).all()
    np.testing.assert_allclose(cepstra[0], [-100 * np.sqrt(40), *[0] * 19], atol=1e-10)
