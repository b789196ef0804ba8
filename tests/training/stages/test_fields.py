"""Fields of a recipe: each value of its kind and range is itself, every other one is none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.stages.fields import LARGEST, MOST_PARTS, PLAN, SPEECH, STAGE, WEIGHTS, Field


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (Field(int, 1, 8), 8, 8),
        (Field(int, 1, 8), 9, None),
        (Field(int, 1, 8), 8.0, None),
        (Field(int, 0, 8), True, None),
        (Field(float, 0, 1), 1, 1.0),
        (Field(float, 0, 1), float("nan"), None),
        (Field(float, 0, 1e12), LARGEST + 1, None),
        (Field(bool), False, False),
        (Field(bool), 0, None),
        (Field(str), "a word", "a word"),
        (Field(str), "two\nlines", None),
        (Field(str, words=("lstm",)), "gru", None),
        (Field(list, 0.5, 2), [1, 0.5], (1.0, 0.5)),
        (Field(list, 0.5, 2), [1, 3], None),
        (Field(list, 0.5, 2), [1] * (MOST_PARTS + 1), None),
    ],
)
def test_values_are_read_or_none(field: Field, value: Any, expected: Any) -> None:
    found = field.read(value)
    assert found == expected
    assert type(found) is type(expected)


@given(st.integers() | st.floats() | st.booleans() | st.text() | st.none() | st.lists(st.floats(), max_size=3))
def test_whatever_comes_is_in_range_or_none(value: Any) -> None:
    for table in (SPEECH, STAGE, PLAN, WEIGHTS):
        for field in table.values():
            found = field.read(value)
            if field.kind in (int, float) and found is not None:
                assert field.low <= found <= field.high
            assert field.expected()
