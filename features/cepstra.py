"""Spectra of one frame: log-mel energies and cepstra, the same bits whatever frames stand beside it.

Convention (ours, chosen to be librosa's): frame n covers samples 160 n to 160 n + 399 (25 ms every 10 ms, not centred,
no padding), periodic Hann window, 512-point FFT with the window at its beginning, power spectrum, 40 Slaney mel bands
with Slaney normalisation over 0-8 kHz, 10 log10 of no less than 1e-10 and no clipping by the utterance's maximum
(``top_db=None``: no stream knows its maximum), orthonormal DCT-II. No pre-emphasis, no lifter.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import librosa
import numpy as np
import scipy.fft
from numba import njit
from scipy.signal import get_window

from features.audio import SAMPLE_RATE_HZ

WINDOW_SAMPLES = 400
HOP_SAMPLES = 160
FFT_SIZE = 512
MEL_BANDS = 40
LEAST_POWER = 1e-10
# A multiple of the doubles in any vector register, and a bound on memory for long sounds.
FFT_ROWS = 8
FRAMES_AT_ONCE = 1024


@lru_cache(maxsize=1)
def _tables() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return window, mel filters [bands, bins], their first bins and those after the last, DCT [bands, bands]."""
    window = get_window("hann", WINDOW_SAMPLES, fftbins=True)
    filters = librosa.filters.mel(sr=SAMPLE_RATE_HZ, n_fft=FFT_SIZE, n_mels=MEL_BANDS, dtype=np.float64)
    heard = [np.flatnonzero(band) for band in filters]
    spans = np.array([[bins[0], bins[-1] + 1] for bins in heard])
    cosines = scipy.fft.dct(np.eye(MEL_BANDS), type=2, norm="ortho", axis=0)
    return window, filters, spans, cosines


@lru_cache(maxsize=1)
def _kernel() -> Any:
    """Compile the part after the FFT.

    Explicit sums in a fixed order: a BLAS product may round a row differently in a batch of another size, and streaming
    must give the bits that batch gives.
    """

    @njit
    def log_mel_and_cepstra(power, filters, spans, cosines, log_mel, cepstra):  # type: ignore[no-untyped-def]
        for frame in range(power.shape[0]):
            for band in range(filters.shape[0]):
                energy = 0.0
                for at in range(spans[band, 0], spans[band, 1]):
                    energy += filters[band, at] * power[frame, at]
                log_mel[frame, band] = 10.0 * np.log10(max(energy, LEAST_POWER))
            for which in range(cepstra.shape[1]):
                total = 0.0
                for band in range(filters.shape[0]):
                    total += cosines[which, band] * log_mel[frame, band]
                cepstra[frame, which] = total

    return log_mel_and_cepstra


def frame_count(samples: int) -> int:
    """Return how many whole frames `samples` samples hold (a 50-ms sound holds 3)."""
    return max(0, 1 + (samples - WINDOW_SAMPLES) // HOP_SAMPLES)


def log_mel_and_cepstra(samples: np.ndarray, coefficients: int) -> tuple[np.ndarray, np.ndarray]:
    """Return log-mel energies and cepstra of every whole frame.

    Parameters
    ----------
    samples : np.ndarray [shape=(samples,), dtype=float64]
        16 kHz.
    coefficients : int
        Cepstra wanted, 0..40.

    Returns
    -------
    log_mel : np.ndarray [shape=(frames, 40), dtype=float64]
        In dB.
    cepstra : np.ndarray [shape=(frames, coefficients), dtype=float64]
    """
    window, filters, spans, cosines = _tables()
    frames = frame_count(len(samples))
    log_mel = np.empty((frames, MEL_BANDS))
    cepstra = np.empty((frames, coefficients))
    for start in range(0, frames, FRAMES_AT_ONCE):
        block = slice(start, min(start + FRAMES_AT_ONCE, frames))
        power = _power(samples[start * HOP_SAMPLES :], block.stop - start, window)
        _kernel()(power, filters, spans, cosines, log_mel[block], cepstra[block])
    return log_mel, cepstra


def _power(samples: np.ndarray, frames: int, window: np.ndarray) -> np.ndarray:
    """Return the power spectrum [frames, bins] of the first frames.

    The FFT transforms as many rows at once as fit in a vector register and the rest one by one, which may round
    otherwise. Zero rows up to a multiple of `FFT_ROWS` keep every frame off that other path, alone or in a batch.
    """
    rows = np.zeros((-(-frames // FFT_ROWS) * FFT_ROWS, FFT_SIZE))
    whole = np.lib.stride_tricks.sliding_window_view(samples, WINDOW_SAMPLES)[::HOP_SAMPLES]
    rows[:frames, :WINDOW_SAMPLES] = whole[:frames] * window
    spectrum = scipy.fft.rfft(rows, axis=1)[:frames]
    return spectrum.real**2 + spectrum.imag**2
