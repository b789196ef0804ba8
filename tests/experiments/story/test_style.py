"""The style: kinds are told apart in grey."""

from __future__ import annotations

import itertools

import pytest
from matplotlib.colors import to_rgb

from experiments.story.style import KINDS, MARKERS, PARTS, bar_style


def grey(colour: str) -> float:
    red, green, blue = to_rgb(colour)
    return 0.299 * red + 0.587 * green + 0.114 * blue


def test_kinds_differ_in_grey_and_by_marker():
    for (one, _), (other, _) in itertools.combinations(KINDS.values(), 2):
        assert abs(grey(one) - grey(other)) > 0.2
    assert len(set(MARKERS.values())) == len(MARKERS) == len(KINDS)


def test_neighbours_in_a_stack_differ_in_grey_or_hatch():
    for (one, hatch), (other, beside) in itertools.pairwise(PARTS):
        assert hatch != beside or abs(grey(one) - grey(other)) > 0.2


def test_no_such_kind():
    with pytest.raises(ValueError, match="kind 'guessed', expected one of stated"):
        bar_style("guessed")
