"""The search over left-to-right phone HMMs: one code for whole utterances and for streams (host, off the chip).

Weights are integers in units of 2^-12 (natural log), so sums are exact and a path's score does not depend on where a
stream was cut. After each frame the best state stands at 0. Staying in a state and moving on to the next cost the same,
so neither is counted. A stream fixes the state of frame n when frame n + look-ahead is in: that of the best path then;
the paths that disagree are given up, so that what is fixed always reads as one path through the HMMs.
"""

from __future__ import annotations

import numpy as np

from golden.compiled import compiled

UNIT = 2.0**-12
# A weight's bound: 1,024 natural-log units, far beyond what logits and priors give.
LARGEST = 2**22
# Paths given up; nothing alive comes near half of it within the few frames that lead from any state to any other.
DEAD = -(2**30)


def weighed(values: np.ndarray) -> np.ndarray:
    """Round natural-log weights to integers in `UNIT`, -1,024..1,024.

    Parameters
    ----------
    values : np.ndarray [dtype=float32]

    Returns
    -------
    np.ndarray [shape of `values`, dtype=int32]
    """
    return np.clip(np.rint(values * np.float32(1 / UNIT)), -LARGEST, LARGEST).astype(np.int32)


@compiled
def advance(scores, joins, first, best, back, seen, state, entered):  # type: ignore[no-untyped-def]
    """Take frames in, and fix the states that the look-ahead then allows.

    Parameters
    ----------
    scores : np.ndarray [shape=(frames, states), dtype=float32]
        Scaled acoustic log-likelihoods.
    joins, first : np.ndarray [shape=(phones, phones) and (phones,), dtype=int32]
        `weighed` log weight of a phone (column) after a phone (row), and of beginning with a phone.
    best : np.ndarray [shape=(states,), dtype=int32]
        Best path's score up to each state, changed in place; anything at `seen` = 0.
    back : np.ndarray [shape=(look-ahead + 1, states), dtype=int16]
        Ring of back pointers, changed in place: the state before, or ``-1 -`` it where a phone begins.
    seen : int
        Frames taken in before.
    state : np.ndarray [shape=(at least frames,), dtype=int16]
        Receives the states of the frames fixed.
    entered : np.ndarray [as `state`, dtype=bool]
        Receives whether a phone begins there.

    Returns
    -------
    int
        Number of frames fixed.
    """
    ring, states = back.shape
    phones = len(first)
    per_phone = states // phones
    reached = np.empty(states, np.int32)
    enter = np.empty(phones, np.int32)
    source = np.empty(phones, np.int32)
    origin = np.empty(states, np.int16)
    fixed = 0
    for row in range(len(scores)):
        frame = seen + row
        pointers = back[frame % ring]
        if frame == 0:
            reached[:] = DEAD
            pointers[:] = -1
            reached[::per_phone] = first
        else:
            # The phones that may follow lie side by side: this loop is most of the time and runs in vector registers.
            enter[:] = 2 * DEAD
            for before in range(phones):
                leaving = best[before * per_phone + per_phone - 1]
                for phone in range(phones):
                    value = np.int32(leaving + joins[before, phone])
                    better = value > enter[phone]
                    enter[phone] = value if better else enter[phone]
                    source[phone] = np.int32(before) if better else source[phone]
            # So does this one, which is right for all but the phones' first states.
            reached[0] = best[0]
            for here in range(1, states):
                moved = best[here - 1] > best[here]
                reached[here] = best[here - 1] if moved else best[here]
                pointers[here] = here - 1 if moved else here
            for phone in range(phones):
                top = phone * per_phone
                joined = enter[phone] > best[top]
                reached[top] = enter[phone] if joined else best[top]
                pointers[top] = -1 - (source[phone] * per_phone + per_phone - 1) if joined else top
        highest = np.int32(2 * DEAD)
        for here in range(states):
            score = np.rint(scores[row, here] * np.float32(1 / UNIT))
            score = min(max(score, np.float32(-LARGEST)), np.float32(LARGEST))
            best[here] = reached[here] + np.int32(score)
            highest = max(highest, best[here])
        for here in range(states):
            best[here] = best[here] - highest if best[here] > DEAD // 2 else DEAD
        if frame < ring - 1:
            continue
        for here in range(states):
            origin[here] = here
        for later in range(frame, frame - ring + 1, -1):
            pointers = back[later % ring]
            for here in range(states):
                came = pointers[origin[here]]
                origin[here] = came if came >= 0 else -1 - came
        chosen = origin[np.argmax(best)]
        for here in range(states):
            if origin[here] != chosen:
                best[here] = DEAD
        state[fixed] = chosen
        entered[fixed] = back[(frame + 1) % ring, chosen] < 0
        fixed += 1
    return fixed


@compiled
def finish(best, back, seen, per_phone, state, entered):  # type: ignore[no-untyped-def]
    """Fix the last ``len(state)`` of `seen` frames; parameters as for `advance`.

    The last frame should be a phone's last state; where the utterance is too short for that, any state will do.
    """
    ring = len(back)
    chosen, found = int(np.argmax(best)), np.int32(DEAD)
    for last in range(per_phone - 1, len(best), per_phone):
        if best[last] > found:
            chosen, found = last, best[last]
    for frame in range(len(state) - 1, -1, -1):
        came = back[(seen - len(state) + frame) % ring, chosen]
        state[frame] = chosen
        entered[frame] = came < 0
        chosen = came if came >= 0 else -1 - came
