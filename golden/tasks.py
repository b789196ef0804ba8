"""What a network's logits are made into: the tasks that a checkpoint's host section may name.

A task is a section (a dataclass with `TASK`, `SCALARS`, `ARRAYS`, `NAMES`, `array_bytes` and `check`) and a decoder
(``push`` of logits, ``finish``), together in one file; it is entered here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from files.reading import brief
from golden.classes import ClassDecoder, ClassHost
from golden.decoder import UtteranceDecoder
from golden.errors import CheckpointError
from golden.host import Host

HostSection = Host | ClassHost
Decoder = UtteranceDecoder | ClassDecoder
SECTIONS: dict[str, type[Host] | type[ClassHost]] = {one.TASK: one for one in (Host, ClassHost)}


def decoder_of(host: HostSection, frames: int, *, fc_scale: int) -> Decoder:
    """Return the decoder of an utterance for the task of a host section.

    Parameters
    ----------
    host : HostSection
    frames : int
        Of the utterance.
    fc_scale : int
        log2 of a logit's unit (`Checkpoint.scales`' "fc").
    """
    if isinstance(host, ClassHost):
        return ClassDecoder(host, frames, fc_scale=fc_scale)
    return UtteranceDecoder(host, frames, fc_scale=fc_scale)


def section_of(scalars: Any) -> type[Host] | type[ClassHost]:
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
    if not isinstance(task, str) or task not in SECTIONS:
        raise CheckpointError(f"checkpoint: host.task is {brief(task)}, expected one of {', '.join(sorted(SECTIONS))}")
    section = SECTIONS[task]
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
    return section(**fields)
