"""Causal running normalisation and 8-bit codes, and the corpus statistics that they start from (ours)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from features.errors import FeatureError

CODE_LOW, CODE_HIGH = -128, 127


class RunningNormalisation:
    """Subtract the mean of all frames so far, begun with a prior, and divide by a fixed scale.

    ``mean[n] = (prior_frames x mean + sum of frames 0..n) / (prior_frames + n + 1)``; a code is
    ``(x - mean[n]) / scale x steps_per_sigma``, rounded half to even and clipped to -128..127.

    Parameters
    ----------
    mean, scale : np.ndarray [shape=(features,), dtype=float64]
        Corpus mean and standard deviation.
    prior_frames : int
        Weight of the corpus mean, in frames.
    steps_per_sigma : float
        Codes a standard deviation.
    """

    def __init__(self, mean: np.ndarray, scale: np.ndarray, *, prior_frames: int, steps_per_sigma: float) -> None:
        self._sum = prior_frames * np.asarray(mean, dtype=np.float64)
        self._count = prior_frames
        self._gain = steps_per_sigma / np.asarray(scale, dtype=np.float64)

    def push(self, features: np.ndarray) -> np.ndarray:
        """Return the codes of the next frames.

        Parameters
        ----------
        features : np.ndarray [shape=(frames, features), dtype=float64]

        Returns
        -------
        np.ndarray [shape=(frames, features), dtype=int8]
        """
        # accumulate adds frame after frame, so the sums do not depend on how the frames were cut into chunks.
        sums = np.add.accumulate(np.vstack([self._sum, features]), axis=0)
        counts = self._count + np.arange(1, len(features) + 1)
        self._sum, self._count = sums[-1], self._count + len(features)
        centred = features - sums[1:] / counts[:, None]
        return np.clip(np.rint(centred * self._gain), CODE_LOW, CODE_HIGH).astype(np.int8)


def estimate_normalisation(utterances: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation over the frames of a corpus.

    Parameters
    ----------
    utterances : iterable of np.ndarray [shape=(frames, features), dtype=float64]
        Features before normalisation (``features.frontend.raw_features``).

    Returns
    -------
    mean, scale : np.ndarray [shape=(features,), dtype=float64]
        Both over all frames pooled.

    Raises
    ------
    FeatureError
        Fewer than two frames, a feature that never changes, an utterance of another width or with a NaN.
    """
    count, total, deviations = 0, np.array([]), np.array([])
    for number, features in enumerate(utterances):
        if features.ndim != 2 or (count and features.shape[1] != len(total)):
            width = len(total) if count else "features"
            raise FeatureError(f"normalisation: utterance {number}: shape {features.shape}, expected (frames, {width})")
        if not np.isfinite(features).all():
            raise FeatureError(f"normalisation: utterance {number}: NaN or infinite features")
        if not len(features):
            continue
        # Chan, Golub and LeVeque's update: squares of deviations. A sum of plain squares less the squared mean would
        # lose a feature's spread beside a large mean, and give one that never changes a little.
        here = features.sum(axis=0)
        around = ((features - here / len(features)) ** 2).sum(axis=0)
        if count:
            apart = here / len(features) - total / count
            deviations = deviations + around + apart**2 * (count * len(features) / (count + len(features)))
            total = total + here
        else:
            total, deviations = here, around
        count += len(features)
    if count < 2:
        raise FeatureError(f"normalisation: {count} frames, expected at least 2")
    mean, scale = total / count, np.sqrt(deviations / count)
    constant = scale <= 1e-9 * np.maximum(1, np.abs(mean))
    if constant.any():
        raise FeatureError(f"normalisation: feature {int(constant.argmax())} never changes")
    return mean, scale
