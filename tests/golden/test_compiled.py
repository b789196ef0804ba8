from __future__ import annotations

from types import SimpleNamespace

import numba
import numpy as np

from golden import compiled as module


def plus_one(number):
    return number + 1


def test_without_a_cache_folder_it_still_compiles(monkeypatch):
    njit, asked = numba.njit, []

    def no_folder(*functions, cache=False, **options):
        asked.append(cache)
        if cache:
            raise RuntimeError("cannot cache function: no locator available for file")
        return njit(*functions, **options)

    # The name in our module alone: numba compiles parts of itself through its own on first use.
    monkeypatch.setattr(module, "numba", SimpleNamespace(njit=no_folder))
    assert module.compiled(plus_one)(np.int64(1)) == 2
    assert asked == [True, False]


def test_structured_rows_keep_names_and_values():
    array = module.structured([{"width": 3, "shift": -1}, {"width": 5, "shift": 2}])
    assert array.dtype.names == ("width", "shift")
    assert array["width"].tolist() == [3, 5]
    assert array["shift"].tolist() == [-1, 2]
