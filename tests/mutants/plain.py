"""Compiled functions of golden as plain Python, so that a mutant of one needs no minute of the compiler."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from golden import compiled as compiler

_structured, _compiled = compiler.structured, compiler.compiled


class Rows:
    """A structured array whose entries have the fields as attributes, as compiled code sees them.

    Parameters
    ----------
    array : np.ndarray [shape=(rows,)]
        Structured; it stays the memory of the fields.
    """

    def __init__(self, array: np.ndarray) -> None:
        names = array.dtype.names or ()
        self.array = array
        kind = type("Row", (), {"__slots__": [f"of_{name}" for name in names]} | {name: _field(name) for name in names})
        self._rows = [kind() for _ in array]
        for which, row in enumerate(self._rows):
            for name in names:
                setattr(row, f"of_{name}", array[name][which : which + 1])

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, which: int | str) -> Any:
        return self.array[which] if isinstance(which, str) else self._rows[which]


def _field(name: str) -> property:
    held = f"of_{name}"

    def give(row: Any, value: Any) -> None:
        getattr(row, held)[0] = value

    return property(lambda row: getattr(row, held)[0], give)


def leave_plain(modules: tuple[str, ...]) -> None:
    """Have the functions of `modules` not compiled; call it before they are imported."""
    assert not set(modules) & set(sys.modules), "already imported, hence compiled"
    np.seterr(over="ignore")  # compiled, integers wrap around without a word

    def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
        return function if function.__module__ in modules else _compiled(function)

    compiler.compiled = compiled
    if "golden.predicted_activity" in modules:
        from golden import machine  # whose kernel stays compiled
    if {"golden.predicted_activity", "golden.trace_kernel"} & set(modules):
        compiler.structured = lambda rows: Rows(_structured(rows))  # type: ignore[assignment,return-value]
    if "golden.trace_kernel" in modules:
        from golden import machine

        build = machine.build_machine

        def build_machine(checkpoint: Any) -> Any:
            built = build(checkpoint)
            return built._replace(registers=Rows(built.registers))

        machine.build_machine = build_machine
