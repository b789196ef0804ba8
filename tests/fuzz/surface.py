"""What is tried: a generator of cases and the reader that they are given to, as a user's command would."""

from __future__ import annotations

import importlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.case import Case

NAMES = (
    "sound", "phones", "checkpoints", "senones", "tables", "run_folders", "recipes", "liberty", "waveforms", "nir",
    "corpora", "specifications", "command_lines", "arrays", "activity_files", "characterisation", "result_folders",
)  # fmt: skip


def nothing() -> None:
    """Prepare nothing."""


@dataclass(frozen=True)
class Surface:
    """Where foreign bytes come in.

    Parameters
    ----------
    generate : callable
        Takes a source of randomness and returns a case; the same one for the same source.
    run : callable
        Takes a case and the folder that it is laid out in; returns, or raises an error. `Finding` says that a result
        is wrong.
    warm : callable
        What the first case would take longer for: imports, compilation.
    share : int
        How many cases it gets of all, beside the others'.
    most_memory : int
        Bytes by which memory may grow in a case, with the limit on what a file may unpack to at 64 MiB.
    """

    name: str
    generate: Callable[[random.Random], Case]
    run: Callable[[Case, Path], None]
    warm: Callable[[], None] = nothing
    share: int = 10
    most_memory: int = 640 << 20


class Finding(Exception):
    """A result that should not be one; says why."""


def surface(name: str) -> Surface:
    """Return a surface by its name; builds its seeds.

    Parameters
    ----------
    name : str
        One of `NAMES`, or ``module:attribute`` of a surface elsewhere.
    """
    module, _, attribute = name.partition(":")
    if not attribute:
        module, attribute = f"tests.fuzz.surfaces.{name}", "SURFACE"
    found = getattr(importlib.import_module(module), attribute)
    assert isinstance(found, Surface)
    return found
