"""Phone error rates of a whole set, and the decoder's weights tuned on the development set."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np

from golden.checkpoint import Host
from golden.decoder import decode_scores, fold, phones_of, state_scores
from golden.scoring import PhoneErrors, Silence, phone_errors
from training.errors import TrainingError

ACOUSTIC_SCALES = (0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1.0)
INSERTION_LOGS = (-4.0, -3.0, -2.0, -1.0, 0.0, 1.0)


def error_rate(
    host: Host,
    scores: Iterable[np.ndarray],
    references: Sequence[Sequence[str]],
    *,
    silence: Silence = "excluded",
) -> PhoneErrors:
    """Decode and score utterances.

    Parameters
    ----------
    host : Host
    scores : iterable of np.ndarray [shape=(frames, states), dtype=float32]
        `golden.decoder.state_scores` of each utterance.
    references : sequence of sequences of str
        Phones, folded here; with their silences if these are to be scored.
    silence : {"excluded", "counted", "forgiven"}
        As in ``golden.scoring.phone_errors``. Where silence is scored, the decoder's adjacent silences stay apart as
        the reference's do (Kaldi's way).

    Returns
    -------
    PhoneErrors
        The sum over the utterances.
    """
    total = PhoneErrors(0, 0, 0, 0)
    for given, reference in zip(scores, references, strict=True):
        decoded = phones_of(decode_scores(host, given, merge_silences=silence == "excluded"), keep_silence=True)
        total = total.plus(phone_errors(fold(reference, keep_silence=True), decoded, silence=silence))
    return total


def tune(
    host: Host,
    logits: Iterable[np.ndarray],
    references: Sequence[Sequence[str]],
    *,
    fc_scale: int,
    silence: Silence = "excluded",
) -> tuple[Host, PhoneErrors]:
    """Choose the acoustic scale and the insertion weight with the fewest errors on a development set (full grid).

    The bigram's weight needs no tuning of its own: only the ratios of the three weights choose a path.

    Parameters
    ----------
    host : Host
    logits : iterable of np.ndarray [shape=(frames, outputs)]
    references : sequence of sequences of str
    fc_scale : int
        log2 of a logit's unit.
    silence : {"excluded", "counted", "forgiven"}
        As in `error_rate`.

    Returns
    -------
    host : Host
        With the weights that won; of equals, the first in the grid's order.
    errors : PhoneErrors
        Theirs.

    Raises
    ------
    TrainingError
        No reference has a phone that is scored.
    """
    plain = dataclasses.replace(host, acoustic_scale=1.0)
    scores = [state_scores(plain, given, fc_scale=fc_scale) for given in logits]
    best, fewest = host, PhoneErrors(0, 0, 0, 0)
    least = float("inf")
    for insertion in INSERTION_LOGS:
        for acoustic in ACOUSTIC_SCALES:
            tried = dataclasses.replace(host, acoustic_scale=acoustic, insertion_log=insertion)
            scaled = (np.float32(acoustic) * given for given in scores)
            errors = error_rate(tried, scaled, references, silence=silence)
            if not errors.reference:
                raise TrainingError("decoder: references without a phone, by which its weights cannot be chosen")
            if errors.rate < least:
                best, fewest, least = tried, errors, errors.rate
    return best, fewest
