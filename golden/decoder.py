"""The host's phone decoder: logits to phone segments (float scores, integer search, off the chip).

The paper's Kaldi recipe decodes tied states with a phone bigram. Ours: a log-softmax over the outputs, the outputs of
each state summed, its prior divided out, and a Viterbi search over left-to-right phone HMMs joined by a phone bigram.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from golden.checkpoint import Checkpoint, Host
from golden.errors import StimulusError
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
    return decode_scores(host, state_scores(host, logits, fc_scale=fc_scale))


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
    scores = np.ascontiguousarray(scores[host.label_delay_frames :], dtype=np.float32)
    frames, states = len(scores), len(host.log_prior)
    if not frames:
        return []
    joins, first = graph_weights(host)
    best = np.zeros(states, np.int32)
    # Room for every back pointer: nothing is fixed before the end.
    back = np.empty((frames + 1, states), np.int16)
    state, entered = np.empty(frames, np.int16), np.empty(frames, np.bool_)
    advance(scores, joins, first, best, back, 0, state, entered)
    finish(best, back, frames, host.states_per_phone, state, entered)
    segments = Segments(host, merge_silences=merge_silences)
    return segments.take(state, entered) + segments.close()


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


def decode_checkpoint(checkpoint: Checkpoint, logits: np.ndarray) -> list[PhoneSegment]:
    """Decode the integer logits of `checkpoint`'s network with its own host section.

    Raises
    ------
    StimulusError
        A checkpoint without host section, or logits of another shape.
    """
    if checkpoint.host is None:
        raise StimulusError("decoder: the checkpoint has no host section")
    return decode(checkpoint.host, logits, fc_scale=checkpoint.scales["fc"])


def phones_of(segments: Iterable[PhoneSegment], *, keep_silence: bool = False) -> list[str]:
    """Return the decoded phones, without silence unless it is to be kept."""
    return [segment.phone for segment in segments if keep_silence or segment.phone != SILENCE]


def fold(phones: Iterable[str], *, keep_silence: bool = False) -> list[str]:
    """Fold TIMIT's 48 phones or CMU's 39 as `decode` does, and drop silence unless it is to be kept."""
    folded = (FOLDED.get(phone, phone) for phone in phones)
    return [phone for phone in folded if keep_silence or phone != SILENCE]
