"""Resampling as a stream: scipy's polyphase filter a block at a time, the same samples as on the whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import numpy as np
from scipy.signal import firwin, resample_poly

# Samples of a block, before or after resampling, whichever are more.
_BLOCK = 1 << 16
# The filter has 20 taps a unit of the ratio's larger term. Every rate up to this is within it, and all that are in use.
LARGEST_TERM = 192_000


def resampled_count(samples: int, ratio: Fraction) -> int:
    """Return how many samples come of `samples`: ceil(samples x ratio)."""
    return -(-samples * ratio.numerator // ratio.denominator)


def resampled(blocks: Iterable[np.ndarray], ratio: Fraction) -> Iterator[np.ndarray]:
    """Yield ``scipy.signal.resample_poly`` of all samples, block after block.

    Blocks overlap by the filter's length and begin at whole periods of the ratio, so that every sample is computed
    from the same samples with the same taps in the same order: the doubles are equal, not close.

    Memory: a few blocks of 65,536 samples or, of an odd ratio, 2 x its denominator; and the filter, 20 doubles a unit
    of the ratio's larger term, six times over while it is designed (180 MB at a ratio of 16,000 to 191,999, 0.5 MB at
    160 to 441).

    Parameters
    ----------
    blocks : iterable of np.ndarray [shape=(samples,), dtype=float64]
        Of any lengths.
    ratio : Fraction
        New rate to old, its terms at most `LARGEST_TERM`.

    Yields
    ------
    np.ndarray [shape=(samples,), dtype=float64]
        `resampled_count` of all samples in all.
    """
    up, down = ratio.numerator, ratio.denominator
    if up == down:
        yield from blocks
        return
    larger = max(up, down)
    half = 10 * larger
    # resample_poly's own filter, designed once.
    taps = firwin(2 * half + 1, 1 / larger, window=("kaiser", 5.0))
    at_once = max(_BLOCK * down // larger, 2 * down, 4 * half // up)
    # The held samples begin at place `first` of all, and `done` new ones have been given.
    held, first, done = np.array([]), 0, 0
    waiting: list[np.ndarray] = []
    for piece in (block[at : at + at_once] for block in blocks for at in range(0, len(block), at_once)):
        waiting.append(piece)
        if len(held) + sum(map(len, waiting)) < 2 * at_once:
            continue
        held, waiting = np.concatenate([held, *waiting]), []
        # As far as the last tap still falls on a sample that is there.
        ready = ((first + len(held) - 1) * up - half) // down + 1
        # More than `done`, and `needed` is no less than 0: at least eight half filters are held.
        offset = first // down * up
        yield _filtered(held, ratio, taps)[done - offset : ready - offset]
        done = ready
        # The first sample that the next one needs, at the beginning of a period.
        needed = (done * down - half) // up // down * down
        held, first = held[needed - first :].copy(), needed
    held = np.concatenate([held, *waiting])
    if len(held):
        yield _filtered(held, ratio, taps)[done - first // down * up :]


def _filtered(samples: np.ndarray, ratio: Fraction, taps: np.ndarray) -> np.ndarray:
    # scipy-stubs know of windows by name alone.
    return resample_poly(samples, ratio.numerator, ratio.denominator, window=taps)  # type: ignore[call-overload]
