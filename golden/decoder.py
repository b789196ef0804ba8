"""The host's phone decoder: logits to phone segments, and the count of phone errors (float, off the chip).

The paper's Kaldi recipe decodes tied states with a phone bigram. Ours: a log-softmax over the outputs, the outputs of
each state summed, its prior divided out, and a Viterbi search over left-to-right phone HMMs joined by a phone bigram.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from golden.checkpoint import Checkpoint, Host
from golden.compiled import compiled
from golden.errors import StimulusError

# CMU's 39 phones onto those of Lee and Hon (1989) that they reach.
FOLDED = {"ao": "aa", "zh": "sh"}
SILENCE = "sil"
_IMPOSSIBLE = np.float32(-1e30)


class PhoneSegment(NamedTuple):
    """A decoded phone, folded, and the frames [start_frame, end_frame) that it covers."""

    phone: str
    start_frame: int
    end_frame: int


class PhoneErrors(NamedTuple):
    """Errors against a reference of `reference` phones; add the counts of many utterances, then divide."""

    substitutions: int
    deletions: int
    insertions: int
    reference: int

    @property
    def rate(self) -> float:
        """Phone error rate, 1.0 being as many errors as reference phones."""
        return (self.substitutions + self.deletions + self.insertions) / max(1, self.reference)

    def plus(self, other: PhoneErrors) -> PhoneErrors:
        """Return the sum of both counts."""
        return PhoneErrors(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


def state_scores(host: Host, logits: np.ndarray, *, fc_scale: int) -> np.ndarray:
    """Turn logits into scaled acoustic log-likelihoods of the states.

    Parameters
    ----------
    host : Host
    logits : np.ndarray [shape=(frames, outputs), dtype=int32 or floating]
    fc_scale : int
        log2 of a logit's unit (`Checkpoint.scales`' "fc"); 0 for logits that are real numbers already.

    Returns
    -------
    np.ndarray [shape=(frames, states), dtype=float32]
        ``acoustic_scale * (log posterior - log prior)``.

    Raises
    ------
    StimulusError
        Logits of another shape.
    """
    if logits.ndim != 2 or logits.shape[1] != len(host.senone_state):
        raise StimulusError(f"logits: shape {logits.shape}, expected (frames, {len(host.senone_state)})")
    real = logits.astype(np.float32) * np.float32(2.0**fc_scale) + host.class_offset
    if len(real):
        real -= real.max(axis=1, keepdims=True)
    shares = np.exp(real)
    # Outputs grouped by state, then one segmented sum; a state without outputs is impossible.
    order = np.argsort(host.senone_state, kind="stable")
    present, firsts = np.unique(host.senone_state[order], return_index=True)
    summed = np.add.reduceat(shares[:, order], firsts, axis=1)
    posteriors = np.log(np.maximum(summed, 1e-30)) - np.log(shares.sum(axis=1, keepdims=True))
    scores = np.full((len(logits), len(host.log_prior)), _IMPOSSIBLE, dtype=np.float32)
    scores[:, present] = np.float32(host.acoustic_scale) * (posteriors - host.log_prior[present])
    return scores


def decode(host: Host, logits: np.ndarray, *, fc_scale: int) -> list[PhoneSegment]:
    """Find the best phone sequence of one utterance.

    Parameters
    ----------
    host : Host
    logits : np.ndarray [shape=(frames, outputs), dtype=int32 or floating]
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
    phone_error_rate : compares with a reference.
    """
    return decode_scores(host, state_scores(host, logits, fc_scale=fc_scale))


def decode_scores(host: Host, scores: np.ndarray) -> list[PhoneSegment]:
    """Find the best phone sequence for given state scores; `decode` without its first half.

    Parameters
    ----------
    host : Host
    scores : np.ndarray [shape=(frames, states), dtype=float32]
        As `state_scores` returns them.

    Returns
    -------
    list of PhoneSegment
        As `decode` does.
    """
    scores = scores[host.label_delay_frames :]
    if not len(scores):
        return []
    joins = np.float32(host.bigram_scale) * host.bigram_log + np.float32(host.insertion_log)
    first = np.float32(host.bigram_scale) * host.initial_log
    path = _viterbi(
        np.ascontiguousarray(scores),
        np.ascontiguousarray(joins.astype(np.float32)),
        first.astype(np.float32),
        host.states_per_phone,
    )
    # A phone begins where its first state is entered: from another state, or at the start.
    state, entered = path
    begins = np.flatnonzero(entered)
    ends = np.append(begins[1:], len(state))
    found: list[PhoneSegment] = []
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        name = host.phones[int(state[begin]) // host.states_per_phone]
        name = FOLDED.get(name, name)
        if found and name == SILENCE and found[-1].phone == SILENCE:
            found[-1] = PhoneSegment(SILENCE, found[-1].start_frame, end)
        else:
            found.append(PhoneSegment(name, begin, end))
    return found


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


@compiled
def _viterbi(scores, joins, first, per_phone):  # type: ignore[no-untyped-def]
    """Return the best state of each frame, and whether a phone begins there.

    Staying in a state and moving on to the next cost the same, so neither is counted. The last frame should be a
    phone's last state; where the utterance is too short for that, any state will do.
    """
    frames, states = scores.shape
    phones = states // per_phone
    best = np.full(states, np.float32(-1e30))
    back = np.zeros((frames, states), np.int32)
    starts = np.zeros((frames, states), np.bool_)
    for phone in range(phones):
        best[phone * per_phone] = first[phone] + scores[0, phone * per_phone]
        back[0, phone * per_phone] = -1
        starts[0, phone * per_phone] = True
    for frame in range(1, frames):
        reached = np.empty(states, np.float32)
        for phone in range(phones):
            top = phone * per_phone
            enter, source = np.float32(-np.inf), 0
            for before in range(phones):
                value = best[before * per_phone + per_phone - 1] + joins[before, phone]
                if value > enter:
                    enter, source = value, before * per_phone + per_phone - 1
            if enter > best[top]:
                reached[top], back[frame, top], starts[frame, top] = enter, source, True
            else:
                reached[top], back[frame, top] = best[top], top
            for state in range(top + 1, top + per_phone):
                if best[state - 1] > best[state]:
                    reached[state], back[frame, state] = best[state - 1], state - 1
                else:
                    reached[state], back[frame, state] = best[state], state
        best = reached + scores[frame]
    state, found = 0, np.float32(-np.inf)
    for phone in range(phones):
        last = phone * per_phone + per_phone - 1
        if best[last] > found:
            state, found = last, best[last]
    if found < np.float32(-1e29):
        state = int(np.argmax(best))
    path, begins = np.zeros(frames, np.int32), np.zeros(frames, np.bool_)
    for frame in range(frames - 1, -1, -1):
        path[frame], begins[frame] = state, starts[frame, state]
        state = back[frame, state]
    return path, begins


def phones_of(segments: Iterable[PhoneSegment]) -> list[str]:
    """Return the decoded phones without silence, as they are scored."""
    return [segment.phone for segment in segments if segment.phone != SILENCE]


def fold(phones: Iterable[str]) -> list[str]:
    """Fold names of CMU's phones as `decode` does, and drop silence."""
    return [FOLDED.get(phone, phone) for phone in phones if phone != SILENCE]


def phone_error_rate(reference: Sequence[str], hypothesis: Sequence[str]) -> PhoneErrors:
    """Count the errors of the best alignment (Levenshtein, every error costs 1).

    Parameters
    ----------
    reference, hypothesis : sequence of str
        Phones, folded alike. Silence counts like any other phone: take it out of both to forgive it.

    Returns
    -------
    PhoneErrors
        Of the alignments with fewest errors, the one with most substitutions.

    Examples
    --------
    >>> phone_error_rate(["k", "ae", "t"], ["k", "ah", "t", "s"])
    PhoneErrors(substitutions=1, deletions=0, insertions=1, reference=3)
    """
    codes = {phone: code for code, phone in enumerate(dict.fromkeys([*reference, *hypothesis]))}
    ours = np.array([codes[phone] for phone in reference], dtype=np.int64)
    theirs = np.array([codes[phone] for phone in hypothesis], dtype=np.int64)
    # Each error costs `big`, an insertion or deletion one more: the tie goes to substitutions.
    big = len(ours) + len(theirs) + 1
    offsets = np.arange(len(theirs) + 1) * (big + 1)
    row = offsets.copy()
    for code in ours:
        moved = np.minimum(row[1:] + big + 1, row[:-1] + np.where(theirs == code, 0, big))
        reached = np.concatenate([[row[0] + big + 1], moved])
        # Insertions run along the row: a running minimum after taking their cost off.
        row = np.minimum.accumulate(reached - offsets) + offsets
    errors, unpaired = divmod(int(row[-1]), big)
    deletions = (unpaired + len(ours) - len(theirs)) // 2
    insertions = unpaired - deletions
    return PhoneErrors(errors - unpaired, deletions, insertions, len(ours))
