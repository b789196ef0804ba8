"""The accelerator's ready outputs, which are no register and so in no record: they follow from one."""

from __future__ import annotations

import numpy as np

from golden.layout import Layout
from golden.schedule import State

__all__ = ["CODE_READY", "NAMES", "WEIGHT_READY", "handshake_of"]

CODE_READY, WEIGHT_READY = 1, 2
NAMES = {CODE_READY: "code_ready", WEIGHT_READY: "weight_ready"}


def handshake_of(records: np.ndarray, layout: Layout, inputs: int) -> np.ndarray:
    """Return what the ready outputs are in each cycle (docs/schedule.md, state IDLE).

    Parameters
    ----------
    records : np.ndarray [shape=(cycles, layout.words), dtype=uint64]
        Golden's.
    layout : Layout
    inputs : int
        Codes of a frame.

    Returns
    -------
    np.ndarray [shape=(cycles,), dtype=uint8]
        `CODE_READY`, of an accelerator that is idle and has room for a code, and `WEIGHT_READY`, of an idle one, added
        up.
    """
    idle = records[:, layout["controller.state"].offset] == int(State.IDLE)
    takes = idle & (records[:, layout["controller.loaded"].offset] < inputs)
    return (CODE_READY * takes + WEIGHT_READY * idle).astype(np.uint8)
