"""Numba's compiler as the golden model uses it: machine code kept on disk where it can be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile `function` without the Python interpreter, caching the result when some folder takes it.

    In an installation that cannot be written, by a user without a cache folder, it is compiled in every
    process.
    """
    try:
        return numba.njit(cache=True, forceinline=True)(function)
    except RuntimeError:  # numba found no folder for its cache
        return numba.njit(function)
