"""The spike raster draws every spike that there is and none that there is not."""

from __future__ import annotations

from pathlib import Path

import matplotlib.image
import numpy as np

from experiments.main_job.raster import plot_raster
from golden.decoder import PhoneSegment


def ink(path: Path) -> int:
    picture = matplotlib.image.imread(path)[..., :3]
    # The two step colours differ from greys; the lower axis holds nothing else coloured.
    lower = picture[picture.shape[0] // 2 :]
    return int((np.ptp(lower, axis=2) > 0.3).sum())


def test_more_spikes_are_more_ink(tmp_path: Path) -> None:
    samples = np.random.default_rng(0).normal(0, 0.1, 16_000)
    amounts = []
    for count in (0, 40, 90):
        spikes = np.zeros((98, 2, 128), dtype=bool)
        spikes[:count, 0, ::3] = True
        path = plot_raster(
            tmp_path / f"{count}.png", samples, [spikes], [PhoneSegment("aa", 0, 98)], title="noise"
        )
        amounts.append(ink(path))
    assert amounts[0] < amounts[1] < amounts[2]
