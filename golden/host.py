"""What of a checkpoint stays off the chip: the front-end's settings and the phone decoder's tables."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from files.reading import MOST_DIGITS, brief
from golden.errors import CheckpointError
from golden.specification import Specification

# Every phone set in use keeps to it (CMU's AH0, TIMIT's ax-h and h#, Kaldi's AH0_S); nothing that a phone is written
# into, a table's cell, a command line or a terminal, takes it apart.
PHONE_GRAMMAR = "a letter, digit or _, then letters, digits and _ # : @ ~ -, at most 32 in all"
_PHONE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_#:@~-]{0,31}")
MOST_PHONES = 1024
# The decoder's back pointers are 16-bit numbers.
MOST_STATES = (1 << 15) - 1
# Natural logarithms beyond it count as it in the decoder (`golden.viterbi`).
LARGEST_LOG = 1024
# Of what has no fields of its own (provenance, front-end settings).
MOST_JSON_LEVELS, MOST_JSON_CHARACTERS = 16, 1 << 16


def is_phone_name(name: object) -> bool:
    """Return whether a name keeps to `PHONE_GRAMMAR`.

    Examples
    --------
    >>> is_phone_name("h#"), is_phone_name("ax-h"), is_phone_name("a,b")
    (True, True, False)
    """
    return isinstance(name, str) and _PHONE.fullmatch(name) is not None


@dataclass(frozen=True, kw_only=True)
class Host:
    """What stays off the chip: the front-end's settings and the phone decoder's tables.

    Parameters
    ----------
    front_end : dict
        Settings of the front-end as JSON types (``features.frontend.FrontEndSettings``).
    phones : tuple of str
        Phone names, silence included; each keeps to `PHONE_GRAMMAR`.
    states_per_phone : int
        HMM states a phone; state = `states_per_phone` x phone + third.
    senone_state : np.ndarray [shape=(outputs,), dtype=int16]
        State that each output (tied state) belongs to.
    class_offset : np.ndarray [shape=(outputs,), dtype=float32]
        Added to the scaled logit of each output.
    log_prior : np.ndarray [shape=(states,), dtype=float32]
        Natural logarithm of each state's share of the frames.
    bigram_log, initial_log : np.ndarray [shape=(phones, phones) and (phones,), dtype=float32]
        Natural-log phone bigram (row: from) and first-phone probabilities. They, and the two before, lie in
        -1,024..1,024.
    label_delay_frames : int
        Frames by which an output lags its input.
    acoustic_scale, bigram_scale, insertion_log : float
        Weights of the decoder's score.
    """

    TASK: ClassVar[str] = "phones"
    SCALARS: ClassVar[tuple[str, ...]] = (
        "front_end",
        "phones",
        "states_per_phone",
        "label_delay_frames",
        "acoustic_scale",
        "bigram_scale",
        "insertion_log",
    )
    ARRAYS: ClassVar[tuple[str, ...]] = ("senone_state", "class_offset", "log_prior", "bigram_log", "initial_log")
    # The scalar that is a list of names.
    NAMES: ClassVar[str] = "phones"

    front_end: dict[str, Any]
    phones: tuple[str, ...]
    states_per_phone: int
    senone_state: np.ndarray
    class_offset: np.ndarray
    log_prior: np.ndarray
    bigram_log: np.ndarray
    initial_log: np.ndarray
    label_delay_frames: int
    acoustic_scale: float
    bigram_scale: float
    insertion_log: float

    @classmethod
    def array_bytes(cls, spec: Specification, scalars: Mapping[str, Any]) -> dict[str, int]:
        """Return the bytes that each of the tables may take in a file of these scalars."""
        phones = min(len(scalars["phones"]), MOST_PHONES)
        # 8 bytes an entry and 16 states a phone: what is of the wrong type or shape is to be named as such.
        counts = (spec.outputs, spec.outputs, 16 * phones, phones**2, phones)
        return {name: 8 * count for name, count in zip(cls.ARRAYS, counts, strict=True)}

    def check(self, spec: Specification) -> None:
        """Hold every field to what it may be with a network of `spec`.

        Raises
        ------
        CheckpointError
            Names the field and what was expected of it.
        """
        _check_host(spec, self)


def _check_host(spec: Specification, host: Host) -> None:
    phones = len(host.phones)
    if not 1 <= phones <= MOST_PHONES:
        raise CheckpointError(f"checkpoint: host.phones: {phones:,} names, expected 1..{MOST_PHONES:,}")
    for name in host.phones:
        if not is_phone_name(name):
            raise CheckpointError(f"checkpoint: host.phones: {brief(name)}, expected names: {PHONE_GRAMMAR}")
    if len(set(host.phones)) != phones:
        raise CheckpointError("checkpoint: host.phones: expected distinct names")
    if type(host.states_per_phone) is not int or not 1 <= host.states_per_phone <= 16:
        raise CheckpointError(f"checkpoint: host.states_per_phone is {brief(host.states_per_phone)}, expected 1..16")
    states = phones * host.states_per_phone
    if states > MOST_STATES:
        raise CheckpointError(f"checkpoint: host: {states:,} states, expected at most {MOST_STATES:,}")
    shapes = {
        "senone_state": (spec.outputs,),
        "class_offset": (spec.outputs,),
        "log_prior": (states,),
        "bigram_log": (phones, phones),
        "initial_log": (phones,),
    }
    for name, shape in shapes.items():
        array = getattr(host, name)
        dtype = np.int16 if name == "senone_state" else np.float32
        if not isinstance(array, np.ndarray) or array.dtype != dtype:
            raise CheckpointError(f"checkpoint: host.{name}: expected dtype {np.dtype(dtype)}")
        if array.shape != shape:
            raise CheckpointError(f"checkpoint: host.{name} has shape {array.shape}, expected {shape}")
        if not np.isfinite(array).all():
            raise CheckpointError(f"checkpoint: host.{name} has non-finite entries")
        if dtype == np.float32 and np.abs(array).max() > LARGEST_LOG:
            raise CheckpointError(
                f"checkpoint: host.{name} has {array.min():g}..{array.max():g}, expected -{LARGEST_LOG}..{LARGEST_LOG}"
            )
    if host.senone_state.min() < 0 or host.senone_state.max() >= states:
        raise CheckpointError(
            f"checkpoint: host.senone_state has {host.senone_state.min()}..{host.senone_state.max()}, "
            f"expected 0..{states - 1}"
        )
    delay = host.label_delay_frames
    if type(delay) is not int or not 0 <= delay <= 100:
        raise CheckpointError(f"checkpoint: host.label_delay_frames is {brief(delay)}, expected 0..100")
    for name in ("acoustic_scale", "bigram_scale", "insertion_log"):
        value = getattr(host, name)
        if type(value) not in (int, float) or not -1e9 <= value <= 1e9:
            raise CheckpointError(f"checkpoint: host.{name} is {brief(value)}, expected a number in -1e9..1e9")
    if not isinstance(host.front_end, Mapping):
        raise CheckpointError("checkpoint: host.front_end: expected a JSON object")
    check_json("host.front_end", host.front_end)


def check_json(name: str, content: object) -> None:
    """Hold what has no fields of its own to the types of JSON, and to what a file of it may be.

    Parameters
    ----------
    name : str
        Of the field.
    content : JSON types
        Tuples pass as lists do.

    Raises
    ------
    CheckpointError
        Another type, a number that is not finite or has more than 30 digits, text that is no Unicode, more than
        16 levels or about 65,536 characters.
    """
    size, waiting = 0, [(content, 1)]
    while waiting:
        value, level = waiting.pop()
        if level > MOST_JSON_LEVELS:
            raise CheckpointError(f"checkpoint: {name}: nested deeper than {MOST_JSON_LEVELS} levels")
        if isinstance(value, Mapping):
            waiting += [(part, level + 1) for pair in value.items() for part in pair]
            if not all(type(key) is str for key in value):
                raise CheckpointError(f"checkpoint: {name}: a key that is no text, expected JSON types")
        elif isinstance(value, (list, tuple)):
            waiting += [(part, level + 1) for part in value]
        elif type(value) is str:
            size += len(value)
            if any("\ud800" <= character <= "\udfff" for character in value):
                raise CheckpointError(f"checkpoint: {name}: {brief(value)} is no Unicode text")
        elif type(value) is int and abs(value) < 10 ** (MOST_DIGITS - 1):
            size += 1
        elif not (value is None or type(value) is bool or (type(value) is float and math.isfinite(value))):
            raise CheckpointError(f"checkpoint: {name}: {brief(value)}, expected JSON types and finite numbers")
        size += 2
        if size > MOST_JSON_CHARACTERS:
            raise CheckpointError(f"checkpoint: {name}: more than {MOST_JSON_CHARACTERS:,} characters")
