"""Speed perturbation: the same speech said faster or slower, as training data (Ko et al. 2015, speeds 0.9 and 1.1)."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from scipy.signal import resample_poly

from features.errors import SettingsError, shown_value

SLOWEST, FASTEST = 0.5, 2.0
# Speeds are ratios of small whole numbers: 0.9 is 9/10, 1.05 is 21/20.
LARGEST_DENOMINATOR = 100


def speed_ratio(speed: float) -> Fraction:
    """Return a speed as the ratio that is used, the nearest with a denominator of at most 100.

    Raises
    ------
    SettingsError
        Not a number in 0.5..2.

    Examples
    --------
    >>> speed_ratio(0.9)
    Fraction(9, 10)
    """
    # A NaN is in no range.
    if isinstance(speed, bool) or not isinstance(speed, (int, float)) or not SLOWEST <= speed <= FASTEST:
        raise SettingsError(f"speed is {shown_value(speed)}, expected a number in {SLOWEST}..{FASTEST}")
    return Fraction(speed).limit_denominator(LARGEST_DENOMINATOR)


def change_speed(samples: np.ndarray, speed: float) -> np.ndarray:
    """Return the samples played `speed` times as fast: shorter and higher above 1, longer and lower below.

    Resampling (scipy's polyphase filter, without delay) changes tempo and pitch together: what was at t seconds is
    at t / speed, so phone times are divided by `speed_ratio`.

    Parameters
    ----------
    samples : np.ndarray [shape=(samples,), dtype=float64]
    speed : float
        0.5 to 2; 1 gives the samples themselves.

    Returns
    -------
    np.ndarray [shape=(ceil(samples / speed),), dtype=float64]

    Raises
    ------
    SettingsError
        Speed out of range.
    """
    ratio = speed_ratio(speed)
    if ratio == 1:
        return samples
    return resample_poly(samples, ratio.denominator, ratio.numerator)
