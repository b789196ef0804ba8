"""The power chart is a picture that shows every block."""

from __future__ import annotations

from pathlib import Path

import matplotlib.image
import numpy as np

from experiments.energy.power_chart import plot_power
from power.energy import estimate_classes
from power.priced_activity import ActivityRow, Run


def test_writes_a_picture_that_changes_with_the_figures(tmp_path: Path) -> None:
    run = Run(frames=1, cycles=600, clock_hz=100_000, frame_period_s=0.01)
    pictures = []
    for reads in (10, 600):
        memory = ActivityRow(block="weights", signal="bank", kind="memory", bits=512, reads=reads, depth=1024)
        path = plot_power(estimate_classes([memory], run), tmp_path / f"{reads}.png")
        pictures.append(matplotlib.image.imread(path))
    assert pictures[0].shape[1] > 500
    assert pictures[0].shape == pictures[1].shape
    assert not np.array_equal(*pictures)
    assert len(list(tmp_path.iterdir())) == 4
    drawings = [(tmp_path / f"{reads}.svg").read_text() for reads in (10, 600)]
    assert drawings[0] != drawings[1]
