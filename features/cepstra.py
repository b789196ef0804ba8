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


@lru_cache(maxsize=1)
def _tables() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return window, mel filters [bands, bins], their first bins and those after the last, DCT [bands, bands]."""
    window = get_window("hann", WINDOW_SAMPLES, fftbins=True)
    filters = librosa.filters.mel(sr=SAMPLE_RATE_HZ, n_fft=FFT_SIZE, n_mels=MEL_BANDS, dtype=np.float64)
    spans = np.array([[band.nonzero()[0][0], band.nonzero()[0][-1] + 1] for band in filters])
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
    power = np.empty((frames, FFT_SIZE // 2 + 1))
    for frame in range(frames):
        start = frame * HOP_SAMPLES
        # One transform a call: the batched FFT takes another code path for the last rows of a batch.
        spectrum = scipy.fft.rfft(samples[start : start + WINDOW_SAMPLES] * window, FFT_SIZE)
        power[frame] = spectrum.real**2 + spectrum.imag**2
    log_mel = np.empty((frames, MEL_BANDS))
    cepstra = np.empty((frames, coefficients))
    _kernel()(power, filters, spans, cosines, log_mel, cepstra)
    return log_mel, cepstra
