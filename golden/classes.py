"""One class an utterance, in integers: the sums of the logits over its frames, and the largest of them.

    sums[c] = sum over the frames n of the utterance of logits[n, c]
    class   = the lowest c whose sum is the largest

There is no offset, prior or scale, so that no rounding is, and the sums of a stream are those of the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from files.reading import brief
from golden.decoder import PhoneSegment
from golden.errors import CheckpointError, StimulusError
from golden.host import MOST_PHONES, PHONE_GRAMMAR, check_json, is_phone_name
from golden.specification import Specification


@dataclass(frozen=True, kw_only=True)
class ClassHost:
    """What stays off the chip where an utterance is one class.

    Parameters
    ----------
    front_end : dict
        As `golden.host.Host`'s.
    classes : tuple of str
        A name for each output, distinct; each keeps to `golden.host.PHONE_GRAMMAR`.
    """

    TASK: ClassVar[str] = "class"
    SCALARS: ClassVar[tuple[str, ...]] = ("front_end", "classes")
    ARRAYS: ClassVar[tuple[str, ...]] = ()
    NAMES: ClassVar[str] = "classes"

    front_end: dict[str, Any]
    classes: tuple[str, ...]

    @classmethod
    def array_bytes(cls, spec: Specification, scalars: Mapping[str, Any]) -> dict[str, int]:
        """Return the bytes that each table may take: there are none."""
        return {}

    def check(self, spec: Specification) -> None:
        """Hold every field to what it may be with a network of `spec`.

        Raises
        ------
        CheckpointError
            Names the field and what was expected of it.
        """
        if len(self.classes) != spec.outputs or len(self.classes) > MOST_PHONES:
            raise CheckpointError(
                f"checkpoint: host.classes: {len(self.classes):,} names, expected one for each of the "
                f"{spec.outputs:,} outputs, at most {MOST_PHONES:,}"
            )
        for name in self.classes:
            if not is_phone_name(name):
                raise CheckpointError(f"checkpoint: host.classes: {brief(name)}, expected names: {PHONE_GRAMMAR}")
        if len(set(self.classes)) != len(self.classes):
            raise CheckpointError("checkpoint: host.classes: expected distinct names")
        if not isinstance(self.front_end, Mapping):
            raise CheckpointError("checkpoint: host.front_end: expected a JSON object")
        check_json("host.front_end", self.front_end)


class ClassDecoder:
    """Find the class of one utterance whose logits come in pieces.

    Parameters
    ----------
    host : ClassHost
    frames : int
        Frames of the utterance, all of which must come.
    fc_scale : int
        Of no consequence: every logit has the same unit.

    Attributes
    ----------
    sums : np.ndarray [shape=(classes,), dtype=int64]
        So far.
    """

    def __init__(self, host: ClassHost, frames: int, *, fc_scale: int = 0) -> None:
        self._host, self._frames, self._seen = host, frames, 0
        self.sums = np.zeros(len(host.classes), np.int64)

    def push(self, logits: np.ndarray) -> None:
        """Take the next frames' logits [shape=(frames, outputs), dtype=integer].

        Raises
        ------
        StimulusError
            Logits of another shape or no integers, or more frames than the utterance has.
        """
        if logits.ndim != 2 or logits.shape[1] != len(self.sums) or logits.dtype.kind not in "iu":
            raise StimulusError(
                f"logits: {logits.dtype} of shape {logits.shape}, expected integers (frames, {len(self.sums)})"
            )
        self._seen += len(logits)
        if self._seen > self._frames:
            raise StimulusError(f"decoder: more frames than the {self._frames} that were told")
        self.take(logits)

    def take(self, logits: np.ndarray) -> None:
        """Add frames, checked, to the sums; what another decision than the largest sum replaces."""
        self.sums += logits.sum(axis=0, dtype=np.int64)

    def finish(self) -> list[PhoneSegment]:
        """Return the class as one segment that covers the utterance; nothing for one without frames.

        Raises
        ------
        StimulusError
            Frames are missing.
        """
        if self._seen != self._frames:
            raise StimulusError(f"decoder: {self._seen} frames came, expected {self._frames}")
        if not self._frames:
            return []
        return [PhoneSegment(self._host.classes[int(self.sums.argmax())], 0, self._frames)]


def class_of(logits: np.ndarray) -> int:
    """Return the index of an utterance's class.

    Parameters
    ----------
    logits : np.ndarray [shape=(frames, classes), dtype=integer or floating]

    Examples
    --------
    >>> class_of(np.array([[3, 0, 1], [-2, 1, 0]]))
    0
    """
    return int(logits.sum(axis=0, dtype=np.int64 if logits.dtype.kind in "iu" else np.float64).argmax())
