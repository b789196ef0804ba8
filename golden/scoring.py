"""Phone errors against a reference, by jiwer, and what is done with silence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

import jiwer

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
    """Count the errors of an alignment with fewest errors (Levenshtein, every error costs 1).

    Parameters
    ----------
    reference, hypothesis : sequence of str
        Phones, folded alike (`golden.decoder.fold`). Either may be empty.
    silence : {"excluded", "counted", "forgiven"}
        What "sil" is, which closures and pauses fold to. ``excluded`` (ours): it is taken out of both sequences, and so
        of the errors and of the number of reference phones. ``counted`` (Kaldi's ``score_basic.sh``): it is a phone
        like any other, in the errors and in the number. ``forgiven`` (Kaldi's ``score_sclite.sh``, the recipe's
        default): it stays in both sequences and in the number of reference phones, and a silence that the alignment
        deletes counts as correct; one that is substituted or inserted is still an error.

    Returns
    -------
    PhoneErrors
        The sum of the errors is the least possible before forgiveness. How it is divided between substitutions,
        deletions and insertions, and so what is forgiven, is that of one such alignment, RapidFuzz's.

    Raises
    ------
    StimulusError
        An unknown treatment of silence; a sentence in place of a sequence; a phone that is empty or has white space.

    Notes
    -----
    The scripts are those of Kaldi's ``egs/timit/s5/local``. Both map 48 phones to 39 by ``timit_norm_trans.pl``, which
    deletes ``q`` and joins nothing: silences side by side (a pause, then a closure) stay two, in the reference and in
    the hypothesis. So it is here; to score as Kaldi does, decode with ``merge_silences=False``. The one difference:
    sclite's alignment weighs a substitution 4, an insertion or deletion 3 and a forgiven deletion 2, so that it may
    choose another of several nearly equal alignments than unit costs do.

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
    aligned = jiwer.process_words(" ".join(ours), " ".join(theirs), _TO_PHONES, _TO_PHONES)
    deletions = aligned.deletions
    if silence == "forgiven":
        deletions -= sum(
            ours[chunk.ref_start_idx : chunk.ref_end_idx].count(SILENCE)
            for chunk in aligned.alignments[0]
            if chunk.type == "delete"
        )
    return PhoneErrors(aligned.substitutions, deletions, aligned.insertions, len(ours))


def _checked(name: str, phones: Sequence[str]) -> list[str]:
    """Return `phones` as a list, each one name: what cannot be is most often a sentence that was not split."""
    given = list(phones)
    named = not isinstance(phones, str) and all(isinstance(phone, str) for phone in given)
    if not named or " ".join(given).split() != given:
        raise StimulusError(f"phone errors: {name} is {phones!r}, expected a sequence of names without white space")
    return given
