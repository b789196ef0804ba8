"""A stack of its own: what is called sees nothing of its caller's."""

from __future__ import annotations

import inspect
import threading

import pytest

from rtl.elaboration import off_the_stack


def test_what_is_called_sees_a_short_stack_and_its_result_comes_back() -> None:
    def deep(levels: int) -> int:
        return deep(levels - 1) if levels else off_the_stack(lambda more: len(inspect.stack(0)) + more, 1000)

    assert deep(50) == deep(0) < 1020


def test_what_is_raised_is_raised_here_and_no_thread_is_left() -> None:
    before = threading.active_count()
    with pytest.raises(ZeroDivisionError):
        off_the_stack(divmod, 1, 0)
    assert threading.active_count() == before
