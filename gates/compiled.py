"""Kernels compiled by Numba, without the interpreter's lock; kept in a cache where there is a folder for it."""

from __future__ import annotations

from typing import Any

import numba

__all__ = ["compiled"]


def compiled(function: Any) -> Any:
    """Return a function compiled when it is first called."""
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # numba found no folder for its cache
        return numba.njit(nogil=True)(function)
