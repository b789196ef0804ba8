"""Decoding while the frames come in, with a fixed look-ahead (fixed-lag Viterbi; ours).

The phone of frame n is fixed once the network's output for frame n + look-ahead is known: it is that of the best path
at that moment, and every path that has another state in frame n is given up. So what has been fixed is always the
beginning of one path through the phone HMMs, and never taken back.
"""

from __future__ import annotations

import numpy as np

from golden.checkpoint import Host
from golden.decoder import PhoneSegment, Segments, graph_weights, state_scores
from golden.errors import StimulusError
from golden.viterbi import advance, finish, weighed

FRAME_PERIOD_MS = 10.0
# Of the front-end: the sound that the last frame of a decision needs.
WINDOW_MS = 25.0
# Phone error rate of the shipped network on speechocean762's test set, beside the whole utterance ahead: 4.5 points
# more with 10 frames, 1.7 with 20, 0.7 with 30, 0.1 with 70 (rsnn look-ahead).
LOOK_AHEAD_FRAMES = 30
_LONGEST_LOOK_AHEAD = 10_000
_NEVER = -(2**60)


class StreamingDecoder:
    """Logits in, frame by frame or in chunks of any length; phones out as soon as they are fixed.

    However the stream is cut, the phones and times are those of `decode_with_look_ahead`; with a look-ahead as long as
    the utterance, those of ``golden.decoder.decode``. Memory does not grow with the utterance.

    Parameters
    ----------
    host : Host
    look_ahead_frames : int, default 30
        Output frames waited for before a frame's phone is fixed, 0..10,000.
    fc_scale : int
        log2 of a logit's unit, as in ``golden.decoder.state_scores``.

    Raises
    ------
    StimulusError
        A look-ahead out of range.

    Examples
    --------
    >>> from golden.checkpoint import load_checkpoint
    >>> checkpoint = load_checkpoint()
    >>> decoder = StreamingDecoder(checkpoint.host, look_ahead_frames=30, fc_scale=checkpoint.scales["fc"])
    >>> decoder.latency_ms
    365.0
    >>> phones = decoder.push(np.zeros((100, 1920), dtype=np.int32)) + decoder.finish()
    """

    def __init__(self, host: Host, *, look_ahead_frames: int = LOOK_AHEAD_FRAMES, fc_scale: int) -> None:
        self._host = host
        self._look_ahead = _checked(look_ahead_frames)
        self._fc_scale = fc_scale
        self._joins, self._first = graph_weights(host)
        states = len(host.log_prior)
        self._best = np.zeros(states, np.int32)
        self._back = np.empty((self._look_ahead + 1, states), np.int16)
        self._begin()

    def _begin(self) -> None:
        self._skipped = self._seen = 0
        self._segments = Segments(self._host)

    @property
    def latency_ms(self) -> float:
        """From the beginning of a frame's sound until its phone is fixed: look-ahead, label delay and window.

        The time that front-end, network and decoder take to compute comes on top (on the accelerator at most one frame
        period); a phone is returned when the next one's first frame is fixed.
        """
        return (self._look_ahead + self._host.label_delay_frames) * FRAME_PERIOD_MS + WINDOW_MS

    @property
    def fixed_frames(self) -> int:
        """Input frames of this utterance whose phone is fixed."""
        return max(0, self._seen - self._look_ahead)

    def push(self, logits: np.ndarray) -> list[PhoneSegment]:
        """Take the next frames in.

        Parameters
        ----------
        logits : np.ndarray [shape=(frames, outputs), dtype=integer or floating]
            Any number of frames, none included.

        Returns
        -------
        list of PhoneSegment
            That ended in the frames fixed now; adjacent silences are one. Times count from the utterance's first frame.

        Raises
        ------
        StimulusError
            Logits of another shape.
        """
        scores = state_scores(self._host, logits, fc_scale=self._fc_scale)
        skipped = min(len(scores), self._host.label_delay_frames - self._skipped)
        self._skipped += skipped
        scores = scores[skipped:]
        state, entered = np.empty(len(scores), np.int16), np.empty(len(scores), np.bool_)
        count = advance(scores, self._joins, self._first, self._best, self._back, self._seen, state, entered)
        self._seen += len(scores)
        return self._segments.take(state[:count], entered[:count])

    def finish(self) -> list[PhoneSegment]:
        """End the utterance: return its last segments, and be ready for the next one."""
        rest = self._seen - self.fixed_frames
        state, entered = np.empty(rest, np.int16), np.empty(rest, np.bool_)
        if rest:
            finish(self._best, self._back, self._seen, self._host.states_per_phone, state, entered)
        found = self._segments.take(state, entered) + self._segments.close()
        self._begin()
        return found


def decode_with_look_ahead(host: Host, scores: np.ndarray, *, look_ahead_frames: int) -> list[PhoneSegment]:
    """Decode a whole utterance as a stream with this look-ahead would be, every path written out (no back pointers).

    The definition that `StreamingDecoder` is held to; a hundred times slower, and memory grows with the utterance.

    Parameters
    ----------
    host : Host
    scores : np.ndarray [shape=(frames, states), dtype=float32]
        ``golden.decoder.state_scores``.
    look_ahead_frames : int

    Returns
    -------
    list of PhoneSegment
        As ``golden.decoder.decode`` returns them.

    Raises
    ------
    StimulusError
        A look-ahead out of range.
    """
    look_ahead = _checked(look_ahead_frames)
    joins, first = (weights.astype(np.int64) for weights in graph_weights(host))
    acoustic = weighed(scores[host.label_delay_frames :])
    frames, states = acoustic.shape
    if not frames:
        return []
    every, per_phone = np.arange(states), host.states_per_phone
    tops, lasts = every[::per_phone], every[per_phone - 1 :: per_phone]
    best = np.full(states, _NEVER)
    # Row: the states, and the beginnings of phones, on the best path that ends in that state.
    paths, begins = np.zeros((states, frames), np.int16), np.zeros((states, frames), np.bool_)
    for frame in range(frames):
        came, entered, reached = every.copy(), np.zeros(states, np.bool_), best.copy()
        if frame == 0:
            reached[tops], entered[tops] = first, True
        else:
            moved = np.flatnonzero((every % per_phone > 0) & (np.roll(best, 1) > best))
            came[moved], reached[moved] = moved - 1, best[moved - 1]
            values = best[lasts, None] + joins
            entered[tops] = values.max(axis=0) > best[tops]
            joined = np.flatnonzero(entered)
            came[joined] = lasts[values.argmax(axis=0)[joined // per_phone]]
            reached[joined] = values.max(axis=0)[joined // per_phone]
        paths, begins = paths[came], begins[came]
        paths[:, frame], begins[:, frame] = every, entered
        best = np.where(reached > _NEVER // 2, reached + acoustic[frame], _NEVER)
        if frame >= look_ahead:
            fixed = paths[:, frame - look_ahead]
            best[fixed != fixed[best.argmax()]] = _NEVER
    ending = best[lasts]
    winner = lasts[ending.argmax()] if ending.max() > _NEVER // 2 else best.argmax()
    segments = Segments(host)
    return segments.take(paths[winner], begins[winner]) + segments.close()


def _checked(look_ahead_frames: int) -> int:
    if type(look_ahead_frames) is not int or not 0 <= look_ahead_frames <= _LONGEST_LOOK_AHEAD:
        raise StimulusError(
            f"decoder: look_ahead_frames is {look_ahead_frames!r}, expected an integer in 0..{_LONGEST_LOOK_AHEAD}"
        )
    return look_ahead_frames
