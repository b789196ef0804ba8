"""The tornado shows every group by its swing."""

from __future__ import annotations

from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from experiments.energy.power_tornado import ENDS, plot_tornado
from power.uncertainty import Swing


def width(picture: np.ndarray, colour: str) -> list[int]:
    """Return by row how many pixels have a colour."""
    wanted = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return [int(count) for count in (np.abs(picture[..., :3] - wanted).max(axis=2) < 0.01).sum(axis=1)]


def test_bars_are_as_long_as_the_swings(tmp_path: Path) -> None:
    swings = {"SVT": [Swing("leakage", 40, 220), Swing("memory", 80, 110)]}
    path = plot_tornado(tmp_path / "tornado.png", swings, {"SVT": 100.0})
    picture = matplotlib.image.imread(path)
    low, high = (np.array(width(picture, colour)) for colour in ENDS.values())
    # 60 and 20 below the total, 120 and 10 above it; legend patches are shorter than any of these.
    longest = max(low), max(high)
    assert abs(longest[1] / longest[0] - 2) < 0.1
    assert abs(np.median(low[len(low) // 2 :][low[len(low) // 2 :] > 0]) / longest[0]) < 0.5
    assert (tmp_path / "tornado.svg").read_text().count("<svg") == 1


def test_a_panel_a_class(tmp_path: Path) -> None:
    one = {"HVT": [Swing("leakage", 1, 3)]}
    two = one | {"SVT": [Swing("leakage", 10, 30), Swing("memory", 15, 25)]}
    totals = {"HVT": 2.0, "SVT": 20.0}
    paths = [plot_tornado(tmp_path / f"{len(swings)}.png", swings, totals) for swings in (one, two)]
    # Half an inch for the legend, and a row a class, as high as most groups need.
    heights = [matplotlib.image.imread(path).shape[0] for path in paths]
    assert heights == pytest.approx([200 * 1.15, 200 * 2.1])
