"""What a network's logits are made into: the tasks that a checkpoint's host section may name.

A task is a section (a dataclass with `TASK`, `SCALARS`, `ARRAYS`, `NAMES`, `array_bytes` and `check`) and a decoder
(``push`` of logits, ``finish``), together in one file; `enter` adds it to the two that are here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np

from files.reading import brief
from golden.classes import ClassDecoder, ClassHost
from golden.decoder import PhoneSegment, UtteranceDecoder
from golden.errors import CheckpointError
from golden.host import Host
from golden.specification import Specification


class HostSection(Protocol):
    """What of a checkpoint stays off the chip, whatever the task: a frozen dataclass.

    Its fields are those that `SCALARS` (JSON types, ``front_end`` among them) and `ARRAYS` (tables) name; the scalar
    `NAMES` is a list of names.
    """

    TASK: ClassVar[str]
    SCALARS: ClassVar[tuple[str, ...]]
    ARRAYS: ClassVar[tuple[str, ...]]
    NAMES: ClassVar[str]

    @property
    def front_end(self) -> dict[str, Any]:
        """Settings of the front-end as JSON types."""

    @classmethod
    def array_bytes(cls, spec: Specification, scalars: Mapping[str, Any]) -> dict[str, int]:
        """Return the bytes that each of the tables may take in a file of these scalars."""

    def check(self, spec: Specification) -> None:
        """Raise `CheckpointError`, naming the field, where one cannot be with a network of `spec`."""


class Decoder(Protocol):
    """One utterance's logits, in pieces, made into segments."""

    def push(self, logits: np.ndarray) -> None:
        """Take the next frames' logits [shape=(frames, outputs), dtype=integer]."""

    def finish(self) -> list[PhoneSegment]:
        """Return what was recognised, once all frames have come."""


class DecoderMaker(Protocol):
    """What makes the decoder of one utterance: its class, as a rule."""

    def __call__(self, host: Any, frames: int, *, fc_scale: int) -> Decoder:
        """Return a decoder for so many frames."""


class Task(NamedTuple):
    """A kind of host section and what decodes with one."""

    section: type[HostSection]
    decoder: DecoderMaker


TASKS: dict[str, Task] = {Host.TASK: Task(Host, UtteranceDecoder), ClassHost.TASK: Task(ClassHost, ClassDecoder)}


def enter(section: type[HostSection], decoder: DecoderMaker) -> None:
    """Add a task, which files may name from then on.

    Parameters
    ----------
    section : type
        Of `HostSection`; its `TASK` is the name.
    decoder : callable
        Given the section, the number of frames and `fc_scale`.

    Raises
    ------
    ValueError
        Another section has that name.
    """
    found = TASKS.setdefault(section.TASK, Task(section, decoder))
    if found.section is not section:
        raise ValueError(f"task {section.TASK!r}: {found.section.__name__} is entered, expected another name")


def decoder_of(host: HostSection, frames: int, *, fc_scale: int) -> Decoder:
    """Return the decoder of an utterance for the task of a host section.

    Parameters
    ----------
    host : HostSection
    frames : int
        Of the utterance.
    fc_scale : int
        log2 of a logit's unit (`Checkpoint.scales`' "fc").

    Raises
    ------
    CheckpointError
        A section of a task that was not entered.
    """
    if host.TASK not in TASKS:
        known = ", ".join(sorted(TASKS))
        raise CheckpointError(f"checkpoint: host.task is {brief(host.TASK)}, expected one of {known}")
    return TASKS[host.TASK].decoder(host, frames, fc_scale=fc_scale)


def section_of(scalars: Any) -> type[HostSection]:
    """Return the kind of host section whose scalars these are, once they are all there.

    Parameters
    ----------
    scalars : JSON types
        As a file's header has them. A section that names no task is the phones'.

    Raises
    ------
    CheckpointError
        Names the field and what was expected.
    """
    if not isinstance(scalars, dict):
        raise CheckpointError(f"checkpoint: host: expected the fields {sorted(Host.SCALARS)}")
    task = scalars.get("task", Host.TASK)
    if not isinstance(task, str) or task not in TASKS:
        raise CheckpointError(f"checkpoint: host.task is {brief(task)}, expected one of {', '.join(sorted(TASKS))}")
    section = TASKS[task].section
    if set(scalars) - {"task"} != set(section.SCALARS):
        raise CheckpointError(f"checkpoint: host: expected the fields {sorted(section.SCALARS)}")
    if not isinstance(scalars[section.NAMES], list):
        raise CheckpointError(f"checkpoint: host.{section.NAMES}: expected a list of names")
    return section


def scalars_of(host: HostSection) -> dict[str, Any]:
    """Return the JSON part of a host section; that of phones names no task, as those of old."""
    named = {} if host.TASK == Host.TASK else {"task": host.TASK}
    return named | {name: getattr(host, name) for name in host.SCALARS}


def arrays_of(host: HostSection) -> dict[str, np.ndarray]:
    """Return the tables of a host section by name."""
    return {name: getattr(host, name) for name in host.ARRAYS}


def restored(scalars: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> HostSection:
    """Return the host section of what `scalars_of` and `arrays_of` gave.

    Raises
    ------
    CheckpointError
        As `section_of`.
    """
    section = section_of(dict(scalars))
    fields: dict[str, Any] = {name: value for name, value in scalars.items() if name != "task"} | dict(arrays)
    fields[section.NAMES] = tuple(fields[section.NAMES])
    make: Callable[..., HostSection] = section
    return make(**fields)
