"""The front against a brute force over pairs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from experiments.exploration.pareto import pareto_front

# Few values, so that ties are common.
POINTS = st.tuples(st.integers(1, 12), st.integers(1, 4)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.integers(0, 3).map(float))
)


def dominates(one: np.ndarray, other: np.ndarray) -> bool:
    less = False
    for mine, theirs in zip(one, other, strict=True):
        if mine > theirs:
            return False
        less = less or mine < theirs
    return less


@given(POINTS)
def test_the_front_is_what_no_pair_says_is_beaten(values: np.ndarray) -> None:
    expected = [not any(dominates(other, own) for other in values) for own in values]
    assert pareto_front(values).tolist() == expected


@given(POINTS)
def test_all_that_is_not_on_it_is_beaten_by_one_that_is(values: np.ndarray) -> None:
    best = pareto_front(values)
    assert best.any()
    for own in values[~best]:
        assert any(dominates(other, own) for other in values[best])


@pytest.mark.parametrize("values", [np.zeros(3), np.array([[1.0, np.nan]])])
def test_what_is_no_table_of_numbers_is_refused(values: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected finite values"):
        pareto_front(values)
