"""Phone segments and the frame labels made of them.

A network is trained on one of two sets of phones: CMU's 39 and silence, or Lee and Hon's 48 of TIMIT. Scoring folds
both to the same 39 (see ``golden.decoder``). Each phone has three states, the thirds of its duration, as the paper's
Kaldi recipe has three HMM states (ours: thirds of a phone instead of Viterbi states).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

PHONES: tuple[str, ...] = tuple(
    "sil aa ae ah ao aw ay b ch d dh eh er ey f g hh ih iy jh k l m n ng ow oy p r s sh t th uh uw v w y z zh".split()
)
TIMIT_PHONES: tuple[str, ...] = tuple(
    "sil aa ae ah ao aw ax ay b ch cl d dh dx eh el en epi er ey f g hh ih ix iy jh k l m n ng ow oy p r s sh t th uh "
    "uw v vcl w y z zh".split()
)
PHONE_SETS = {"cmu": PHONES, "timit": TIMIT_PHONES}
# Index of silence in every set.
SILENCE = 0
STATES_PER_PHONE = 3
HOP_SAMPLES = 160
FRAME_CENTRE_SAMPLES = 200


@dataclass(frozen=True)
class Segments:
    """Consecutive phone segments of one utterance, the first starting at sample 0.

    Parameters
    ----------
    phones : np.ndarray [shape=(segments,), dtype=int16]
        Index into `names`.
    ends : np.ndarray [shape=(segments,), dtype=int64]
        First sample (16 kHz) after each segment, not decreasing.
    names : tuple of str
        Silence first.
    """

    phones: np.ndarray
    ends: np.ndarray
    names: tuple[str, ...] = PHONES

    def __post_init__(self) -> None:
        if self.phones.shape != self.ends.shape or self.phones.ndim != 1 or not len(self.phones):
            raise ValueError(f"segments: shapes {self.phones.shape} and {self.ends.shape}, expected two equal rows")
        if (np.diff(self.ends, prepend=0) < 0).any():
            raise ValueError("segments: ends decrease")
        if self.phones.min() < 0 or self.phones.max() >= len(self.names):
            raise ValueError(
                f"segments: phones {self.phones.min()}..{self.phones.max()}, expected 0..{len(self.names) - 1}"
            )

    def sequence(self) -> list[str]:
        """Return the phone names, silence left out."""
        return [self.names[phone] for phone in self.phones if phone != SILENCE]

    def at_speed(self, speed: float) -> Segments:
        """Return the segments of the same utterance spoken `speed` times as fast."""
        return self if speed == 1 else dataclasses.replace(self, ends=np.round(self.ends / speed).astype(np.int64))


@dataclass(frozen=True)
class FrameLabels:
    """What each frame of an utterance should be recognised as.

    Parameters
    ----------
    state : np.ndarray [shape=(frames,), dtype=int16]
        `STATES_PER_PHONE` x phone + third.
    left, right : np.ndarray [shape=(frames,), dtype=int16]
        Phones before and after the frame's segment (silence at the ends).
    """

    state: np.ndarray
    left: np.ndarray
    right: np.ndarray


def frame_labels(segments: Segments, frames: int) -> FrameLabels:
    """Label each frame by the segment in which the centre of its window falls.

    Parameters
    ----------
    segments : Segments
    frames : int
        Frames of 25 ms every 10 ms.

    Returns
    -------
    FrameLabels

    Examples
    --------
    >>> segments = Segments(np.array([0, 1], np.int16), np.array([500, 1000]))
    >>> frame_labels(segments, 5).state.tolist()
    [0, 1, 3, 4, 5]
    """
    centres = np.arange(frames) * HOP_SAMPLES + FRAME_CENTRE_SAMPLES
    which = np.minimum(np.searchsorted(segments.ends, centres, side="right"), len(segments.phones) - 1)
    first = np.searchsorted(which, which, side="left")
    count = np.searchsorted(which, which, side="right") - first
    third = (np.arange(frames) - first) * STATES_PER_PHONE // count
    padded = np.concatenate([[SILENCE], segments.phones, [SILENCE]]).astype(np.int16)
    state = (segments.phones[which] * STATES_PER_PHONE + third).astype(np.int16)
    return FrameLabels(state, padded[which], padded[which + 2])
