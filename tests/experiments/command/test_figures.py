"""Figures: kinds are told apart in grey, and the same content is the same bytes."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from experiments.command.figures import KINDS, MARKERS, PARTS, bar_style, save


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


def test_figures_of_the_same_content_are_the_same_bytes(tmp_path: Path) -> None:
    def figure() -> Figure:
        made = Figure(figsize=(2, 1))
        made.subplots().plot([1, 2], [2, 1])
        return made

    one, other = (save(tmp_path / name, figure()).read_bytes() for name in ("a.png", "b.png"))
    assert one == other
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "a.svg", "b.png", "b.svg"]


def test_a_drawing_lies_beside_and_is_the_same_in_another_process(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib\nfrom matplotlib.figure import Figure\n"
        "from experiments.command.figures import save\n"
        "made = Figure(figsize=(2, 1)); axes = made.subplots(); axes.plot([1, 2], [2, 1], 'o')\n"
        "axes.set_title('words')\naxes.fill_between([1, 2], [0, 0], [1, 1])\n"
        "save(pathlib.Path(sys.argv[1]), made)"
    )
    for name, hashes in (("a", "1"), ("b", "2")):
        given = [sys.executable, "-c", program, str(tmp_path / f"{name}.png")]
        subprocess.run(given, check=True, env=os.environ | {"PYTHONHASHSEED": hashes, "SOURCE_DATE_EPOCH": hashes})
    one, other = ((tmp_path / f"{name}.svg").read_text() for name in "ab")
    assert one == other
    assert "<svg" in one
    assert "date" not in one
    assert "Matplotlib v" not in one
