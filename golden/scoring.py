"""Phone errors against a reference, by jiwer, and what is done with silence: Kaldi's two ways and ours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

import jiwer
import numpy as np

from files.reading import brief
from golden.compiled import compiled
from golden.decoder import SILENCE
from golden.errors import StimulusError

Silence = Literal["excluded", "counted", "forgiven"]

# Of a reference or a hypothesis: four hours of speech. Memory grows with the phones, time with their square (ours).
MOST_PHONES = 200_000
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
        """Phone error rate, 1.0 being as many errors as reference phones; nan where there are none of these."""
        if not self.reference:
            return math.nan
        return (self.substitutions + self.deletions + self.insertions) / self.reference

    def plus(self, other: PhoneErrors) -> PhoneErrors:
        """Return the sum of both counts."""
        return PhoneErrors(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


def phone_errors(reference: Sequence[str], hypothesis: Sequence[str], *, silence: Silence = "excluded") -> PhoneErrors:
    """Count the errors of the best alignment.

    Parameters
    ----------
    reference, hypothesis : sequence of str
        Phones, folded alike (`golden.decoder.fold`), at most `MOST_PHONES` of them. Either may be empty: there is no
        rate where the reference is.
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
        An unknown treatment of silence; a sentence in place of a sequence; a phone that is empty or has white space;
        more than `MOST_PHONES` phones.

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
        return PhoneErrors(int(substitutions), int(deletions), int(insertions), len(ours))
    aligned = jiwer.process_words(" ".join(ours), " ".join(theirs), _TO_PHONES, _TO_PHONES)
    return PhoneErrors(aligned.substitutions, aligned.deletions, aligned.insertions, len(ours))


@compiled
def _errors_of_sclite(ours, theirs):  # type: ignore[no-untyped-def]
    """Return substitutions, deletions of anything but silence (code 0), and insertions.

    Of the alignment's table one row is kept: of each cell its cost, and the errors on its path, 21 bits of one number
    for each kind.
    """
    substituted, deleted, inserted = 1 << 42, 1 << 21, 1
    columns = len(theirs) + 1
    costs = 3 * np.arange(columns)
    errors = inserted * np.arange(columns)
    for at in range(len(ours)):
        phone = ours[at]
        deletion = 3 if phone else 2
        of_deletion = deleted if phone else 0
        # Of the cell above and to the left, and of the cell to the left.
        corner_cost, corner_errors = costs[0], errors[0]
        cost, error = corner_cost + deletion, corner_errors + of_deletion
        costs[0], errors[0] = cost, error
        for column in range(1, columns):
            above_cost, above_errors = costs[column], errors[column]
            differ = phone != theirs[column - 1]
            paired, added, dropped = corner_cost + (4 if differ else 0), cost + 3, above_cost + deletion
            if paired <= added and paired <= dropped:
                cost, error = paired, corner_errors + (substituted if differ else 0)
            elif added <= dropped:
                cost, error = added, error + inserted
            else:
                cost, error = dropped, above_errors + of_deletion
            costs[column], errors[column] = cost, error
            corner_cost, corner_errors = above_cost, above_errors
    most, total = (1 << 21) - 1, errors[columns - 1]
    return total >> 42, (total >> 21) & most, total & most


def _checked(name: str, phones: Sequence[str]) -> list[str]:
    """Return `phones` as a list, each one name: what cannot be is most often a sentence that was not split."""
    given = list(phones)
    named = not isinstance(phones, str) and all(isinstance(phone, str) for phone in given)
    if not named or " ".join(given).split() != given:
        raise StimulusError(
            f"phone errors: {name} is {brief(phones)}, expected a sequence of names without white space"
        )
    if len(given) > MOST_PHONES:
        raise StimulusError(f"phone errors: {name} of {len(given):,} phones, expected at most {MOST_PHONES:,}")
    return given
