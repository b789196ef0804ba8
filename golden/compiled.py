"""Numba's compiler as the golden model uses it: machine code kept on disk, named constants in arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile `function` without the Python interpreter, inlined into its compiled callers, cached on disk.

    Where neither the installation nor a user's cache folder can be written, every process compiles it anew.
    The cache knows the file of the function itself and not those of its callees: keep compiled callees in the
    file of their caller, or a change in them goes unnoticed.
    """
    try:
        return numba.njit(cache=True, nogil=True, forceinline=True)(function)
    except RuntimeError:  # numba found no folder for its cache
        return numba.njit(nogil=True, forceinline=True)(function)


def structured(rows: list[dict[str, int]]) -> np.ndarray:
    """Return rows of named integers as compiled code takes them.

    Returns
    -------
    np.ndarray [shape=(len(rows),)]
        Structured, one int64 field a key of the first row.
    """
    array = np.zeros(len(rows), dtype=[(name, np.int64) for name in rows[0]])
    for which, row in enumerate(rows):
        for name, value in row.items():
            array[name][which] = value
    return array
