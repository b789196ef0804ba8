"""Phone errors against a reference, by jiwer, and what is done with silence: Kaldi's two ways and ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

import jiwer
import numpy as np

from golden.compiled import compiled
from golden.decoder import SILENCE
from golden.errors import StimulusError

Silence = Literal["excluded", "counted", "forgiven"]

# No lower case, no punctuation taken off: phones are what stands between spaces.
_TO_PHONES = jiwer.ReduceToListOfListOfWords()


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


def phone_errors(reference: Sequence[str], hypothesis: Sequence[str], *, silence: Silence = "excluded") -> PhoneErrors:
    """Count the errors of the best alignment.

    Parameters
    ----------
    reference, hypothesis : sequence of str
        Phones, folded alike (`golden.decoder.fold`). Either may be empty.
    silence : {"excluded", "counted", "forgiven"}
        What "sil" is, which closures and pauses fold to. ``excluded`` (ours): it is taken out of both sequences, and so
        of the errors and of the number of reference phones. ``counted`` (Kaldi's ``score_basic.sh``): it is a phone
        like any other, in the errors and in the number. ``forgiven`` (Kaldi's ``score_sclite.sh``, the recipe's
        default): it stays in both sequences and in the number of reference phones, but one that is deleted counts as
        correct; one that is substituted or inserted is still an error.

    Returns
    -------
    PhoneErrors
        ``excluded`` and ``counted``: the fewest errors that there can be (Levenshtein), divided into substitutions,
        deletions and insertions as in one of the alignments that have so few, RapidFuzz's.

    Raises
    ------
    StimulusError
        An unknown treatment of silence; a sentence in place of a sequence; a phone that is empty or has white space.

    Notes
    -----
    The scripts are those of Kaldi's ``egs/timit/s5/local``. Both map 48 phones to 39 by ``timit_norm_trans.pl``, which
    deletes ``q`` and joins nothing: silences side by side (a pause, then a closure) stay two, in the reference and in
    the hypothesis. So it is here; to score as Kaldi does, decode with ``merge_silences=False``.

    ``forgiven`` is not jiwer's: which of many equally short alignments deletes a silence rather than a phone decides
    what is forgiven (on the TIMIT sample one network's rate could have been anything from 53 to 64 %). So the alignment
    is sclite's (NIST's SCTK, ``src/sclite``, ``word.c`` and ``net_dp.c``): a substitution weighs 4, an insertion or
    deletion 3, the deletion of a silence 2, and of equals a substitution is taken before an insertion, an insertion
    before a deletion.

    Examples
    --------
    >>> phone_errors(["k", "ae", "t"], ["k", "ah", "t", "s"])
    PhoneErrors(substitutions=1, deletions=0, insertions=1, reference=3)
    >>> phone_errors(["sil", "k", "sil"], ["k", "sil"], silence="counted")
    PhoneErrors(substitutions=0, deletions=1, insertions=0, reference=3)
    >>> phone_errors(["sil", "k", "sil"], ["k", "sil"], silence="forgiven")
    PhoneErrors(substitutions=0, deletions=0, insertions=0, reference=3)
    """
    if silence not in get_args(Silence):
        raise StimulusError(f"phone errors: silence is {silence!r}, expected one of {', '.join(get_args(Silence))}")
    ours, theirs = _checked("reference", reference), _checked("hypothesis", hypothesis)
    if silence == "excluded":
        ours, theirs = ([phone for phone in given if phone != SILENCE] for given in (ours, theirs))
    if silence == "forgiven":
        codes = {SILENCE: 0}
        first, second = (
            np.array([codes.setdefault(phone, len(codes)) for phone in given], np.int32) for given in (ours, theirs)
        )
        substitutions, deletions, insertions = _errors_of_sclite(first, second)
        return PhoneErrors(substitutions, deletions, insertions, len(ours))
    aligned = jiwer.process_words(" ".join(ours), " ".join(theirs), _TO_PHONES, _TO_PHONES)
    return PhoneErrors(aligned.substitutions, aligned.deletions, aligned.insertions, len(ours))


@compiled
def _errors_of_sclite(ours, theirs):  # type: ignore[no-untyped-def]
    """Return substitutions, deletions of anything but silence (code 0), and insertions."""
    rows, columns = len(ours) + 1, len(theirs) + 1
    cost = np.zeros((rows, columns), np.int32)
    cost[0] = 3 * np.arange(columns)
    for row in range(1, rows):
        deletion = 3 if ours[row - 1] else 2
        cost[row, 0] = cost[row - 1, 0] + deletion
        for column in range(1, columns):
            paired = cost[row - 1, column - 1] + (4 if ours[row - 1] != theirs[column - 1] else 0)
            cost[row, column] = min(paired, cost[row - 1, column] + deletion, cost[row, column - 1] + 3)
    row, column = rows - 1, columns - 1
    substitutions = deletions = insertions = 0
    while row or column:
        here = cost[row, column]
        differ = row > 0 and column > 0 and ours[row - 1] != theirs[column - 1]
        if row and column and here == cost[row - 1, column - 1] + (4 if differ else 0):
            row, column = row - 1, column - 1
            substitutions += differ
        elif column and here == cost[row, column - 1] + 3:
            column -= 1
            insertions += 1
        else:
            row -= 1
            deletions += ours[row] != 0
    return substitutions, deletions, insertions


def _checked(name: str, phones: Sequence[str]) -> list[str]:
    """Return `phones` as a list, each one name: what cannot be is most often a sentence that was not split."""
    given = list(phones)
    named = not isinstance(phones, str) and all(isinstance(phone, str) for phone in given)
    if not named or " ".join(given).split() != given:
        raise StimulusError(f"phone errors: {name} is {phones!r}, expected a sequence of names without white space")
    return given
