"""Numba's compiler as training uses it: one utterance a core."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba


def compiled(*fast: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile for all cores with the given liberties in arithmetic; kept on disk where a folder takes it."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        options = {"parallel": True, "fastmath": set(fast), "error_model": "numpy"}
        try:
            return numba.njit(cache=True, **options)(function)
        except RuntimeError:  # numba found no folder for its cache
            return numba.njit(**options)(function)

    return decorate
