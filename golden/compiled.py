"""Numba's compiler as the golden model uses it: machine code kept on disk where it can be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile `function` without the Python interpreter, inlined into its compiled callers, cached on disk.

    Where neither the installation nor a user's cache folder can be written, every process compiles it anew.
    The cache knows the file of the function itself and not those of its callees: keep compiled callees in the
    file of their caller, or a change in them goes unnoticed.
    """
    try:
        return numba.njit(cache=True, forceinline=True)(function)
    except RuntimeError:  # numba found no folder for its cache
        return numba.njit(forceinline=True)(function)
