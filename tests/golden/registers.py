"""Reading registers out of a trace, for the tests of the cycle model."""

from __future__ import annotations

import numpy as np

from golden.layout import Layout
from golden.trace import CycleModel


def value(layout: Layout, records: np.ndarray, path: str) -> np.ndarray:
    """Return a register of one number, at most 64 bits, in every record."""
    assert layout[path].words == 1
    return records[:, layout[path].offset].astype(np.int64)


def held(layout: Layout, records: np.ndarray, model: CycleModel) -> np.ndarray:
    """Return where the pipeline waits, from the ports' definition in the table."""
    transfer, busy = (value(layout, records, path) for path in ("controller.transfer", "output.busy"))
    position, word = (value(layout, records, f"output.{name}") for name in ("position", "word"))
    last = (position == model.schedule.pair_words - 1) | (word == model.schedule.frame_words - 1)
    return (transfer == 1) & (busy == 1) & ~last
