"""The host's phone decoder: logits to phone segments (float scores, integer search, off the chip).

The paper's Kaldi recipe decodes tied states with a phone bigram. Ours: a log-softmax over the outputs, the outputs of
each state summed, its prior divided out, and a Viterbi search over left-to-right phone HMMs joined by a phone bigram.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from golden.errors import StimulusError
from golden.host import Host
from golden.viterbi import advance, finish, weighed

# Scored alike, after Lee and Hon (1989): TIMIT's 48 phones, and CMU's 39 among them, onto 39.
FOLDED = {
    "ao": "aa",
    "ax": "ah",
    "ix": "ih",
    "el": "l",
    "en": "n",
    "zh": "sh",
    "cl": "sil",
    "vcl": "sil",
    "epi": "sil",
}
SILENCE = "sil"
_IMPOSSIBLE = np.float32(-1e30)
# Whose scores are computed at a time: some megabytes of shares, whatever the utterance.
_FRAMES_AT_ONCE = 1024


class PhoneSegment(NamedTuple):
    """A decoded phone, folded, and the frames [start_frame, end_frame) that it covers."""

    phone: str
    start_frame: int
    end_frame: int


class Segments:
    """States of successive frames turned into folded phones with their times.

    Parameters
    ----------
    host : Host
    merge_silences : bool, default True
        Adjacent silences, the closures among them, become one. Other equal phones side by side stay two.
    """

    def __init__(self, host: Host, *, merge_silences: bool = True) -> None:
        self._names = [FOLDED.get(name, name) for name in host.phones]
        self._per_phone = host.states_per_phone
        self._merge = merge_silences
        self._phone = ""
        self._start = self._frames = 0

    def take(self, state: np.ndarray, entered: np.ndarray) -> list[PhoneSegment]:
        """Return the segments that end in these frames; the last phone stays open until another begins.

        Parameters
        ----------
        state : np.ndarray [shape=(frames,), dtype=integer]
        entered : np.ndarray [shape=(frames,), dtype=bool]
            Whether a phone begins in the frame.
        """
        ended = []
        for frame in np.flatnonzero(entered).tolist():
            name = self._names[int(state[frame]) // self._per_phone]
            if self._merge and name == self._phone == SILENCE:
                continue
            begin = self._frames + frame
            if self._phone:
                ended.append(PhoneSegment(self._phone, self._start, begin))
            self._phone, self._start = name, begin
        self._frames += len(state)
        return ended

    def close(self) -> list[PhoneSegment]:
        """Return the segment that is open, if any frame came."""
        return [PhoneSegment(self._phone, self._start, self._frames)] if self._phone else []


def state_scores(host: Host, logits: np.ndarray, *, fc_scale: int) -> np.ndarray:
    """Turn logits into scaled acoustic log-likelihoods of the states.

    Parameters
    ----------
    host : Host
    logits : np.ndarray [shape=(frames, outputs), dtype=integer or floating]
    fc_scale : int
        log2 of a logit's unit (`Checkpoint.scales`' "fc"); 0 for logits that are real numbers already.

    Returns
    -------
    np.ndarray [shape=(frames, states), dtype=float32]
        ``acoustic_scale * (log posterior - log prior)``. A frame's do not depend on the other frames.

    Raises
    ------
    StimulusError
        Logits of another shape.
    """
    if logits.ndim != 2 or logits.shape[1] != len(host.senone_state):
        raise StimulusError(f"logits: shape {logits.shape}, expected (frames, {len(host.senone_state)})")
    shares = logits.astype(np.float32)
    shares *= np.float32(2.0**fc_scale)
    shares += host.class_offset
    if len(shares):
        shares -= shares.max(axis=1, keepdims=True)
    np.exp(shares, out=shares)
    # Outputs grouped by state, then one segmented sum; a state without outputs is impossible.
    outputs_of = host.senone_state
    if (np.diff(outputs_of) < 0).any():
        order = np.argsort(outputs_of, kind="stable")
        shares, outputs_of = shares[:, order], outputs_of[order]
    present, firsts = np.unique(outputs_of, return_index=True)
    summed = np.add.reduceat(shares, firsts, axis=1)
    posteriors = np.log(np.maximum(summed, 1e-30)) - np.log(summed.sum(axis=1, keepdims=True))
    scores = np.full((len(logits), len(host.log_prior)), _IMPOSSIBLE, dtype=np.float32)
    scores[:, present] = np.float32(host.acoustic_scale) * (posteriors - host.log_prior[present])
    return scores


def decode(host: Host, logits: np.ndarray, *, fc_scale: int) -> list[PhoneSegment]:
    """Find the best phone sequence of one utterance.

    Parameters
    ----------
    host : Host
    logits : np.ndarray [shape=(frames, outputs), dtype=integer or floating]
    fc_scale : int
        As in `state_scores`.

    Returns
    -------
    list of PhoneSegment
        In time order, silences included; times are those of the input frames, the network's delay taken off. Empty
        for an utterance no longer than the delay.

    Raises
    ------
    StimulusError
        Logits of another shape.

    See Also
    --------
    golden.scoring.phone_errors : compares with a reference.
    golden.streaming.StreamingDecoder : decodes while the frames come in.
    """
    decoder = UtteranceDecoder(host, len(logits), fc_scale=fc_scale)
    decoder.push(logits)
    return decoder.finish()


class UtteranceDecoder:
    """Find the best phone sequence of one utterance whose logits come in pieces: what `decode` gives for the whole.

    Memory: two bytes a state and frame, for the back pointers.

    Parameters
    ----------
    host : Host
    frames : int
        Frames of the utterance, all of which must come.
    fc_scale : int
        As in `state_scores`.
    merge_silences : bool, default True
        As in `Segments`.
    """

    def __init__(self, host: Host, frames: int, *, fc_scale: int = 0, merge_silences: bool = True) -> None:
        self._host, self._fc_scale, self._merge = host, fc_scale, merge_silences
        self._skip = min(frames, host.label_delay_frames)
        self._frames = frames - self._skip
        self._joins, self._first = graph_weights(host)
        states = len(host.log_prior)
        self._best = np.zeros(states, np.int32)
        # Room for every back pointer: nothing is fixed before the end.
        self._back = np.empty((self._frames + 1, states), np.int16)
        self._seen = 0

    def push(self, logits: np.ndarray) -> None:
        """Take the next frames' logits [shape=(frames, outputs)].

        Raises
        ------
        StimulusError
            Logits of another shape, or more frames than the utterance has.
        """
        for start in range(0, len(logits), _FRAMES_AT_ONCE):
            part = logits[start : start + _FRAMES_AT_ONCE]
            self.push_scores(state_scores(self._host, part, fc_scale=self._fc_scale))

    def push_scores(self, scores: np.ndarray) -> None:
        """Take the next frames' `state_scores` [shape=(frames, states), dtype=float32]."""
        skipped = min(len(scores), self._skip)
        self._skip -= skipped
        scores = np.ascontiguousarray(scores[skipped:], dtype=np.float32)
        if self._seen + len(scores) > self._frames:
            raise StimulusError(f"decoder: more frames than the {self._frames} that were told")
        state, entered = np.empty(len(scores), np.int16), np.empty(len(scores), np.bool_)
        advance(scores, self._joins, self._first, self._best, self._back, self._seen, state, entered)
        self._seen += len(scores)

    def finish(self) -> list[PhoneSegment]:
        """Return the phones, once every frame is in.

        Raises
        ------
        StimulusError
            Frames are missing.
        """
        if self._seen != self._frames or self._skip:
            raise StimulusError(f"decoder: {self._seen} frames came, expected {self._frames}")
        if not self._frames:
            return []
        state, entered = np.empty(self._frames, np.int16), np.empty(self._frames, np.bool_)
        finish(self._best, self._back, self._frames, self._host.states_per_phone, state, entered)
        segments = Segments(self._host, merge_silences=self._merge)
        return segments.take(state, entered) + segments.close()


def decode_scores(host: Host, scores: np.ndarray, *, merge_silences: bool = True) -> list[PhoneSegment]:
    """Find the best phone sequence for given state scores; `decode` without its first half.

    Parameters
    ----------
    host : Host
    scores : np.ndarray [shape=(frames, states), dtype=float32]
        As `state_scores` returns them.
    merge_silences : bool, default True
        As in `Segments`.

    Returns
    -------
    list of PhoneSegment
        As `decode` does.
    """
    decoder = UtteranceDecoder(host, len(scores), merge_silences=merge_silences)
    decoder.push_scores(scores)
    return decoder.finish()


def graph_weights(host: Host) -> tuple[np.ndarray, np.ndarray]:
    """Return the decoder's weights between phones, as `golden.viterbi` takes them.

    Returns
    -------
    joins : np.ndarray [shape=(phones, phones), dtype=int32]
        Of a phone (column) after a phone (row): the scaled bigram and the insertion weight.
    first : np.ndarray [shape=(phones,), dtype=int32]
        Of beginning with a phone.
    """
    scale = np.float32(host.bigram_scale)
    joins = weighed(scale * host.bigram_log + np.float32(host.insertion_log))
    return np.ascontiguousarray(joins), weighed(scale * host.initial_log)


def phones_of(segments: Iterable[PhoneSegment], *, keep_silence: bool = False) -> list[str]:
    """Return the decoded phones, without silence unless it is to be kept."""
    return [segment.phone for segment in segments if keep_silence or segment.phone != SILENCE]


def fold(phones: Iterable[str], *, keep_silence: bool = False) -> list[str]:
    """Fold TIMIT's 48 phones or CMU's 39 as `decode` does, and drop silence unless it is to be kept."""
    folded = (FOLDED.get(phone, phone) for phone in phones)
    return [phone for phone in folded if keep_silence or phone != SILENCE]
